import { UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";

import { applicationKey, dueShardOf } from "../../lambdas/adapters/dynamo/application-item.ts";
import { isForgotten, isKnown, tokenOf } from "./application.ts";
import { OperatorError } from "./operator-error.ts";
import type { ResultOf } from "./results.ts";
import type { ConnectedStack } from "./stack.ts";
import type { Terminal } from "./terminal.ts";

/** `check`: makes the application due now, so that the poller's next run compares it with Alloy. */
export async function check(
  stack: ConnectedStack,
  tokenOrExternalId: string,
  terminal: Terminal,
  now: number,
): Promise<ResultOf<"check">> {
  const token = await tokenOf(stack, tokenOrExternalId);
  if (!(await isKnown(stack, token))) {
    throw new OperatorError(
      `The application ${token} is unknown here. First announce it on the bus ("Journey Application Submitted").`,
    );
  }
  if (await isForgotten(stack, token)) {
    throw new OperatorError(`The application ${token} is forgotten: nothing is compared any more.`);
  }
  await stack.dynamo.send(
    new UpdateItemCommand({
      TableName: stack.applicationTableName,
      Key: marshall(applicationKey(token)),
      UpdateExpression: "SET duePk = :shard, dueAt = :now, checkAskedAt = :now REMOVE settledAt",
      ConditionExpression: "attribute_exists(pk)",
      ExpressionAttributeValues: marshall({ ":shard": dueShardOf(token), ":now": now }),
    }),
  );
  terminal.print(`The next run of the poller compares ${token} with Alloy.`);
  return { applicationToken: token, dueAt: new Date(now).toISOString() };
}

import { ConditionalCheckFailedException, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";

import { applicationKey } from "../../lambdas/adapters/dynamo/application-item.ts";
import { TABLE } from "../../lambdas/settings/names.ts";
import { OperatorError, UsageError } from "./operator-error.ts";
import type { OptionsAt } from "./options.ts";
import { itemsOf, tokensOf } from "./person.ts";
import type { ConnectedStack } from "./stack.ts";
import type { Terminal } from "./terminal.ts";

/**
 * `hold`: keeps `forget` from an application until the hold is released, and takes the end of life from its stored
 * events. Events that come later get the usual one: hold again after them.
 */
export async function hold(
  stack: ConnectedStack,
  tokenOrExternalId: string,
  { reason, release, now }: OptionsAt<"reason" | "release">,
  terminal: Terminal,
): Promise<void> {
  if (!release && reason === null) {
    throw new UsageError(
      '"hold" needs --reason <text>, such as the number of the case, or --release.',
    );
  }
  for (const token of await tokensOf(stack, tokenOrExternalId)) {
    await update(stack, applicationKey(token), {
      UpdateExpression: release ? "REMOVE legalHold" : "SET legalHold = :hold",
      ConditionExpression: "attribute_exists(pk) AND attribute_not_exists(forgottenAt)",
      ...(!release && {
        ExpressionAttributeValues: marshall({ ":hold": { since: now, reason: reason ?? "" } }),
      }),
    });
    if (release) {
      terminal.print(`The legal hold on ${token} is released.`);
      continue;
    }
    let kept = 0;
    for (const { pk, sk, ...item } of await itemsOf(stack, token)) {
      if (item[TABLE.expiryAttribute] === undefined || !String(sk).startsWith("EVENT#")) continue;
      await update(
        stack,
        { pk: String(pk), sk: String(sk) },
        {
          UpdateExpression: `REMOVE ${TABLE.expiryAttribute}`,
          ConditionExpression: "attribute_exists(pk)",
        },
      );
      kept += 1;
    }
    terminal.print(
      `${token} is under a legal hold; ${kept} of its events no longer end by themselves.`,
    );
  }
}

async function update(
  { dynamo, applicationTableName }: ConnectedStack,
  key: Readonly<Record<string, string>>,
  change: Omit<ConstructorParameters<typeof UpdateItemCommand>[0], "TableName" | "Key">,
): Promise<void> {
  try {
    await dynamo.send(
      new UpdateItemCommand({ TableName: applicationTableName, Key: marshall(key), ...change }),
    );
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    const name = key["pk"]?.slice(applicationKey("").pk.length) ?? "";
    throw new OperatorError(
      `The application ${name} is unknown here, or forgotten. Is --stage right?`,
    );
  }
}

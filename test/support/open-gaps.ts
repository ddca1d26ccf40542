import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";

import { applicationKey } from "../../lambdas/adapters/dynamo/application-item.ts";
import { GAP_PARTITION } from "../../lambdas/adapters/dynamo/dynamo-due-applications.ts";

/** Puts applications in gap, JA-000 and so on, each since a millisecond later than the one before. */
export async function putOpenGaps(
  client: DynamoDBClient,
  TableName: string,
  { count, since }: { readonly count: number; readonly since: number },
): Promise<void> {
  for (let number = 0; number < count; number += 1) {
    const key = applicationKey(`JA-${String(number).padStart(3, "0")}`);
    const gap = { gapPk: GAP_PARTITION, gapSince: since + number, gapStage: "rejected" };
    await client.send(new PutItemCommand({ TableName, Item: marshall({ ...key, ...gap }) }));
  }
}

/** @returns a function that returns the most items that one answer has had since. */
export function mostItemsHeld(client: DynamoDBClient): () => number {
  let held = 0;
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      if ("Items" in result.output) held = Math.max(held, result.output.Items?.length ?? 0);
      return result;
    },
    { step: "initialize" },
  );
  return () => held;
}

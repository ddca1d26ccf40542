import { paginateQuery } from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";

import type { ConnectedStack } from "./stack.ts";

/**
 * The entries of one partition of an index of the application table, in the index's order.
 *
 * @param key - the index's partition key, such as `{ gapPk: "GAP" }`.
 */
export async function* indexEntries(
  { dynamo, applicationTableName }: Pick<ConnectedStack, "dynamo" | "applicationTableName">,
  index: string,
  key: Readonly<Record<string, string>>,
): AsyncGenerator<Readonly<Record<string, unknown>>> {
  const [[name, value] = []] = Object.entries(key);
  const pages = paginateQuery(
    { client: dynamo },
    {
      TableName: applicationTableName,
      IndexName: index,
      KeyConditionExpression: `${name} = :value`,
      ExpressionAttributeValues: marshall({ ":value": value }),
    },
  );
  for await (const { Items = [] } of pages) yield* Items.map((item) => unmarshall(item));
}

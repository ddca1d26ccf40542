import { paginateQuery, QueryCommand } from "@aws-sdk/client-dynamodb";
import type { QueryCommandInput } from "@aws-sdk/client-dynamodb";
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

/**
 * The first entries of such a partition, and how many more there are. The others are counted and not read, so that what
 * is held does not grow with the partition.
 */
export async function firstIndexEntries(
  { dynamo, applicationTableName }: Pick<ConnectedStack, "dynamo" | "applicationTableName">,
  index: string,
  key: Readonly<Record<string, string>>,
  most: number,
): Promise<{
  readonly entries: readonly Readonly<Record<string, unknown>>[];
  readonly further: number;
}> {
  const [[name, value] = []] = Object.entries(key);
  const query = {
    TableName: applicationTableName,
    IndexName: index,
    KeyConditionExpression: `${name} = :value`,
    ExpressionAttributeValues: marshall({ ":value": value }),
  };
  const entries: Readonly<Record<string, unknown>>[] = [];
  let further = 0;
  let ExclusiveStartKey: QueryCommandInput["ExclusiveStartKey"];
  do {
    const left = most - entries.length;
    const part = left > 0 ? { Limit: left } : { Select: "COUNT" as const };
    const page = await dynamo.send(
      new QueryCommand({ ...query, ...part, ...(ExclusiveStartKey && { ExclusiveStartKey }) }),
    );
    if (left > 0) entries.push(...(page.Items ?? []).map((item) => unmarshall(item)));
    else further += page.Count ?? 0;
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
  return { entries, further };
}

import { GetItemCommand, QueryCommand } from "@aws-sdk/client-dynamodb";
import type { DynamoDBClient, QueryCommandInput } from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";

import { translateAwsError } from "../aws-error.ts";

type Item = Readonly<Record<string, unknown>>;

/**
 * The items of a query, page after page: DynamoDB ends a page at 1 MB of what it read, before the
 * projection. Whatever reads items reads them by this, so that no page is left unread.
 *
 * @param what - what is read, for the sentence of an error.
 */
export async function* queryItems(
  client: DynamoDBClient,
  what: string,
  query: Omit<QueryCommandInput, "ExpressionAttributeValues" | "ExclusiveStartKey"> & {
    readonly ExpressionAttributeValues: Item;
  },
): AsyncGenerator<Item> {
  let from: QueryCommandInput["ExclusiveStartKey"];
  do {
    try {
      const page = await client.send(
        new QueryCommand({
          ...query,
          ExpressionAttributeValues: marshall(query.ExpressionAttributeValues),
          ...(from === undefined ? {} : { ExclusiveStartKey: from }),
        }),
      );
      for (const item of page.Items ?? []) yield unmarshall(item);
      from = page.LastEvaluatedKey;
    } catch (error) {
      throw translateAwsError(what, error);
    }
  } while (from !== undefined);
}

/**
 * One item as it is at this moment; null: there is none.
 *
 * @param what - what is read, for the sentence of an error.
 */
export async function readItem(
  client: DynamoDBClient,
  what: string,
  {
    TableName,
    key,
  }: { readonly TableName: string; readonly key: Readonly<Record<string, string>> },
): Promise<Item | null> {
  try {
    const { Item } = await client.send(
      new GetItemCommand({ TableName, Key: marshall(key), ConsistentRead: true }),
    );
    return Item === undefined ? null : unmarshall(Item);
  } catch (error) {
    throw translateAwsError(what, error);
  }
}

/** All items of a query, for one that is known to be small. */
export async function allItems(items: AsyncGenerator<Item>): Promise<readonly Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

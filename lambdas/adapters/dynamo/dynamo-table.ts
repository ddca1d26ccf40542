import type { QueryCommandInput } from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";

import { refusingItem, translateAwsError } from "../aws-error.ts";
import type { DynamoDbOperations } from "../aws-operations.ts";
import type { DynamoUpdate } from "./dynamo-update.ts";

export type Item = Readonly<Record<string, unknown>>;
export type Key = Readonly<Record<string, string>>;

type Query = Omit<
  QueryCommandInput,
  "TableName" | "ExpressionAttributeValues" | "ExclusiveStartKey"
> & { readonly ExpressionAttributeValues: Item };

/** One table. Every method says what is done, for the sentence of an error. */
export class DynamoTable {
  readonly #client: DynamoDbOperations;
  readonly #name: string;

  constructor(client: DynamoDbOperations, name: string) {
    this.#client = client;
    this.#name = name;
  }

  /**
   * The items of a query, page after page: DynamoDB ends a page at 1 MB of what it read, before the
   * projection. Whatever reads items reads them by this, so that no page is left unread.
   */
  async *query(what: string, query: Query): AsyncGenerator<Item> {
    let from: QueryCommandInput["ExclusiveStartKey"];
    do {
      const page = await this.#page(what, query, from);
      for (const item of page.Items ?? []) yield unmarshall(item);
      from = page.LastEvaluatedKey;
    } while (from !== undefined);
  }

  /**
   * The first items of a query, and how many more there are: those are counted page by page, and none of them is read.
   *
   * @param most.items - so many are returned at most.
   * @param most.pages - of so many pages the rest is counted at most, a megabyte of entries each.
   */
  async queryFirst(
    what: string,
    query: Query,
    most: { readonly items: number; readonly pages: number },
  ): Promise<{ readonly items: readonly Item[]; readonly further: number }> {
    const items: Item[] = [];
    let from: QueryCommandInput["ExclusiveStartKey"];
    do {
      const page = await this.#page(what, { ...query, Limit: most.items - items.length }, from);
      for (const item of page.Items ?? []) items.push(unmarshall(item));
      from = page.LastEvaluatedKey;
    } while (from !== undefined && items.length < most.items);
    const further = from === undefined ? 0 : await this.count(what, query, most.pages, from);
    return { items, further };
  }

  /** The number of items in so many pages at most, of a megabyte of entries each. None of the items is returned. */
  async count(
    what: string,
    query: Query,
    mostPages: number,
    start?: QueryCommandInput["ExclusiveStartKey"],
  ): Promise<number> {
    let [total, from] = [0, start];
    for (let pages = 0; pages < mostPages; pages += 1) {
      const page = await this.#page(what, { ...query, Select: "COUNT" }, from);
      total += page.Count ?? 0;
      from = page.LastEvaluatedKey;
      if (from === undefined) break;
    }
    return total;
  }

  /** One item as it is at this moment; null: there is none. */
  async read(what: string, key: Key): Promise<Item | null> {
    const { Item } = await translated(what, () =>
      this.#client.getItem({ TableName: this.#name, Key: marshall(key), ConsistentRead: true }),
    );
    return Item === undefined ? null : unmarshall(Item);
  }

  async put(what: string, item: Item): Promise<void> {
    await translated(what, () =>
      this.#client.putItem({ TableName: this.#name, Item: marshall(item) }),
    );
  }

  /**
   * Puts an item where there is none.
   *
   * @returns null, or the item that is there.
   */
  async putNew(what: string, item: Item): Promise<Item | null> {
    return translated(what, async () => {
      const refusal = await refused(() =>
        this.#client.putItem({
          TableName: this.#name,
          Item: marshall(item),
          ConditionExpression: "attribute_not_exists(pk)",
          // It costs no read unit.
          ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        }),
      );
      return "by" in refusal ? refusal.by : null;
    });
  }

  async delete(what: string, key: Key): Promise<void> {
    await translated(what, () =>
      this.#client.deleteItem({ TableName: this.#name, Key: marshall(key) }),
    );
  }

  /**
   * Updates an item if its condition holds, and leaves it alone otherwise.
   *
   * @param returned - what to return of an update that is done: the item before it, or after it.
   * @returns that item or, when the condition did not hold, the item as it is; empty: there is none.
   */
  async update(
    what: string,
    key: Key,
    update: DynamoUpdate,
    returned: "ALL_OLD" | "ALL_NEW" | "NONE" = "NONE",
  ): Promise<{ readonly isDone: boolean; readonly item: Item }> {
    return translated(what, async () => {
      const result = await refused(() =>
        this.#client.updateItem({
          TableName: this.#name,
          Key: marshall(key),
          ...update.expression(),
          // Neither of the two costs a read unit.
          ReturnValues: returned,
          ReturnValuesOnConditionCheckFailure: returned === "NONE" ? "NONE" : "ALL_OLD",
        }),
      );
      if ("by" in result) return { isDone: false, item: result.by };
      return { isDone: true, item: unmarshall(result.answer.Attributes ?? {}) };
    });
  }

  #page(what: string, query: Query, from?: QueryCommandInput["ExclusiveStartKey"]) {
    return translated(what, () =>
      this.#client.query({
        TableName: this.#name,
        ...query,
        ExpressionAttributeValues: marshall(query.ExpressionAttributeValues),
        ...(from === undefined ? {} : { ExclusiveStartKey: from }),
      }),
    );
  }
}

async function translated<Result>(what: string, call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    throw translateAwsError(what, error);
  }
}

/** The answer to a call or, when its condition did not hold, the item as it is. */
async function refused<Answer>(
  call: () => Promise<Answer>,
): Promise<{ readonly answer: Answer } | { readonly by: Item }> {
  try {
    return { answer: await call() };
  } catch (error) {
    const item = refusingItem(error);
    if (item === null) throw error;
    return { by: unmarshall(item) };
  }
}

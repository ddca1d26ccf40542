import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import db from "dynalite/db/index.js";

/** What was billed, by DynamoDB's rules (developer guide: "DynamoDB read and write operations"). */
const total = {
  /** Write units of items: one per started KB of the larger of before and after; a refused write pays too. */
  items: 0,
  /** Write units of index entries: one to put, one to remove, both when the key changes. */
  indexes: 0,
  /** Requests that read: GetItem, Query, Scan. */
  reads: 0,
};

export type Bill = Readonly<typeof total>;

type Item = Readonly<Record<string, unknown>> | null | undefined;

const units = (...items: readonly Item[]) =>
  Math.max(1, ...items.map((item) => (item ? Math.ceil(db.itemSize(item) / 1_024) : 0)));

const { checkConditional, updateIndexes } = db;
db.checkConditional = (request, item) => {
  const refusal = checkConditional(request, item);
  if (refusal) total.items += units(item);
  return refusal;
};
db.updateIndexes = (store, table, before, after, done) => {
  total.items += units(before, after);
  for (const { KeySchema } of table.GlobalSecondaryIndexes ?? []) {
    // Keys are all that our indexes hold, so an entry costs nothing while its key stays.
    const entryOf = (item: Item) =>
      item && KeySchema.every(({ AttributeName }) => AttributeName in item)
        ? JSON.stringify(KeySchema.map(({ AttributeName }) => item[AttributeName]))
        : null;
    const [old, fresh] = [entryOf(before), entryOf(after)];
    if (old !== fresh) total.indexes += (old === null ? 0 : 1) + (fresh === null ? 0 : 1);
  }
  updateIndexes(store, table, before, after, done);
};

/** Bytes of an item, as DynamoDB counts them. */
export function itemSize(item: NonNullable<Item>): number {
  return db.itemSize(item);
}

/** Counts the reads that a client sends. */
export function meterReads(client: DynamoDBClient): void {
  client.middlewareStack.add(
    (next, context) => (args) => {
      if (/^(Get|Query|Scan|BatchGet)/.test(context.commandName ?? "")) total.reads += 1;
      return next(args);
    },
    { step: "initialize" },
  );
}

/** What an action is billed for; nothing else may write meanwhile. */
export async function billOf(action: () => Promise<void>): Promise<Bill> {
  const before = { ...total };
  await action();
  return {
    items: total.items - before.items,
    indexes: total.indexes - before.indexes,
    reads: total.reads - before.reads,
  };
}

import { CreateTableCommand, DynamoDB } from "@aws-sdk/client-dynamodb";
import type { AttributeValue, CreateTableCommandInput } from "@aws-sdk/client-dynamodb";
import { setImmediate as nextTurn } from "node:timers/promises";

import conditionParser from "dynalite/db/conditionParser.js";
import db from "dynalite/db/index.js";
import type { Entry, Rows, Store, Table } from "dynalite/db/index.js";
import updateParser from "dynalite/db/updateParser.js";
import putItem from "dynalite/validations/putItem.js";
import updateItem from "dynalite/validations/updateItem.js";
import validations from "dynalite/validations/index.js";

import { TABLE } from "../../lambdas/settings/names.ts";
import {
  APPLICATION_TABLE_KEYS,
  IDEMPOTENCY_TABLE_KEYS,
  keysFor,
} from "../strict-aws/table-keys.ts";
import type { KeyAttribute, TableKeys } from "../strict-aws/table-keys.ts";
import { readOnce } from "./dynalite-expressions.ts";
import { answerOf, asksInProcess } from "./dynalite-in-process.ts";
import { itemRefusal } from "../strict-aws/limits-of-dynamo-db.ts";
import { unlogged } from "../strict-aws/middleware.ts";
import { endPagesEarly, refuseBeyondLimits } from "../strict-aws/strict-client.ts";
import type { WireRequest } from "../strict-aws/wire.ts";

/** A DynamoDB in this process, with the two tables of the stack. */
export type LocalDynamoDb = Readonly<Awaited<ReturnType<typeof startDynamoDb>>>;

/*
 * dynalite 4 does not know `ReturnValuesOnConditionCheckFailure`, by which DynamoDB hands back the item
 * with the refusal. The item is at hand where dynalite decides, under its lock, so this is as atomic as
 * the original; the emulator's column of the contract suites shows that a second implementation agrees.
 */
for (const { types } of [putItem, updateItem]) {
  types["ReturnValuesOnConditionCheckFailure"] = { type: "String", enum: ["ALL_OLD", "NONE"] };
}
const { checkConditional } = db;
db.checkConditional = (request, item) => {
  const refusal = checkConditional(request, item);
  if (!refusal || !item || request.ReturnValuesOnConditionCheckFailure !== "ALL_OLD") {
    return refusal;
  }
  return Object.assign(refusal, { body: { ...refusal.body, Item: item } });
};

for (const parser of [conditionParser, updateParser]) readOnce(parser);

/** `ApplicationTable` and `IdempotencyTable`, as `lib/constructs/application-store.ts` makes them. */
export const TABLES: readonly (CreateTableCommandInput & { readonly TableName: string })[] = [
  tableOf("applications", APPLICATION_TABLE_KEYS),
  tableOf("idempotency", IDEMPOTENCY_TABLE_KEYS),
];

function tableOf(TableName: string, { keys, indexes }: TableKeys) {
  const schemaOf = (attributes: readonly KeyAttribute[]) =>
    attributes.map(({ name: AttributeName, kind }) => ({
      AttributeName,
      KeyType: kind === "hash" ? ("HASH" as const) : ("RANGE" as const),
    }));
  const GlobalSecondaryIndexes = Object.entries(indexes).map(([IndexName, own]) => ({
    IndexName,
    KeySchema: schemaOf(own),
    Projection:
      IndexName === TABLE.gapIndex
        ? { ProjectionType: "INCLUDE" as const, NonKeyAttributes: ["gapStage", "journeyToken"] }
        : { ProjectionType: "KEYS_ONLY" as const },
  }));
  return {
    TableName,
    BillingMode: "PAY_PER_REQUEST" as const,
    AttributeDefinitions: [...keys, ...Object.values(indexes).flat()].map(({ name, type }) => ({
      AttributeName: name,
      AttributeType: type,
    })),
    KeySchema: schemaOf(keys),
    ...(GlobalSecondaryIndexes.length > 0 && { GlobalSecondaryIndexes }),
  };
}

/** A table is there a moment after it was made, and nothing can be asked of it before. */
async function create(client: DynamoDB, table: CreateTableCommandInput): Promise<void> {
  await client.send(new CreateTableCommand(table));
  const { TableName } = table;
  while ((await client.describeTable({ TableName })).Table?.TableStatus !== "ACTIVE") {
    await nextTurn();
  }
}

/** All that a database holds. */
export type Contents = readonly Entry[];

/** What a database holds whose tables have just been made. Made once: it takes longer than most tests. */
let empty: Contents | undefined;

/** Bytes as they are stored: to read and to write them again would be most of a copy's work. */
const AS_STORED = { keyEncoding: "buffer", valueEncoding: "buffer" } as const;

async function contentsOf({ db: held }: Store): Promise<Contents> {
  const entries = await held.iterator(AS_STORED).all();
  return entries.map(([key, value]) => ({ type: "put", key, value, ...AS_STORED }));
}

type Item = Readonly<Record<string, AttributeValue>>;

/**
 * Puts items that are not there yet, and hold no bytes, where as many calls of a client would put them: to fill a table by
 * calls takes most of a test's time.
 *
 * @throws Error when DynamoDB would refuse one of them.
 */
async function fill(store: Store, TableName: string, items: readonly Item[]): Promise<void> {
  const table = await new Promise<Table>((resolve, reject) => {
    store.getTable(TableName, (refusal, found) => (found ? resolve(found) : reject(refusal)));
  });
  const rows = new Map<Rows, { type: "put"; key: string; value: object }[]>();
  const add = (to: Rows, key: string, value: object) => {
    const puts = rows.get(to) ?? [];
    rows.set(to, puts);
    puts.push({ type: "put", key, value });
  };
  for (const Item of items) {
    validations.checkTypes({ TableName, Item }, putItem.types);
    const refusal = itemRefusal(Item, keysFor(Item)) ?? db.validateItem(Item, table);
    if (refusal) throw refusal;
    add(store.getItemDb(TableName), db.createKey(Item, table), Item);
    const { puts } = db.getIndexActions(table.GlobalSecondaryIndexes ?? [], null, Item, table);
    for (const { index, key, item } of puts) {
      add(store.getIndexDb("Global", TableName, index), key, item);
    }
  }
  for (const [to, puts] of rows) {
    await new Promise<void>((resolve, reject) => {
      to.batch(puts, (error) => (error ? reject(error) : resolve()));
    });
  }
}

/**
 * Starts a dynalite that answers in this process alone.
 *
 * @param options.pageItems - after so many items a page of a query ends, as after a megabyte. @default - only then
 * @param options.contents - what it holds to begin with. @default - its tables, without an item
 */
export async function startDynamoDb(
  options: { readonly pageItems?: number; readonly contents?: Contents | undefined } = {},
) {
  const store = db.create({ createTableMs: 0 });
  const connect = (): DynamoDB => {
    const connected = new DynamoDB({
      endpoint: "http://dynalite",
      region: "us-east-1",
      credentials: { accessKeyId: "local", secretAccessKey: "local" },
    });
    unlogged(connected);
    asksInProcess(connected, store);
    return connected;
  };
  const client = connect();
  const refused = refuseBeyondLimits(client);
  if (options.pageItems !== undefined) endPagesEarly(client, options.pageItems);
  const contents = options.contents ?? empty;
  if (contents === undefined) {
    for (const table of TABLES) await create(client, table);
    empty = await contentsOf(store);
  } else {
    await store.db.batch(contents);
  }
  const close = async (): Promise<void> => {
    client.destroy();
    await store.db.close();
  };
  return {
    client,
    /** One more client, which no limit refuses, and whose calls nobody counts. */
    connect,
    /** Its answer to a request as it is on the wire. */
    answer: (request: WireRequest) => answerOf(store, request),
    /** What was refused by a limit that DynamoDB has and dynalite has not. */
    refused,
    applicationTableName: "applications",
    idempotencyTableName: "idempotency",
    fill: (tableName: string, items: readonly Item[]) => fill(store, tableName, items),
    /** All that it holds now, for another one to begin with. */
    contents: () => contentsOf(store),
    close,
    [Symbol.asyncDispose]: close,
  };
}

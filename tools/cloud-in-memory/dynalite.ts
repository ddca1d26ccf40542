import { CreateTableCommand, DynamoDB } from "@aws-sdk/client-dynamodb";
import type { CreateTableCommandInput } from "@aws-sdk/client-dynamodb";
import { setImmediate as nextTurn } from "node:timers/promises";

import dynalite from "dynalite";
import conditionParser from "dynalite/db/conditionParser.js";
import db from "dynalite/db/index.js";
import updateParser from "dynalite/db/updateParser.js";
import putItem from "dynalite/validations/putItem.js";
import updateItem from "dynalite/validations/updateItem.js";

import { TABLE } from "../../lambdas/settings/names.ts";
import { listen } from "../guard/listen.ts";
import { APPLICATION_TABLE_KEYS, IDEMPOTENCY_TABLE_KEYS } from "../strict-aws/table-keys.ts";
import type { KeyAttribute, TableKeys } from "../strict-aws/table-keys.ts";
import { readOnce } from "./dynalite-expressions.ts";
import { asksInProcess } from "./dynalite-in-process.ts";
import { unlogged } from "../strict-aws/middleware.ts";
import { endPagesEarly, refuseBeyondLimits } from "../strict-aws/strict-client.ts";

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

/**
 * Starts dynalite on a free port of 127.0.0.1.
 *
 * @param options.pageItems - after so many items a page of a query ends, as after a megabyte. @default - only then
 */
export async function startDynamoDb(options: { readonly pageItems?: number } = {}) {
  const server = dynalite({ createTableMs: 0 });
  const { url: endpoint, stop } = await listen(server);
  const client = new DynamoDB({
    ...asksInProcess(server),
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
  unlogged(client);
  const refused = refuseBeyondLimits(client);
  if (options.pageItems !== undefined) endPagesEarly(client, options.pageItems);
  for (const table of TABLES) await create(client, table);
  const close = async (): Promise<void> => {
    client.destroy();
    await stop();
  };
  return {
    client,
    url: endpoint,
    /** What was refused by a limit that DynamoDB has and dynalite has not. */
    refused,
    applicationTableName: "applications",
    idempotencyTableName: "idempotency",
    close,
    [Symbol.asyncDispose]: close,
  };
}

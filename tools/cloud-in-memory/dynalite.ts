import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { CreateTableCommandInput } from "@aws-sdk/client-dynamodb";
import dynalite from "dynalite";
import db from "dynalite/db/index.js";
import putItem from "dynalite/validations/putItem.js";
import updateItem from "dynalite/validations/updateItem.js";

import { TABLE } from "../../lambdas/settings/names.ts";
import { listen } from "../guard/listen.ts";
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

const string = (AttributeName: string) => ({ AttributeName, AttributeType: "S" }) as const;
const hash = (AttributeName: string) => ({ AttributeName, KeyType: "HASH" }) as const;
const range = (AttributeName: string) => ({ AttributeName, KeyType: "RANGE" }) as const;

/** `ApplicationTable` and `IdempotencyTable`, as `lib/constructs/application-store.ts` makes them. */
export const TABLES: readonly (CreateTableCommandInput & { readonly TableName: string })[] = [
  {
    TableName: "applications",
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [
      string("pk"),
      string("sk"),
      string("duePk"),
      { AttributeName: "dueAt", AttributeType: "N" },
      string("gapPk"),
      { AttributeName: "gapSince", AttributeType: "N" },
      string("externalId"),
    ],
    KeySchema: [hash("pk"), range("sk")],
    GlobalSecondaryIndexes: [
      {
        IndexName: TABLE.dueIndex,
        KeySchema: [hash("duePk"), range("dueAt")],
        Projection: { ProjectionType: "KEYS_ONLY" },
      },
      {
        IndexName: TABLE.gapIndex,
        KeySchema: [hash("gapPk"), range("gapSince")],
        Projection: {
          ProjectionType: "INCLUDE",
          NonKeyAttributes: ["gapStage", "journeyToken"],
        },
      },
      {
        IndexName: TABLE.externalIndex,
        KeySchema: [hash("externalId")],
        Projection: { ProjectionType: "KEYS_ONLY" },
      },
    ],
  },
  {
    TableName: "idempotency",
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [string("id")],
    KeySchema: [hash("id")],
  },
];

/**
 * Starts dynalite on a free port of 127.0.0.1.
 *
 * @param options.pageItems - after so many items a page of a query ends, as after a megabyte. @default - only then
 */
export async function startDynamoDb(options: { readonly pageItems?: number } = {}) {
  const { url: endpoint, stop } = await listen(dynalite({ createTableMs: 0 }));
  const client = new DynamoDBClient({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
  const refused = refuseBeyondLimits(client);
  if (options.pageItems !== undefined) endPagesEarly(client, options.pageItems);
  for (const table of TABLES) await client.send(new CreateTableCommand(table));
  return {
    client,
    /** What was refused by a limit that DynamoDB has and dynalite has not. */
    refused,
    applicationTableName: "applications",
    idempotencyTableName: "idempotency",
    close: async (): Promise<void> => {
      client.destroy();
      await stop();
    },
  };
}

import { brotliDecompressSync } from "node:zlib";

import { PutItemCommand, QueryCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import * as v from "valibot";

import {
  applicationKey,
  applicationStateOf,
  eventKey,
} from "../../lambdas/adapters/dynamo/application-item.ts";
import type { DynamoDbOperations } from "../../lambdas/adapters/aws-operations.ts";
import { DynamoApplicationStore } from "../../lambdas/adapters/dynamo/dynamo-application-store.ts";
import { outcomeOf, statusOf } from "../../lambdas/domain/application/application-state.ts";
import type { EventRecord, FailureRecord } from "../../lambdas/domain/ports.ts";
import { ROUTE_IDS } from "../../lambdas/settings/routes.ts";
import type { OpenStore } from "../contract/application-store.ts";
import { inRoleOf } from "./iam.ts";
import { tombstoneOf } from "../../tools/ops/forget.ts";
import { MemoryApplicationTable } from "../../tools/cloud-in-memory/application-table.ts";

/** The double in memory, open to the contract suite. */
export function openMemoryStore(): OpenStore {
  const store = new MemoryApplicationTable();
  return {
    store,
    async see(applicationToken) {
      const kept = store.applications.get(applicationToken);
      if (kept === undefined) return null;
      return { ...kept, status: statusOf(kept.state), outcome: outcomeOf(kept.state) };
    },
    async eventsOf(applicationToken) {
      return [...store.events.values()].filter(
        (event) => event.applicationToken === applicationToken,
      );
    },
    async failuresOf(applicationToken) {
      return [...store.failures.values()].filter(
        (failure) => failure.applicationToken === applicationToken,
      );
    },
    async settle(applicationToken, at) {
      const kept = store.applications.get(applicationToken);
      if (kept !== undefined) {
        store.applications.set(applicationToken, { ...kept, dueAt: null, settledAt: at });
      }
    },
    async close() {},
  };
}

/** Puts what the operators' `forget` leaves of an application. */
export function forgetIn({
  client,
  tableName,
}: Pick<Parameters<typeof openDynamoStore>[0], "client" | "tableName">) {
  return async (applicationToken: string, now: number): Promise<void> => {
    const Item = marshall(tombstoneOf(applicationToken, now));
    await client.send(new PutItemCommand({ TableName: tableName, Item }));
  };
}

const text = v.nullish(v.string(), null);
const number = v.nullish(v.number(), null);
const ShownSchema = v.object({
  status: text,
  outcome: text,
  dueAt: number,
  settledAt: number,
});
const EventSchema = v.object({
  eventId: v.string(),
  type: v.string(),
  eventAt: v.number(),
  receivedAt: v.number(),
  receiptId: v.string(),
  origin: v.picklist(["webhook", "poll", "submission", "replay"]),
  route: v.picklist(ROUTE_IDS),
  outcome: text,
  entityToken: text,
  entityApplicationToken: text,
  nodeId: text,
  eventToken: text,
  payloadKey: text,
  isWithheld: v.nullish(v.boolean(), false),
  body: v.optional(v.instance(Uint8Array)),
});
const FailureSchema = v.object({
  eventId: v.string(),
  eventType: v.string(),
  reason: v.string(),
  failedAt: v.number(),
  receiptId: v.string(),
  deadLettered: v.boolean(),
});

/** The adapter on a table of DynamoDB, or of something that says to be it. */
export function openDynamoStore(options: {
  /** As a person looks at it. */
  readonly client: DynamoDBClient;
  /** As the adapter calls it. */
  readonly calls: DynamoDbOperations;
  readonly tableName: string;
  readonly close: () => Promise<void>;
}): OpenStore {
  const { client, calls, tableName, close } = options;

  async function itemsOf(pk: string, sortKeyPrefix: string) {
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName: tableName,
        KeyConditionExpression: "pk = :pk AND begins_with(sk, :prefix)",
        ExpressionAttributeValues: marshall({ ":pk": pk, ":prefix": sortKeyPrefix }),
        ConsistentRead: true,
      }),
    );
    return Items.map((item) => unmarshall(item));
  }

  return {
    store: inRoleOf(
      "consumer",
      "store",
      new DynamoApplicationStore({ client: calls, tableName, eventRetentionMs: null }),
    ),
    async see(applicationToken) {
      const { pk, sk } = applicationKey(applicationToken);
      const [item] = await itemsOf(pk, sk);
      if (item === undefined) return null;
      return { state: applicationStateOf(item), ...v.parse(ShownSchema, item) };
    },
    async eventsOf(applicationToken) {
      const { pk } = eventKey(applicationToken, "", 0);
      const items = await itemsOf(pk, "EVENT#");
      return items.map((item): EventRecord => {
        const { eventAt: at, body: kept, ...event } = v.parse(EventSchema, item);
        // A Buffer is a Uint8Array, and does not equal one.
        const body = new Uint8Array(kept === undefined ? [] : brotliDecompressSync(kept));
        return { ...event, applicationToken, at, body };
      });
    },
    async failuresOf(applicationToken) {
      const items = await itemsOf(applicationKey(applicationToken).pk, "FAILURE#");
      return items.map((item): FailureRecord => ({
        applicationToken,
        ...v.parse(FailureSchema, item),
      }));
    },
    async settle(applicationToken, at) {
      await client.send(
        new UpdateItemCommand({
          TableName: tableName,
          Key: marshall(applicationKey(applicationToken)),
          UpdateExpression: "SET settledAt = :at REMOVE duePk, dueAt",
          ExpressionAttributeValues: marshall({ ":at": at }),
        }),
      );
    },
    close,
  };
}

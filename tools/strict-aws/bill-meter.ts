import { GetItemCommand } from "@aws-sdk/client-dynamodb";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import * as v from "valibot";

import { itemBytes } from "./attribute-size.ts";
import type { Attributes } from "./attribute-size.ts";
import { middlewareOf, operationOf } from "./middleware.ts";
import { keysFor } from "./table-keys.ts";
import type { KeyAttribute } from "./table-keys.ts";

/**
 * Takes what a call is billed for.
 *
 * - `writes`: DynamoDB's write units: one per started KB of the larger of before and after, one for each index entry put or
 *   removed;
 * - `reads`: DynamoDB's read units, as the table says of each request, and at least half a unit;
 * - `events`: EventBridge's events: one per started 64 KB of an entry.
 */
export type Meter = (what: "writes" | "reads" | "events", billed: number) => void;

const AttributesSchema = v.custom<Attributes>(
  (value) => typeof value === "object" && value !== null,
);
const WriteSchema = v.looseObject({
  TableName: v.string(),
  Key: v.optional(AttributesSchema),
  Item: v.optional(AttributesSchema),
});
const ConsumedSchema = v.looseObject({
  ConsumedCapacity: v.looseObject({ CapacityUnits: v.number() }),
});
const EntriesSchema = v.looseObject({
  Entries: v.array(
    v.looseObject({ Detail: v.string(), DetailType: v.string(), Source: v.string() }),
  ),
});

/**
 * Counts what a DynamoDB client's calls are billed for by DynamoDB's rules (developer guide: "DynamoDB read and write
 * operations"), from the items that stand in the table before and after each.
 *
 * @param beside - reads the items; its own reads are not counted.
 */
export function meterDynamoDb(client: unknown, beside: DynamoDBClient, meter: Meter): void {
  middlewareOf(client).add(
    (next, context) => async (args) => {
      const operation = operationOf(context);
      if (["Query", "GetItem", "Scan"].includes(operation)) {
        const result = await next({
          ...args,
          input: { ...args.input, ReturnConsumedCapacity: "TOTAL" },
        });
        const { ConsumedCapacity } = v.parse(ConsumedSchema, result.output);
        meter("reads", Math.max(0.5, ConsumedCapacity.CapacityUnits));
        return result;
      }
      if (!["PutItem", "UpdateItem", "DeleteItem"].includes(operation)) {
        throw new Error(`the meter has no price of ${operation}: say it in bill-meter.ts`);
      }
      const { TableName, Key, Item = {} } = v.parse(WriteSchema, args.input);
      const { keys, indexes } = keysFor(Key ?? Item);
      const key = Key ?? pick(Item, keys);
      const read = async () => {
        const get = { TableName, Key: v.parse(v.any(), key), ConsistentRead: true };
        const { Item: found } = await beside.send(new GetItemCommand(get));
        return found === undefined ? null : v.parse(AttributesSchema, found);
      };
      const before = await read();
      try {
        const result = await next(args);
        const after = await read();
        meter("writes", unitsOf(before, after));
        for (const index of Object.values(indexes)) {
          const [old, fresh] = [entryOf(before, index), entryOf(after, index)];
          if (old !== fresh) meter("writes", (old === null ? 0 : 1) + (fresh === null ? 0 : 1));
        }
        return result;
      } catch (error) {
        // A refused write is billed by the item that it was refused over.
        meter("writes", unitsOf(before, null));
        throw error;
      }
    },
    { step: "initialize" },
  );
}

/** Counts what an EventBridge client's calls are billed for (pricing page: each 64 KB of an event is one). */
export function meterEventBridge(client: unknown, meter: Meter): void {
  middlewareOf(client).add(
    (next) => (args) => {
      for (const { Detail, DetailType, Source } of v.parse(EntriesSchema, args.input).Entries) {
        const bytes = Buffer.byteLength(Detail + DetailType + Source);
        meter("events", Math.max(1, Math.ceil(bytes / (64 * 1_024))));
      }
      return next(args);
    },
    { step: "initialize", priority: "high" },
  );
}

function unitsOf(...items: readonly (Attributes | null)[]): number {
  const bytes = items.map((item) => (item === null ? 0 : itemBytes(item)));
  return Math.max(1, Math.ceil(Math.max(...bytes) / 1_024));
}

/** An index with keys alone: its entry changes when one of them does. */
function entryOf(item: Attributes | null, index: readonly KeyAttribute[]): string | null {
  if (item === null || !index.every(({ name }) => name in item)) return null;
  return JSON.stringify(pick(item, index));
}

function pick(item: Attributes, keys: readonly KeyAttribute[]): Attributes {
  return Object.fromEntries(
    keys.flatMap(({ name }) => (item[name] === undefined ? [] : [[name, item[name]] as const])),
  );
}

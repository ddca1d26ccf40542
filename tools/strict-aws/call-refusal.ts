import * as v from "valibot";

import { keysFor } from "./table-keys.ts";
import type { Attributes } from "./attribute-size.ts";
import { itemBytes } from "./attribute-size.ts";
import type { LimitRefusal } from "./limit-refusal.ts";
import {
  assignedBy,
  expressionRefusal,
  indexRefusal,
  invalid,
  itemRefusal,
  keyRefusal,
} from "./limits-of-dynamo-db.ts";
import { entryRefusal, putEventsRefusal } from "./limits-of-event-bridge.ts";
import {
  invocationRefusal,
  metricQueriesRefusal,
  objectKeyRefusal,
  secretRefusal,
} from "./limits-of-services.ts";
import { batchRefusal, messageRefusal, receiveRefusal, secondsRefusal } from "./limits-of-sqs.ts";
import type { SqsMessage } from "./limits-of-sqs.ts";
import { LIMITS } from "./limits.ts";

/** What AWS says to a call: no to all of it, or no to some of its entries, by their place. */
export interface Verdict {
  readonly whole: LimitRefusal | null;
  readonly entries: ReadonlyMap<number, LimitRefusal>;
}

const attributes = v.optional(v.custom<Attributes>(isObject), {});
const text = v.optional(v.string());
const number = v.optional(v.number());
const RequestSchema = v.object({
  Item: attributes,
  Key: attributes,
  UpdateExpression: text,
  ConditionExpression: text,
  KeyConditionExpression: text,
  FilterExpression: text,
  ProjectionExpression: text,
  ExpressionAttributeNames: v.optional(v.record(v.string(), v.string())),
  ExpressionAttributeValues: v.optional(v.custom<Attributes>(isObject)),
});

const bytes = v.union([v.string(), v.instance(Uint8Array)]);
/** By the table's name. */
const byTable = <Schema extends v.GenericSchema>(schema: Schema) =>
  v.optional(v.record(v.string(), schema), {});
const WriteSchema = v.object({ PutRequest: v.optional(v.object({ Item: attributes }), {}) });
const KeysSchema = v.object({ Keys: v.optional(v.array(v.unknown()), []) });
const AttributeSchema = v.object({
  DataType: v.string(),
  StringValue: v.optional(v.string()),
  BinaryValue: v.optional(bytes),
});
const MessageSchema = v.object({
  Id: v.optional(v.string(), ""),
  MessageBody: v.optional(v.string(), ""),
  MessageAttributes: v.optional(v.record(v.string(), AttributeSchema), {}),
  DelaySeconds: number,
});
const EntrySchema = v.object({
  Time: v.optional(v.unknown()),
  Source: text,
  DetailType: text,
  Detail: text,
  Resources: v.optional(v.array(v.string())),
});

/** Refusals of a batch's entries, by their place. */
type Entries = Map<number, LimitRefusal>;

/** What AWS says to all of a call, by as much of its input as its limits are about. */
type Check = (input: unknown, entries: Entries) => LimitRefusal | null;

function of<const Shape extends v.ObjectEntries>(
  shape: Shape,
  check: (
    input: v.InferOutput<v.ObjectSchema<Shape, undefined>>,
    entries: Entries,
  ) => LimitRefusal | null,
): Check {
  const schema = v.object(shape);
  return (input, entries) => check(v.parse(schema, input), entries);
}

const item = of(RequestSchema.entries, requestRefusal);
const transaction = of(
  { TransactItems: v.optional(v.array(v.record(v.string(), RequestSchema)), []) },
  ({ TransactItems }) => transactionRefusal(TransactItems.flatMap((one) => Object.values(one))),
);
const object = of({ Key: v.optional(v.string(), "") }, ({ Key }) => objectKeyRefusal(Key));
const secret = of({ SecretString: text }, ({ SecretString }) =>
  SecretString === undefined ? null : secretRefusal(SecretString),
);

/** The operations that have a limit that something of ours can reach. */
const CHECKS: Readonly<Record<string, Check>> = {
  PutItem: item,
  UpdateItem: item,
  DeleteItem: item,
  GetItem: item,
  Query: item,
  Scan: item,
  BatchWriteItem: of({ RequestItems: byTable(v.array(WriteSchema)) }, ({ RequestItems }) =>
    batchWriteRefusal(Object.values(RequestItems).flat()),
  ),
  BatchGetItem: of({ RequestItems: byTable(KeysSchema) }, ({ RequestItems }) =>
    countRefusal("batchReads", Object.values(RequestItems).flatMap(({ Keys }) => Keys).length),
  ),
  TransactWriteItems: transaction,
  TransactGetItems: transaction,
  SendMessage: of(MessageSchema.entries, sendRefusal),
  SendMessageBatch: of(
    { Entries: v.optional(v.array(MessageSchema), []) },
    ({ Entries }, entries) => {
      for (const [index, entry] of Entries.entries()) note(entries, index, sendRefusal(entry));
      return batchRefusal(Entries.map((entry) => ({ id: entry.Id, message: messageOf(entry) })));
    },
  ),
  ChangeMessageVisibility: of({ VisibilityTimeout: number }, ({ VisibilityTimeout }) =>
    secondsRefusal({ visibilitySeconds: VisibilityTimeout }),
  ),
  ReceiveMessage: of(
    {
      MaxNumberOfMessages: v.optional(v.number(), 1),
      VisibilityTimeout: number,
      WaitTimeSeconds: number,
    },
    ({ MaxNumberOfMessages, VisibilityTimeout, WaitTimeSeconds }) =>
      receiveRefusal(MaxNumberOfMessages) ??
      secondsRefusal({ visibilitySeconds: VisibilityTimeout, waitSeconds: WaitTimeSeconds }),
  ),
  PutEvents: of({ Entries: v.optional(v.array(EntrySchema), []) }, ({ Entries }, entries) => {
    for (const [index, entry] of Entries.entries()) note(entries, index, entryRefusal(entry));
    return putEventsRefusal(Entries);
  }),
  GetObject: object,
  PutObject: object,
  GetMetricData: of(
    { MetricDataQueries: v.optional(v.array(v.unknown()), []) },
    ({ MetricDataQueries }) => metricQueriesRefusal(MetricDataQueries.length),
  ),
  PutSecretValue: secret,
  CreateSecret: secret,
  Invoke: of({ Payload: v.optional(bytes, ""), InvocationType: text }, (call) =>
    invocationRefusal(
      Buffer.byteLength(call.Payload),
      call.InvocationType === "Event" ? "async" : "waited",
    ),
  ),
};

/**
 * What AWS says to a call, as far as its documented limits go.
 *
 * @param operation - as the API names it: `PutItem`. One that has no limit of ours is taken.
 * @param input - as the SDK has it, or as it is on the wire: the JSON of both is the same.
 */
export function judgeLimits(operation: string, input: unknown): Verdict {
  const entries: Entries = new Map();
  return { whole: CHECKS[operation]?.(input, entries) ?? null, entries };
}

function requestRefusal(request: v.InferOutput<typeof RequestSchema>): LimitRefusal | null {
  const { Item, Key } = request;
  const table = keysFor({ ...Item, ...Key });
  return (
    expressionRefusal(request) ??
    itemRefusal(Item, table) ??
    keyRefusal(Key, table) ??
    indexRefusal(assignedBy(request), table)
  );
}

function batchWriteRefusal(
  writes: readonly v.InferOutput<typeof WriteSchema>[],
): LimitRefusal | null {
  const items = writes.map(({ PutRequest }) => PutRequest.Item);
  const tooMany = countRefusal("batchWrites", writes.length);
  if (tooMany !== null) return tooMany;
  for (const item of items) {
    const refusal = itemRefusal(item, keysFor(item));
    if (refusal !== null) return refusal;
  }
  return bytesRefusal("batchBytes", items);
}

function transactionRefusal(
  writes: readonly v.InferOutput<typeof RequestSchema>[],
): LimitRefusal | null {
  const tooMany = countRefusal("transactionItems", writes.length);
  if (tooMany !== null) return tooMany;
  for (const write of writes) {
    const refusal = requestRefusal(write);
    if (refusal !== null) return refusal;
  }
  const keys = writes.map(({ Item, Key }) => {
    const { pk, sk, id } = { ...Item, ...Key };
    return JSON.stringify([pk, sk, id]);
  });
  if (new Set(keys).size < keys.length) {
    return invalid(
      "transactionItems",
      "Transaction request cannot include multiple operations on one item",
    );
  }
  return bytesRefusal(
    "transactionBytes",
    writes.map(({ Item, ExpressionAttributeValues = {} }) => ({
      ...Item,
      ...ExpressionAttributeValues,
    })),
  );
}

function countRefusal(
  rule: "batchWrites" | "batchReads" | "transactionItems",
  count: number,
): LimitRefusal | null {
  if (count >= 1 && count <= LIMITS[rule].most) return null;
  return invalid(
    rule,
    `Too many or no items requested: ${LIMITS[rule].what}: ${count}; Member must have length between 1 and ${LIMITS[rule].most}`,
  );
}

function bytesRefusal(
  rule: "batchBytes" | "transactionBytes",
  items: readonly Attributes[],
): LimitRefusal | null {
  const bytes = items.reduce((sum, item) => sum + itemBytes(item), 0);
  if (bytes <= LIMITS[rule].most) return null;
  return invalid(rule, `The request is too large: ${bytes} bytes`);
}

function sendRefusal(message: v.InferOutput<typeof MessageSchema>): LimitRefusal | null {
  return (
    messageRefusal(messageOf(message)) ?? secondsRefusal({ delaySeconds: message.DelaySeconds })
  );
}

function messageOf(message: v.InferOutput<typeof MessageSchema>): SqsMessage {
  return {
    body: message.MessageBody,
    attributes: Object.entries(message.MessageAttributes).map(
      ([name, { DataType, StringValue, BinaryValue }]) => ({
        name,
        type: DataType,
        value: StringValue ?? BinaryValue ?? "",
      }),
    ),
  };
}

function note(entries: Entries, index: number, refusal: LimitRefusal | null): void {
  if (refusal !== null) entries.set(index, refusal);
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

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
const expressions = {
  UpdateExpression: v.optional(v.string()),
  ConditionExpression: v.optional(v.string()),
  KeyConditionExpression: v.optional(v.string()),
  FilterExpression: v.optional(v.string()),
  ProjectionExpression: v.optional(v.string()),
  ExpressionAttributeNames: v.optional(v.record(v.string(), v.string())),
  ExpressionAttributeValues: v.optional(v.custom<Attributes>(isObject)),
};
const RequestSchema = v.object({ Item: attributes, Key: attributes, ...expressions });
const requests = v.optional(v.record(v.string(), v.array(v.looseObject({}))), {});

const AttributeSchema = v.object({
  DataType: v.string(),
  StringValue: v.optional(v.string()),
  BinaryValue: v.optional(v.union([v.string(), v.instance(Uint8Array)])),
});
const MessageSchema = v.object({
  Id: v.optional(v.string(), ""),
  MessageBody: v.optional(v.string(), ""),
  MessageAttributes: v.optional(v.record(v.string(), AttributeSchema), {}),
  DelaySeconds: v.optional(v.number()),
});
const EntrySchema = v.object({
  Time: v.optional(v.unknown()),
  Source: v.optional(v.string()),
  DetailType: v.optional(v.string()),
  Detail: v.optional(v.string()),
  Resources: v.optional(v.array(v.string())),
});

/**
 * What AWS says to a call, as far as its documented limits go.
 *
 * @param operation - as the API names it: `PutItem`. One that has no limit of ours is taken.
 * @param input - as the SDK has it, or as it is on the wire: the JSON of both is the same.
 */
export function judgeLimits(operation: string, input: unknown): Verdict {
  const entries = new Map<number, LimitRefusal>();
  return { whole: wholeRefusal(operation, input, entries), entries };
}

function wholeRefusal(
  operation: string,
  input: unknown,
  entries: Map<number, LimitRefusal>,
): LimitRefusal | null {
  switch (operation) {
    case "PutItem":
    case "UpdateItem":
    case "DeleteItem":
    case "GetItem":
    case "Query":
    case "Scan":
      return requestRefusal(v.parse(RequestSchema, input));
    case "BatchWriteItem":
      return batchWriteRefusal(input);
    case "BatchGetItem": {
      const tables = Object.values(
        v.parse(
          v.object({
            RequestItems: v.optional(
              v.record(v.string(), v.looseObject({ Keys: v.optional(v.array(v.unknown()), []) })),
              {},
            ),
          }),
          input,
        ).RequestItems,
      );
      return countRefusal(
        "batchReads",
        tables.reduce((sum, { Keys }) => sum + Keys.length, 0),
      );
    }
    case "TransactWriteItems":
    case "TransactGetItems":
      return transactionRefusal(input);
    case "SendMessage":
      return sendRefusal(v.parse(MessageSchema, input));
    case "SendMessageBatch":
      return sendBatchRefusal(input, entries);
    case "ChangeMessageVisibility": {
      const { VisibilityTimeout } = v.parse(
        v.object({ VisibilityTimeout: v.optional(v.number()) }),
        input,
      );
      return secondsRefusal({ visibilitySeconds: VisibilityTimeout });
    }
    case "ReceiveMessage": {
      const { MaxNumberOfMessages, VisibilityTimeout, WaitTimeSeconds } = v.parse(
        v.object({
          MaxNumberOfMessages: v.optional(v.number(), 1),
          VisibilityTimeout: v.optional(v.number()),
          WaitTimeSeconds: v.optional(v.number()),
        }),
        input,
      );
      const seconds = { visibilitySeconds: VisibilityTimeout, waitSeconds: WaitTimeSeconds };
      return receiveRefusal(MaxNumberOfMessages) ?? secondsRefusal(seconds);
    }
    case "PutEvents": {
      const { Entries } = v.parse(
        v.object({ Entries: v.optional(v.array(EntrySchema), []) }),
        input,
      );
      for (const [index, entry] of Entries.entries()) note(entries, index, entryRefusal(entry));
      return putEventsRefusal(Entries);
    }
    case "GetObject":
    case "PutObject":
      return objectKeyRefusal(v.parse(v.object({ Key: v.optional(v.string(), "") }), input).Key);
    case "GetMetricData": {
      const schema = v.object({ MetricDataQueries: v.optional(v.array(v.unknown()), []) });
      return metricQueriesRefusal(v.parse(schema, input).MetricDataQueries.length);
    }
    case "PutSecretValue":
    case "CreateSecret": {
      const { SecretString } = v.parse(v.object({ SecretString: v.optional(v.string()) }), input);
      return SecretString === undefined ? null : secretRefusal(SecretString);
    }
    case "Invoke": {
      const { Payload, InvocationType } = v.parse(
        v.object({
          Payload: v.optional(v.union([v.string(), v.instance(Uint8Array)]), ""),
          InvocationType: v.optional(v.string()),
        }),
        input,
      );
      const kind = InvocationType === "Event" ? "async" : "waited";
      return invocationRefusal(Buffer.byteLength(Payload), kind);
    }
    // Every other operation has no limit that something of ours can reach.
    default:
      return null;
  }
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

function batchWriteRefusal(input: unknown): LimitRefusal | null {
  const { RequestItems } = v.parse(v.object({ RequestItems: requests }), input);
  const writes = Object.values(RequestItems).flat();
  const items = writes.map(
    (write) =>
      v.parse(v.object({ PutRequest: v.optional(v.object({ Item: attributes }), {}) }), write)
        .PutRequest.Item,
  );
  const tooMany = countRefusal("batchWrites", writes.length);
  if (tooMany !== null) return tooMany;
  for (const item of items) {
    const refusal = itemRefusal(item, keysFor(item));
    if (refusal !== null) return refusal;
  }
  return bytesRefusal("batchBytes", items);
}

function transactionRefusal(input: unknown): LimitRefusal | null {
  const schema = v.object({
    TransactItems: v.optional(v.array(v.record(v.string(), RequestSchema)), []),
  });
  const writes = v.parse(schema, input).TransactItems.flatMap((write) => Object.values(write));
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

function sendBatchRefusal(input: unknown, entries: Map<number, LimitRefusal>): LimitRefusal | null {
  const { Entries } = v.parse(v.object({ Entries: v.optional(v.array(MessageSchema), []) }), input);
  for (const [index, entry] of Entries.entries()) note(entries, index, sendRefusal(entry));
  return batchRefusal(Entries.map((entry) => ({ id: entry.Id, message: messageOf(entry) })));
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

function note(
  entries: Map<number, LimitRefusal>,
  index: number,
  refusal: LimitRefusal | null,
): void {
  if (refusal !== null) entries.set(index, refusal);
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

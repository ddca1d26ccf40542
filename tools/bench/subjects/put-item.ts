import { marshall } from "@aws-sdk/util-dynamodb";

const body = Buffer.alloc(600, 7);

/** About what the consumer stores of an event. */
export function anItem() {
  return {
    TableName: "applications",
    Item: marshall({
      pk: "APP#JA-0000000000000000000001",
      sk: "EVENT#0001764000000000#JE-1",
      eventId: "JE-1",
      type: "pending_review",
      eventAt: 1_764_000_000_000,
      receivedAt: 1_764_000_000_500,
      receiptId: "receipt",
      origin: "webhook",
      route: "manual-review",
      body,
      expiresAt: 1_796_000_000,
    }),
    ConditionExpression: "attribute_not_exists(pk)",
    ReturnValuesOnConditionCheckFailure: "ALL_OLD" as const,
  };
}

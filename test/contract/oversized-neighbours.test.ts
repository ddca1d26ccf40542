import type { PutEventsRequestEntry, PutEventsResponse } from "@aws-sdk/client-eventbridge";
import { describe, expect, test } from "vitest";

import { EventBridgePublisher } from "../../lambdas/adapters/event-bridge-publisher.ts";
import { aConsumer } from "../support/consumer.ts";
import { batchOf } from "../../tools/cloud-in-memory/builders.ts";
import { aBusClient, anAwsError, taken } from "../support/fake-bus.ts";

const TOKENS = Array.from({ length: 10 }, (_, index) => `JA-${index}`);

function webhookOf(applicationToken: string, changes: Readonly<Record<string, unknown>> = {}) {
  return JSON.stringify({
    request_token: `request-${applicationToken}`,
    timestamp: 1_760_000_000_000,
    type: "update:journeyapplications:sandbox",
    data: {
      journey_application_token: applicationToken,
      journey_token: "J-1",
      type: "pending_review",
      timestamp: 1_760_000_000_000,
      ...changes,
    },
  });
}

/** The consumer over a bus of EventBridge that answers so. */
function aConsumerOn(
  answer: (entries: readonly PutEventsRequestEntry[], call: number) => PutEventsResponse,
) {
  const published = new Set<string>();
  const { client } = aBusClient((entries, call) => {
    const answered = answer(entries, call);
    for (const [index, { Detail = "{}" }] of entries.entries()) {
      const { applicationToken }: { applicationToken: string } = JSON.parse(Detail);
      if (answered.Entries?.[index]?.EventId !== undefined) published.add(applicationToken);
    }
    return answered;
  });
  const counts = new Map<string, number>();
  const consumer = aConsumer({
    publisher: new EventBridgePublisher({ client, busName: "bus", sleep: async () => {} }),
    metrics: {
      count: (name, ...[value = 1]) => void counts.set(name, (counts.get(name) ?? 0) + value),
      milliseconds() {},
      flush() {},
    },
  });
  return { consumer, published, counts };
}

const bytesOf = (entries: readonly PutEventsRequestEntry[]) =>
  entries.reduce((sum, { Detail = "" }) => sum + Buffer.byteLength(Detail), 0);

/** A bus that refuses calls as EventBridge does. */
function strict(entries: readonly PutEventsRequestEntry[]): PutEventsResponse {
  if (bytesOf(entries) < 256 * 1_024) return taken(entries);
  throw anAwsError("ValidationException", 400, "Total size of the entries is over the limit.");
}

describe("a batch of the consumer with one event that is larger than the bus takes", () => {
  test.each(["journey_name", "outcome", "external_group_id", "type"])(
    "publishes it and its nine neighbours: a huge %s is cut, and counted",
    async (field) => {
      const { consumer, published, counts } = aConsumerOn(strict);
      const huge = { outcome: "Approved", [field]: "x".repeat(300_000) };
      const final = field === "type" ? {} : { type: "completed_application" };

      const { batchItemFailures } = await consumer.process(
        batchOf(
          TOKENS.map((token) => webhookOf(token, token === "JA-3" ? { ...final, ...huge } : {})),
        ),
      );

      expect([batchItemFailures, consumer.deadLettered]).toEqual([[], []]);
      expect([...published].toSorted()).toEqual(TOKENS);
      // Where it is read, and a type once more where it is published.
      expect(counts.get("EventsCut")).toBe(field === "type" ? 2 : 1);
    },
  );

  test("dead-letters at once, with its reason, the one that the bus refuses alone, and publishes the others", async () => {
    const { consumer, published } = aConsumerOn((entries) => {
      if (!entries.some(({ Detail = "" }) => Detail.includes("JA-3"))) return taken(entries);
      throw anAwsError("ValidationException", 400);
    });

    const { batchItemFailures } = await consumer.process(
      batchOf(TOKENS.map((token) => webhookOf(token))),
    );

    expect(batchItemFailures).toEqual([]);
    expect(consumer.deadLettered).toHaveLength(1);
    expect(consumer.deadLettered[0]?.body).toContain("JA-3");
    expect(consumer.deadLettered[0]?.reason).toContain("ValidationException");
    expect([...published].toSorted()).toEqual(TOKENS.filter((token) => token !== "JA-3"));
  });
});

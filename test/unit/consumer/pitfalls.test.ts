import { globSync, readFileSync } from "node:fs";

import { describe, expect, test } from "vitest";

import { TransientError } from "../../../lambdas/domain/errors.ts";
import { TIMEOUTS_MS } from "../../../lambdas/settings/limits.ts";
import {
  MemoryIdempotency,
  MemoryIdempotencyTable,
} from "../../../tools/cloud-in-memory/idempotency.ts";
import { MemoryApplicationTable } from "../../../tools/cloud-in-memory/application-table.ts";
import { FaultyPort } from "../../../tools/cloud-in-memory/faults.ts";
import { aConsumer, idempotencyWith } from "../../support/consumer.ts";
import { batchOf, webhookOf } from "../../../tools/cloud-in-memory/builders.ts";
import { changedWebhook } from "../../support/parsed-webhook.ts";

const START = Date.UTC(2026, 10, 23, 20);
const of = (type: string, token: string, after = 0) => webhookOf(type, token, START + after);

/** A webhook that lacks a field of its identity. */
const without = (field: string, type: string) =>
  changedWebhook(of(type, "JA-1"), { [field]: undefined });

describe("the key of an event", () => {
  test("is of two bodies without any of its members never one", async () => {
    const consumer = aConsumer();

    await consumer.receive("{}", "[]", "5", '{"data":{"a":1}}');

    expect(consumer.store.events.size).toBe(4);
    expect(new Set(consumer.published.map(({ eventId }) => eventId)).size).toBe(4);
  });

  test.each(["journey_application_token", "timestamp", "type", "journey_token"])(
    "is of two events of one application without %s never one",
    async (field) => {
      const consumer = aConsumer();

      await consumer.receive(
        without(field, "pending_review"),
        without(field, "completed_application"),
      );

      const kept = [
        ...consumer.store.events.keys(),
        ...consumer.deadLettered.map(({ body }) => body),
      ];
      expect(new Set(kept).size).toBe(2);
    },
  );

  test.each(["entity_application_token", "_embedded"])(
    "does without %s, and is still another's for another type",
    async (field) => {
      const consumer = aConsumer();

      await consumer.receive(
        without(field, "pending_review"),
        without(field, "completed_application"),
      );

      expect(consumer.published.map(({ eventType }) => eventType)).toEqual([
        "pending_review",
        "completed_application",
      ]);
    },
  );
});

test("an event whose completion could not be saved is published again under the same id, on one record", async () => {
  const table = new MemoryIdempotencyTable();
  const faults = new FaultyPort(table);
  faults.once("complete", async () => {
    throw new TransientError("the completion could not be written");
  });
  let time = Date.now();
  const now = () => time;
  const consumer = aConsumer({ idempotency: new MemoryIdempotency(faults.port, now), now });
  const batch = batchOf([of("completed_application", "JA-1")]);

  const first = await consumer.process(batch);
  // The lock ends with its invocation.
  time += TIMEOUTS_MS.consumer + 1;
  const second = await consumer.process(batch);

  expect([first.batchItemFailures.length, second.batchItemFailures.length]).toEqual([1, 0]);
  expect(consumer.published).toHaveLength(2);
  expect(new Set(consumer.published.map((event) => JSON.stringify(event))).size).toBe(1);
  expect(consumer.store.events.size).toBe(1);
});

const down = () => Promise.reject(new Error("down"));

test.each([
  ["the table", { store: Object.assign(new MemoryApplicationTable(), { recordEvent: down }) }],
  ["the idempotency", { idempotency: idempotencyWith({ complete: down }) }],
  ["the bus", { publisher: { publish: down } }],
  [
    "the queue and the dead letters",
    { deadLetters: { send: down }, messages: { retryAfter: down } },
  ],
])(
  "the answer for a batch names its own records and never throws, when this is down: %s",
  async (_, changes) => {
    const consumer = aConsumer(changes);
    const batch = batchOf(["not json", of("pending_review", "JA-1")]);

    const { batchItemFailures } = await consumer.process(batch);

    const ids = batch.Records.map(({ messageId }) => messageId);
    expect(batchItemFailures.length).toBeGreaterThan(0);
    for (const { itemIdentifier } of batchItemFailures) expect(ids).toContain(itemIdentifier);
  },
);

describe("Powertools idempotency", () => {
  const sources = globSync("lambdas/**/*.ts").map((file) => readFileSync(file, "utf8"));
  const count = (pattern: RegExp) =>
    sources.reduce((sum, source) => sum + (source.match(pattern)?.length ?? 0), 0);

  test("serves one operation with one store: a second one would reassign the key prefix of the first", () => {
    expect(count(/\.configure\(/g)).toBe(1);
    expect(count(/new DynamoIdempotencyRecords\(/g)).toBe(1);
  });

  test("is called directly, and never wraps the handler by Middy, whose early return breaks on undefined", () => {
    const { dependencies } = JSON.parse(readFileSync("package.json", "utf8"));

    expect(count(/makeIdempotent|makeHandlerIdempotent|middy/g)).toBe(0);
    expect(Object.keys(dependencies).filter((name) => name.includes("middy"))).toEqual([]);
  });
});

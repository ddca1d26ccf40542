import type { SQSEvent } from "aws-lambda";
import { describe, expect, test } from "vitest";

import { statusOf } from "../../../lambdas/domain/application/application-state.ts";
import { TransientError } from "../../../lambdas/domain/errors.ts";
import { aConsumer, idempotencyWith, routesWithout } from "../../support/consumer.ts";
import type { TestConsumer } from "../../support/consumer.ts";
import { batchOf, received, webhookOf } from "../../../tools/cloud-in-memory/builders.ts";
import type { MemoryApplicationTable } from "../../../tools/cloud-in-memory/application-table.ts";
import type { ConsumerSettings } from "../../../lambdas/settings/consumer-settings.ts";

const START = Date.UTC(2026, 10, 23, 20);
const TOKEN = "JA-exampleUnpublished1";
const review = webhookOf("pending_review", TOKEN, START);
const unpublished = { routes: routesWithout("manual-review", "other") };

/** A batch of messages as the queue hands them over again. */
const again = (batch: SQSEvent) => received(batch, 2);

/** Ends the next call of a store's method before it has done anything, as a killed sandbox does. */
function cutOff({ faults }: TestConsumer, method: "mergeState" | "forgetEvent"): void {
  faults.once(method, async () => {
    throw new TransientError("cut off");
  });
}

/** The first try of the event's own message was cut off after recording it. */
async function afterCutOff(settings: Partial<ConsumerSettings> = unpublished) {
  const consumer = aConsumer({ settings });
  const own = batchOf([review]);
  cutOff(consumer, "mergeState");
  await consumer.process(own);
  return { consumer, own };
}

const statusIn = ({ state }: TestConsumer) => {
  const known = state(TOKEN);
  return known && statusOf(known);
};

describe("an event of a route that is not published", () => {
  test("has no idempotency record: its own record is the memory", async () => {
    const consumer = aConsumer({
      settings: unpublished,
      idempotency: idempotencyWith({ begin: () => Promise.reject(new Error("locked")) }),
    });

    const { batchItemFailures } = await consumer.receive(review);

    expect(batchItemFailures).toEqual([]);
    expect(consumer.store.events.size).toBe(1);
    expect(statusIn(consumer)).toBe("waiting_review");
  });

  test("is not merged again by another message: a duplicate is one refused write", async () => {
    const consumer = aConsumer({ settings: unpublished });
    await consumer.receive(review);
    consumer.faults.on("mergeState", () => Promise.reject(new Error("merged")));

    const { batchItemFailures } = await consumer.receive(review);

    expect(batchItemFailures).toEqual([]);
  });

  test("is merged by its own message, when the first try was cut off after recording it", async () => {
    const { consumer, own: batch } = await afterCutOff();

    // The queue counts receives "approximately": the receipt decides.
    const { batchItemFailures } = await consumer.process(batch);

    expect(batchItemFailures).toEqual([]);
    expect(statusIn(consumer)).toBe("waiting_review");
  });

  test("is merged by its own message, when another one comes with it in one batch", async () => {
    const { consumer, own } = await afterCutOff();

    await consumer.process({ Records: [...batchOf([review]).Records, ...own.Records] });

    expect(statusIn(consumer)).toBe("waiting_review");
  });

  test("is merged when the write was made and its answer was lost", async () => {
    const consumer = aConsumer({ settings: unpublished });
    consumer.faults.once("recordEvent", async (record) => {
      await record();
      throw new TransientError("the answer was lost");
    });
    const batch = batchOf([review]);
    await consumer.process(batch);

    await consumer.process(batch);

    expect(statusIn(consumer)).toBe("waiting_review");
  });

  test("keeps its failure record while only another message comes", async () => {
    const { consumer, own } = await afterCutOff();

    await consumer.receive(review);
    const evidence = consumer.store.failures.size;
    await consumer.process(again(own));

    expect([evidence, consumer.store.failures.size]).toEqual([1, 0]);
  });

  test("clears the failure record of a try that failed before another message brought the event", async () => {
    const consumer = aConsumer({ settings: unpublished });
    const own = batchOf([review]);
    const { store, faults } = consumer;
    faults.once("recordEvent", async () => Promise.reject(new TransientError("throttled")));
    await consumer.process(own);
    await consumer.receive(review);
    const evidence = store.failures.size;

    await consumer.process(again(own));

    expect([evidence, store.failures.size]).toEqual([1, 0]);
  });

  test.each([
    [
      "another message of it that comes back",
      ({ process }: TestConsumer) => process(again(batchOf([review]))),
    ],
    ["an operator's replay", ({ replay }: TestConsumer) => replay(review)],
  ])("is merged by %s: its evidence is cleared only when it is done", async (_, come) => {
    const { consumer } = await afterCutOff();

    await come(consumer);

    expect(statusIn(consumer)).toBe("waiting_review");
    expect(consumer.store.failures.size).toBe(0);
  });

  test("is merged by the poller's copy, when its own message is gone for good", async () => {
    const { consumer } = await afterCutOff();

    await consumer.copy(review);

    expect(statusIn(consumer)).toBe("waiting_review");
    expect(consumer.store.events.size).toBe(1);
  });

  test("is published when it comes again after its route was turned on, and only once", async () => {
    const before = aConsumer({ settings: unpublished });
    await before.receive(review);
    const after = aConsumer({ store: before.store });

    await after.receive(review);
    await after.receive(review);

    expect(after.published).toHaveLength(1);
  });

  test("is not published when its route was turned off between two tries", async () => {
    const { consumer: before, own } = await afterCutOff({});
    const after = aConsumer({ settings: unpublished, store: before.store });

    const { batchItemFailures } = await after.process(own);

    expect(batchItemFailures).toEqual([]);
    expect([before.published.length, after.published.length]).toEqual([0, 0]);
    expect(statusIn(after)).toBe("waiting_review");
  });
});

test("an unsupported webhook of such a route is recorded once, without an idempotency record", async () => {
  const consumer = aConsumer({
    settings: unpublished,
    idempotency: idempotencyWith({ begin: () => Promise.reject(new Error("locked")) }),
  });
  const unsupported = JSON.stringify({ type: "case_closed", timestamp: START, data: {} });

  const first = await consumer.receive(unsupported);
  const second = await consumer.receive(unsupported);

  expect([first.batchItemFailures, second.batchItemFailures]).toEqual([[], []]);
  expect(consumer.store.events.size).toBe(1);
  expect(consumer.published).toEqual([]);
});

describe("an alias of such an event", () => {
  const aMillisecondOff = webhookOf("pending_review", TOKEN, START + 1);
  const at = (events: MemoryApplicationTable["events"]) =>
    [...events.values()].map((one) => one.at);

  test("has one record, and so has every further copy of its webhook", async () => {
    const consumer = aConsumer({ settings: unpublished });
    await consumer.copy(review);

    await consumer.receive(aMillisecondOff);
    await consumer.receive(aMillisecondOff);

    expect(at(consumer.store.events)).toEqual([START]);
  });

  test("is forgotten by a second try, when the first was cut off before", async () => {
    const consumer = aConsumer({ settings: unpublished });
    await consumer.copy(review);
    const batch = batchOf([aMillisecondOff]);
    cutOff(consumer, "forgetEvent");
    await consumer.process(batch);

    await consumer.process(batch);

    expect(at(consumer.store.events)).toEqual([START]);
  });

  test("stays the record when the poller's copy, in between, took it for its own", async () => {
    const consumer = aConsumer({ settings: unpublished });
    const { store } = consumer;
    consumer.faults.once("mergeState", async (merge) => {
      await consumer.copy(review);
      return merge();
    });

    await consumer.receive(aMillisecondOff);

    expect(at(store.events)).toEqual([START + 1]);
  });
});

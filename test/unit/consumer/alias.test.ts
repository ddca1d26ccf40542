import { describe, expect, test } from "vitest";

import { aConsumer, pollBatchOf, routesWithout } from "../../support/consumer.ts";
import { TransientError } from "../../../lambdas/domain/errors.ts";
import { batchOf, received, webhookOf } from "../../../tools/cloud-in-memory/builders.ts";
import { asJourneyEvent, changedWebhook } from "../../support/parsed-webhook.ts";

const START = Date.UTC(2026, 10, 23, 20);
const TOKEN = "JA-exampleAlias00000001";

const told = webhookOf("pending_review", TOKEN, START);
const withoutNode = changedWebhook(told, { _embedded: null });
const aMillisecondOff = webhookOf("pending_review", TOKEN, START + 1);

const idOf = (body: string) => asJourneyEvent(body).event.eventId;

const evidence = {
  applicationToken: TOKEN,
  eventType: "pending_review",
  reason: "the bus is down",
  failedAt: START,
  receiptId: "receipt",
  deadLettered: true,
};

const published = routesWithout();
const unpublished = routesWithout("manual-review");

describe.each([
  ["without its node, of a published route", withoutNode, published, 1],
  ["a millisecond off, of a published route", aMillisecondOff, published, 1],
  ["without its node, of a route that is not published", withoutNode, unpublished, 0],
  ["a millisecond off, of a route that is not published", aMillisecondOff, unpublished, 0],
])("an event that is told twice, once %s", (_, other, routes, effects) => {
  test.each([
    ["the webhook comes after its healed copy", ["copy", told], ["receive", other]],
    ["the poller's copy comes after the webhook", ["receive", other], ["copy", told]],
  ] as const)("has one effect and one record when %s", async (__, [first, one], [second, two]) => {
    const consumer = aConsumer({ settings: { routes } });
    await consumer[first](one);

    await consumer[second](two);

    expect(consumer.published.map(({ eventId }) => eventId)).toEqual([idOf(one)].slice(0, effects));
    expect([...consumer.store.events.keys()]).toEqual([idOf(one)]);
  });

  test("is published once more when an operator forces the webhook of the healed copy", async () => {
    const consumer = aConsumer({ settings: { routes } });
    await consumer.copy(told);
    await consumer.receive(other);

    const { batchItemFailures } = await consumer.replay(other, { force: true });
    await consumer.replay(other, { force: true });

    expect(batchItemFailures).toEqual([]);
    expect(consumer.published.map(({ eventId, origin }) => [eventId, origin])).toEqual(
      [[idOf(told), "poll"] as const, [idOf(told), "replay"] as const].slice(0, 2 * effects),
    );
  });

  test("leaves no failure record of the webhook when the poller's copy comes again", async () => {
    const consumer = aConsumer();
    await consumer.receive(other);
    await consumer.copy(told);
    await consumer.store.recordFailure({
      ...evidence,
      eventId: idOf(other),
      failedAt: START + 1_000,
      deadLettered: false,
    });

    await consumer.copy(told);

    expect(consumer.store.failures.size).toBe(0);
  });

  test("has two effects when Alloy's list holds both: they only look alike", async () => {
    const consumer = aConsumer({ settings: { routes } });
    await consumer.receive(other);

    await consumer.copy(told, [idOf(other)]);

    expect(consumer.store.events.size).toBe(2);
  });

  test("has one effect when both copies come at once, after as many tries as it takes", async () => {
    const consumer = aConsumer({ settings: { routes } });
    const [poll, webhook] = [pollBatchOf(told), batchOf([other])];

    let open = [poll, webhook];
    while (open.length > 0) {
      const answers = await Promise.all(
        open.map(async (batch) => ({ batch, answer: await consumer.process(batch) })),
      );
      const failed = answers.filter(({ answer }) => answer.batchItemFailures.length > 0);
      // Alone from the second time on: two that come back seldom meet again.
      if (failed.length > 1) await consumer.process(failed[0]?.batch ?? poll);
      open = failed.slice(failed.length > 1 ? 1 : 0).map(({ batch }) => batch);
    }

    expect(consumer.published).toHaveLength(effects);
    expect(consumer.store.events.size).toBe(1);
  });
});

test("has its effect under one id when each telling has seen the other, and the first was cut off", async () => {
  const tried: string[] = [];
  let isDown = true;
  const consumer = aConsumer({
    publisher: {
      async publish(events) {
        tried.push(...events.map(({ eventId }) => eventId));
        // It took them, and its answer got lost.
        if (isDown) throw new Error("no answer");
        return events.map(() => null);
      },
    },
  });
  const putRight = consumer.faults.on("mergeState", () => Promise.reject(new Error("cut off")));
  const webhook = batchOf([withoutNode]);
  await consumer.process(webhook);
  putRight();
  await consumer.copy(told);
  isDown = false;

  await consumer.process(webhook);
  await consumer.copy(told);

  expect(new Set(tried)).toEqual(new Set([idOf(withoutNode)]));
  expect([...consumer.store.events.keys()]).toEqual([idOf(withoutNode)]);
});

test("is published, although its webhook came between two tries of the healed copy and names a later time", async () => {
  let isDown = true;
  const types: string[] = [];
  const consumer = aConsumer({
    publisher: {
      publish(events) {
        if (isDown) throw new TransientError("the bus is down");
        types.push(...events.map(({ eventType }) => eventType));
        return Promise.resolve(events.map(() => null));
      },
    },
  });
  const [copy, webhook] = [pollBatchOf(told), batchOf([aMillisecondOff])];
  await consumer.process(copy);
  await consumer.process(webhook);
  isDown = false;

  const again = await consumer.process(received(copy, 2));
  const last = await consumer.process(received(webhook, 2));

  expect([again, last].map(({ batchItemFailures }) => batchItemFailures)).toEqual([[], []]);
  expect(types).toEqual(["pending_review"]);
  expect([...consumer.store.events.keys()]).toEqual([idOf(told)]);
});

test("reads nothing for an ordinary webhook", async () => {
  const consumer = aConsumer();
  consumer.faults.on("reportsNear", () => Promise.reject(new Error("read")));

  const { batchItemFailures } = await consumer.receive(told);

  expect(batchItemFailures).toEqual([]);
  expect(consumer.published).toHaveLength(1);
});

const DOWN = { kind: "transient", reason: "the bus is down" } as const;

test.each([
  ["a webhook, healed by the poller", batchOf([withoutNode]), pollBatchOf(told), withoutNode],
  ["a healed event, by its webhook", pollBatchOf(told), batchOf([withoutNode]), told],
])(
  "an event that failed, and whose other telling has its effect, leaves no evidence: %s",
  async (_, first, second, failed) => {
    let isDown = true;
    const consumer = aConsumer({
      publisher: {
        publish: async (events) => events.map(() => (isDown ? DOWN : null)),
      },
    });
    await consumer.process(first);
    const eventId = idOf(failed);
    await consumer.store.recordFailure({ ...evidence, eventId });

    isDown = false;
    await consumer.process(second);

    expect([...consumer.store.events.keys()]).toEqual([eventId]);
    expect(consumer.store.failures.size).toBe(0);
  },
);

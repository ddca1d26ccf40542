import { describe, expect, test } from "vitest";

import { parseWebhook } from "../../../lambdas/domain/journey-event.ts";
import { aConsumer, pollBatchOf } from "../../support/consumer.ts";
import { batchOf, webhookOf } from "../../support/counted-consumer.ts";

const START = Date.UTC(2026, 10, 23, 20);
const TOKEN = "JA-exampleTwin000000001";

const told = webhookOf("pending_review", TOKEN, START);
const withoutNode = JSON.stringify({
  ...JSON.parse(told),
  data: { ...JSON.parse(told).data, _embedded: null },
});
const aMillisecondOff = webhookOf("pending_review", TOKEN, START + 1);

function idOf(body: string): string {
  const parsed = parseWebhook(body);
  if (parsed.kind !== "journey-event") throw new Error(`no Journey event: ${parsed.kind}`);
  return parsed.event.eventId;
}

describe.each([
  ["without its node", withoutNode],
  ["a millisecond off", aMillisecondOff],
])("an event that is told twice, once %s", (_, other) => {
  test("has one effect and one record when the webhook comes after its healed copy", async () => {
    const consumer = aConsumer();
    await consumer.process(pollBatchOf(told));

    await consumer.process(batchOf([other]));

    expect(consumer.published.map(({ eventId }) => eventId)).toEqual([idOf(told)]);
    expect([...consumer.store.events.keys()]).toEqual([idOf(told)]);
  });

  test("has one effect and one record when the poller's copy comes after the webhook", async () => {
    const consumer = aConsumer();
    await consumer.process(batchOf([other]));

    await consumer.process(pollBatchOf(told));

    expect(consumer.published.map(({ eventId }) => eventId)).toEqual([idOf(other)]);
    expect([...consumer.store.events.keys()]).toEqual([idOf(other)]);
  });

  test("has two effects when Alloy's list holds both: they only look alike", async () => {
    const consumer = aConsumer();
    await consumer.process(batchOf([other]));

    await consumer.process(pollBatchOf(told, [idOf(other)]));

    expect(consumer.store.events.size).toBe(2);
  });

  test("has one effect when both copies come at once, after as many tries as it takes", async () => {
    const consumer = aConsumer();
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

    expect(consumer.published).toHaveLength(1);
    expect(consumer.store.events.size).toBe(1);
  });
});

test("reads nothing for an ordinary webhook", async () => {
  const consumer = aConsumer();
  consumer.store.eventsNear = () => Promise.reject(new Error("read"));

  const { batchItemFailures } = await consumer.process(batchOf([told]));

  expect(batchItemFailures).toEqual([]);
  expect(consumer.published).toHaveLength(1);
});

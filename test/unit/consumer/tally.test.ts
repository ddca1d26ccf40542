import { expect, test } from "vitest";

import { parseWebhook } from "../../../lambdas/domain/event/parse-webhook.ts";
import { tallyOf } from "../../../lambdas/domain/reconciliation/tally.ts";
import { batchOf, webhookOf } from "../../../tools/cloud-in-memory/builders.ts";
import { CONSUMER_SETTINGS } from "../../../tools/cloud-in-memory/runtime.ts";
import { aConsumer } from "../../support/consumer.ts";
import { MINUTE, START } from "../../support/poller.ts";

const TOKEN = "JA-tally0000000000000000";
const STARTED = webhookOf("started_application", TOKEN, START);
const REVIEW = webhookOf("pending_review", TOKEN, START + MINUTE);
const APPROVED = webhookOf("completed_application", TOKEN, START + 2 * MINUTE);

function sumOf(...webhooks: readonly string[]): number {
  return webhooks.reduce((sum, webhook) => {
    const parsed = parseWebhook(webhook);
    if (parsed.kind !== "journey-event") throw new Error("it is no event of a Journey");
    return sum + tallyOf(parsed.event);
  }, 0);
}

/** A consumer at this time. */
function consumerAt(now: number) {
  const consumer = aConsumer({ now: () => now });
  return {
    ...consumer,
    receive: (...webhooks: readonly string[]) => consumer.process(batchOf(webhooks, now)),
    tally: async () => (await consumer.store.look(TOKEN))?.tally,
  };
}

test("what webhooks bring in time is tallied, each by itself, out of order, or in one batch", async () => {
  const one = consumerAt(START + 2 * MINUTE);
  for (const webhook of [APPROVED, STARTED, REVIEW]) await one.receive(webhook);
  const together = consumerAt(START + 2 * MINUTE);
  await together.receive(STARTED, REVIEW, APPROVED);

  expect(await one.tally()).toBe(sumOf(STARTED, REVIEW, APPROVED));
  expect(await together.tally()).toBe(await one.tally());
});

test("what comes twice is tallied once", async () => {
  const consumer = consumerAt(START + MINUTE);
  await consumer.receive(STARTED);
  await consumer.receive(STARTED);

  expect(await consumer.tally()).toBe(sumOf(STARTED));
});

test("what is recorded, and whose merge failed, is not tallied", async () => {
  const consumer = consumerAt(START + MINUTE);
  await consumer.receive(STARTED);
  consumer.faults.once("mergeState", async () => {
    throw new Error("the table is out");
  });
  await consumer.receive(REVIEW);

  expect(consumer.store.events.size).toBe(2);
  expect(await consumer.tally()).not.toBe(sumOf(STARTED, REVIEW));
});

test("a late webhook is not tallied: the poller is to tell of it", async () => {
  const consumer = consumerAt(START + MINUTE + (CONSUMER_SETTINGS.graceMs ?? 0) + 1);
  await consumer.receive(REVIEW);

  expect(consumer.store.events.size).toBe(1);
  expect(await consumer.tally()).toBeNull();
});

test("neither what the poller brings nor what is replayed is tallied", async () => {
  const consumer = consumerAt(START + MINUTE);
  await consumer.copy(JSON.stringify(JSON.parse(STARTED)));
  await consumer.replay(REVIEW);

  expect(consumer.store.applications.get(TOKEN)?.tally).toBeNull();
});

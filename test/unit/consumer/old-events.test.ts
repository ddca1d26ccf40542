import { describe, expect, test } from "vitest";

import { IDEMPOTENCY } from "../../../lambdas/settings/limits.ts";
import { aConsumer } from "../../support/consumer.ts";
import { webhookOf } from "../../../tools/cloud-in-memory/builders.ts";

const TOKEN = "JA-exampleOldEvent0001";
const DAY = 86_400_000;
const approved = webhookOf("completed_application", TOKEN, Date.now() - DAY);

/** The application's consumer 41 days later: the table is the same, no idempotency record is left. */
async function daysLater(days: number) {
  const before = aConsumer();
  await before.receive(approved);
  expect(before.published).toHaveLength(1);
  const now = () => Date.now() + days * DAY;
  return aConsumer({ store: before.store, now });
}

describe("an event whose idempotency record is gone", () => {
  const days = IDEMPOTENCY.windowMs / DAY + 1;

  test("has no effect again when its webhook is sent once more", async () => {
    const consumer = await daysLater(days);

    await consumer.receive(approved);

    expect(consumer.published).toEqual([]);
  });

  test("has no effect again when somebody replays it", async () => {
    const consumer = await daysLater(days);

    await consumer.replay(approved);

    expect(consumer.published).toEqual([]);
  });

  test("is published once more, and says that it is a replay, when an operator forces it", async () => {
    const consumer = await daysLater(days);

    await consumer.replay(approved, { force: true });
    await consumer.replay(approved, { force: true });

    expect(consumer.published).toMatchObject([{ route: "approved", origin: "replay" }]);
  });

  test("has its effect when it failed, and never had it", async () => {
    const consumer = await daysLater(days);
    const [event] = consumer.store.events.values();
    await consumer.store.recordFailure({
      applicationToken: TOKEN,
      eventId: event?.eventId ?? "",
      eventType: "completed_application",
      reason: "the bus is down",
      failedAt: Date.now(),
      receiptId: "receipt-1",
      deadLettered: true,
    });

    await consumer.receive(approved);

    expect(consumer.published).toHaveLength(1);
  });
});

test("an event that another message recorded has its effect, as long as nothing says that it had it", async () => {
  const consumer = await daysLater(1);

  await consumer.receive(approved);

  // The idempotency record would have held it back: without one, it was never completed.
  expect(consumer.published).toHaveLength(1);
});

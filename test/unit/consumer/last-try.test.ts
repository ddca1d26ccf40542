import { describe, expect, test } from "vitest";

import { correctionBody } from "../../../lambdas/domain/application/correction.ts";
import { decisionBody } from "../../../lambdas/domain/application/decision.ts";
import { TransientError } from "../../../lambdas/domain/errors.ts";
import { QUEUE } from "../../../lambdas/settings/limits.ts";
import { aConsumer, pollBatchOf } from "../../support/consumer.ts";
import { aDecision, MARK } from "../../support/decisions.ts";
import { aCorrection } from "../../support/snapshots.ts";
import { batchOf, received, webhookOf } from "../../../tools/cloud-in-memory/builders.ts";

const webhook = webhookOf("pending_review", "JA-1", Date.UTC(2026, 10, 23, 20));

/** One message of the webhook for each of these numbers of receives. */
const tried = (...receives: readonly number[]) =>
  received(batchOf(receives.map(() => webhook)), receives);

/** A consumer whose table refuses to record anything. */
function aRefusedConsumer(changes: Parameters<typeof aConsumer>[0] = {}) {
  const consumer = aConsumer(changes);
  consumer.faults.on("recordEvent", () => Promise.reject(new TransientError("throttled")));
  return consumer;
}

describe("a record that fails at its last try", () => {
  test("is dead-lettered with its reason, not left to SQS without one half an hour later", async () => {
    const consumer = aRefusedConsumer();
    const batch = tried(QUEUE.maxReceives);

    const { batchItemFailures } = await consumer.process(batch);

    expect(batchItemFailures).toEqual([]);
    expect(consumer.deadLettered).toEqual([
      { body: batch.Records[0]?.body, reason: "given up after 6 tries: throttled" },
    ]);
    expect([...consumer.store.failures.values()].map(({ deadLettered }) => deadLettered)).toEqual([
      true,
    ]);
  });

  test("leaves another message of the same event its further tries, and the failure record says so", async () => {
    const consumer = aRefusedConsumer();
    const batch = tried(QUEUE.maxReceives, 1);

    const { batchItemFailures } = await consumer.process(batch);

    expect(batchItemFailures).toEqual([{ itemIdentifier: batch.Records[1]?.messageId }]);
    expect(consumer.deadLettered).toHaveLength(1);
    expect([...consumer.store.failures.values()].map(({ deadLettered }) => deadLettered)).toEqual([
      false,
    ]);
  });

  test("goes back to the queue when the dead-letter queue does not take it: SQS moves it then", async () => {
    const deadLetters = { send: () => Promise.reject(new TransientError("SQS is out")) };
    const consumer = aRefusedConsumer({ deadLetters });
    const batch = tried(QUEUE.maxReceives);

    const { batchItemFailures } = await consumer.process(batch);

    expect(batchItemFailures).toEqual([{ itemIdentifier: batch.Records[0]?.messageId }]);
  });
});

describe.each([
  ["correction", correctionBody(aCorrection({ status: "waiting_review" }, { askedAt: 1 }))],
  ["decision", decisionBody(aDecision("first"))],
])("Alloy's answer that fails for good, as a %s", (_, body) => {
  const message = (receives: number) => received(pollBatchOf(body), [receives]);

  /** A consumer that has given it up; the table is right again. */
  async function givenUp() {
    const consumer = aConsumer({ settings: { decides: true } });
    const repair = consumer.faults.on("mergeState", () =>
      Promise.reject(new TransientError("throttled")),
    );
    await consumer.process(message(QUEUE.maxReceives));
    repair();
    return consumer;
  }

  test("leaves evidence, which names no reason of it", async () => {
    const { store } = await givenUp();

    const [failure, ...others] = [...store.failures.values()];
    expect(failure).toMatchObject({ applicationToken: "JA-1", deadLettered: true });
    expect(others).toEqual([]);
    expect(JSON.stringify(failure)).not.toContain(MARK);
  });

  test("leaves none once it is tried again and has its effect", async () => {
    const { store, process, published } = await givenUp();

    await process(message(2));

    expect([...store.failures.values()]).toEqual([]);
    expect(published).toHaveLength(1);
  });

  test("costs no write where nothing has failed", async () => {
    const consumer = aConsumer({ settings: { decides: true } });
    consumer.faults.on("clearFailure", () => Promise.reject(new Error("it was called")));

    await consumer.process(message(1));

    expect(consumer.logs).toEqual([]);
  });
});

import { describe, expect, test, vi } from "vitest";

import { forgottenState } from "../../../lambdas/domain/application/application-state.ts";
import { correctionBody } from "../../../lambdas/domain/application/correction.ts";
import { TransientError } from "../../../lambdas/domain/errors.ts";
import type { Idempotency } from "../../../lambdas/domain/ports.ts";
import { METRICS } from "../../../lambdas/settings/metrics.ts";
import { adoptionBatchOf } from "../../support/adoption.ts";
import {
  aConsumer,
  envelopeBatchOf,
  idempotencyWith,
  pollBatchOf,
} from "../../support/consumer.ts";
import { aCorrection } from "../../support/snapshots.ts";
import { batchOf, received, webhookOf } from "../../../tools/cloud-in-memory/builders.ts";

const TOKEN = "JA-exampleForgotten01";
const HOUR = 3_600_000;
const AT = Date.now() - HOUR;

const approved = webhookOf("completed_application", TOKEN, AT);
const rerun = webhookOf("started_rerun_application", TOKEN, AT + 1_000);

async function aForgottenApplication(changes: Parameters<typeof aConsumer>[0] = {}) {
  const consumer = aConsumer(changes);
  await consumer.receive(approved);
  expect(consumer.published).toHaveLength(1);
  consumer.store.forget(TOKEN, Date.now());
  return consumer;
}

const STATUS = correctionBody(
  aCorrection(
    { applicationToken: TOKEN, status: "expired", at: AT + 2_000 },
    { reruns: [{ applicationToken: "JA-rerun", createdAt: AT, initiatedBy: "api" }] },
  ),
);

describe("a forgotten application", () => {
  test.each([
    ["the webhook of an event that was forgotten", batchOf([approved])],
    ["the webhook of a new event", batchOf([rerun])],
    ["an event that the poller brings", pollBatchOf(rerun)],
    ["an event that the poller brings again", pollBatchOf(approved)],
    ["Alloy's answer", pollBatchOf(STATUS)],
    ["a submission", adoptionBatchOf(TOKEN, { at: AT, publishes: true })],
    [
      "a forced replay",
      envelopeBatchOf({ kind: "replay", receiptId: "replay-1", body: approved, force: true }),
    ],
  ])("stays forgotten, and publishes nothing, after %s", async (_, batch) => {
    const consumer = await aForgottenApplication();

    const { batchItemFailures } = await consumer.process(batch);

    expect(batchItemFailures).toEqual([]);
    expect(consumer.published).toHaveLength(1);
    const { store } = consumer;
    const at = store.applications.get(TOKEN)?.state.forgottenAt ?? 0;
    expect([...store.applications.values()].map(({ state }) => state)).toEqual([
      forgottenState(TOKEN, at),
    ]);
    expect(store.applications.get(TOKEN)?.dueAt).toBeNull();
    expect([store.events.size, store.marks.size, store.failures.size]).toEqual([0, 0, 0]);
  });

  test("keeps no failure of a copy that fails while another one finds it forgotten", async () => {
    const throttled = new TransientError("throttled");
    const begin = vi.fn<Idempotency["begin"]>();
    const consumer = await aForgottenApplication({
      idempotency: idempotencyWith({ begin: begin.mockRejectedValue(throttled) }),
    });

    const { batchItemFailures } = await consumer.process(received(batchOf([rerun]), 2));

    expect(batchItemFailures).toHaveLength(1);
    expect(consumer.store.failures.size).toBe(0);
  });

  test("has its events counted as ignored", async () => {
    const consumer = await aForgottenApplication();

    await consumer.receive(rerun);

    expect(consumer.metric(METRICS.eventsIgnored)).toBe(1);
  });
});

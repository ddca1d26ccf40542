import { describe, expect, test } from "vitest";

import { outcomeOf, statusOf } from "../../../lambdas/domain/application/application-state.ts";
import { correctionBody } from "../../../lambdas/domain/application/correction.ts";
import { decisionBody } from "../../../lambdas/domain/application/decision.ts";
import { aConsumer, idempotencyWith } from "../../support/consumer.ts";
import { aDecision } from "../../support/decisions.ts";
import { investigationWebhookOf } from "../../support/investigations.ts";
import { aCorrection } from "../../support/snapshots.ts";
import { webhookOf } from "../../../tools/cloud-in-memory/builders.ts";

/*
 * The application table was restored to a time before the last minutes, the idempotency table was not lost
 * (docs/disaster-recovery.md). The poller finds what the table lacks, and brings it again under the id that it had.
 */

const AT = Date.UTC(2026, 10, 23, 20);
const settings = { decides: true, investigations: true };

/** A consumer, and the same one over a table that has nothing of what the first has recorded. */
function beforeAndAfter() {
  const idempotency = idempotencyWith({});
  return [aConsumer({ settings, idempotency }), aConsumer({ settings, idempotency })] as const;
}

describe("after a restore of the table", () => {
  const approval = correctionBody(
    aCorrection({ status: "completed", outcome: "Approved", at: AT }, { askedAt: AT + 1 }),
  );
  const denial = decisionBody(aDecision("first"));

  test("an answer of Alloy's that was published stands again, and is not published again", async () => {
    const [before, after] = beforeAndAfter();
    await before.copy(approval);

    const { batchItemFailures } = await after.copy(approval);

    const state = after.state("JA-1");
    expect(batchItemFailures).toEqual([]);
    expect(before.published).toHaveLength(1);
    expect(after.published).toEqual([]);
    expect(state && [statusOf(state), outcomeOf(state)]).toEqual(["completed", "Approved"]);
    // Whoever asks next finds the end published.
    expect(state?.published).toEqual(before.state("JA-1")?.published);
  });

  test("a decision that was published stands again with its record, and is not published again", async () => {
    const [before, after] = beforeAndAfter();
    await before.copy(denial);

    await after.copy(denial);

    expect(before.published).toHaveLength(1);
    expect(after.published).toEqual([]);
    expect(after.state("JA-1")?.decided).toEqual(before.state("JA-1")?.decided);
    expect([...after.store.events.keys()]).toEqual([...before.store.events.keys()]);
  });

  test("a step of an Investigation that was published is recorded again, and not published again", async () => {
    const [before, after] = beforeAndAfter();
    const step = investigationWebhookOf();
    await before.copy(step);

    await after.copy(step);

    expect(before.published).toHaveLength(1);
    expect(after.published).toEqual([]);
    expect(await after.investigations.look("INV-1")).toEqual(
      await before.investigations.look("INV-1"),
    );
    expect([...after.store.events.keys()]).toEqual([...before.store.events.keys()]);
  });
});

describe("a message that comes a second time", () => {
  test.each([
    ["correction", correctionBody(aCorrection({ status: "waiting_review" }, { askedAt: 1 }))],
    ["decision", decisionBody(aDecision("first"))],
    ["step of an Investigation", investigationWebhookOf()],
  ])("as a %s changes nothing", async (_, body) => {
    const consumer = aConsumer({ settings });
    await consumer.receive(webhookOf("started_application", "JA-1", AT));
    await consumer.copy(body);
    const published = [...consumer.published];
    const state = structuredClone(consumer.state("JA-1"));
    const events = structuredClone([...consumer.store.events]);

    await consumer.copy(body);

    expect(consumer.published).toEqual(published);
    expect(consumer.state("JA-1")).toEqual(state);
    expect([...consumer.store.events]).toEqual(events);
  });
});

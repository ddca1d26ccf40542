import { describe, expect, test } from "vitest";

import { correctionBody } from "../../../lambdas/domain/application/correction.ts";
import { METRICS } from "../../../lambdas/settings/metrics.ts";
import { adoptionBatchOf } from "../../support/adoption.ts";
import { aConsumer, submissionBatchOf } from "../../support/consumer.ts";
import { aCorrection } from "../../support/snapshots.ts";
import { webhookOf } from "../../../tools/cloud-in-memory/builders.ts";
import { HOUR, DAY } from "../../../tools/cloud-in-memory/clock.ts";

const TOKEN = "JA-exampleAdopted0001";

const ADOPTED_AT = Date.now() - 2 * HOUR;
const adoption = { at: ADOPTED_AT, publishes: false };

/** Decided long before the adoption, and after it. */
const oldApproval = webhookOf("completed_application", TOKEN, ADOPTED_AT - 30 * DAY);
const newApproval = webhookOf("completed_application", TOKEN, ADOPTED_AT + HOUR);

/** A consumer to which the application was adopted. */
async function anAdoptingConsumer(changes: Partial<typeof adoption> = {}) {
  const consumer = aConsumer();
  await consumer.process(adoptionBatchOf(TOKEN, { ...adoption, ...changes }));
  return { ...consumer, adopted: () => consumer.state(TOKEN) };
}

describe("an adopted application", () => {
  test("is known, is checked at once, and is not counted as submitted", async () => {
    const consumer = await anAdoptingConsumer();

    const kept = consumer.store.applications.get(TOKEN);
    expect(kept?.state.adopted).toEqual(adoption);
    expect(kept?.dueAt).toBeLessThanOrEqual(Date.now());
    expect([...consumer.metrics.keys()].filter((key) => key.includes("submitted"))).toEqual([]);
  });

  test("has its old decision recorded and merged, and neither published nor counted", async () => {
    const consumer = await anAdoptingConsumer();

    await consumer.copy(oldApproval);

    expect(consumer.adopted()).toMatchObject({ end: { status: "completed" } });
    expect(consumer.store.events.size).toBe(1);
    expect(consumer.published).toEqual([]);
    const { applicationsByOutcome, timeToDecision, eventsHealed, eventsLate } = METRICS;
    const counted = [applicationsByOutcome, timeToDecision, eventsHealed, eventsLate];
    expect(
      [...consumer.metrics.keys()].filter((key) => counted.some((name) => key.startsWith(name))),
    ).toEqual([]);
  });

  test.each(["receive", "copy"] as const)(
    "has a decision after the adoption published, by webhook and by the poller: %s",
    async (how) => {
      const consumer = await anAdoptingConsumer();

      await consumer[how](newApproval);
      await consumer.receive(newApproval);

      expect(consumer.published).toMatchObject([{ route: "approved" }]);
    },
  );

  test("has its old decision published once when the adoption asks for that, and still not counted", async () => {
    const consumer = await anAdoptingConsumer({ publishes: true });

    await consumer.copy(oldApproval);
    await consumer.copy(oldApproval);

    expect(consumer.published).toMatchObject([{ route: "approved" }]);
    expect([...consumer.metrics.keys()].some((key) => key.endsWith("approved"))).toBe(false);
  });

  test("has a decision published that Alloy still delivers, also after the poller brought it silently", async () => {
    const consumer = await anAdoptingConsumer();
    const shortlyBefore = webhookOf("completed_application", TOKEN, ADOPTED_AT - HOUR);
    await consumer.copy(shortlyBefore);
    expect(consumer.published).toEqual([]);

    await consumer.receive(shortlyBefore);
    await consumer.receive(shortlyBefore);

    expect(consumer.published).toMatchObject([{ route: "approved", origin: "webhook" }]);
  });

  test("has no old decision published when a captured webhook of it is sent again", async () => {
    const consumer = await anAdoptingConsumer();
    await consumer.copy(oldApproval);

    await consumer.receive(oldApproval);

    expect(consumer.published).toEqual([]);
  });

  test("has its old decision published when an operator forces that", async () => {
    const consumer = await anAdoptingConsumer();
    await consumer.copy(oldApproval);

    await consumer.replay(oldApproval);
    expect(consumer.published).toEqual([]);
    await consumer.replay(oldApproval, { force: true });

    expect(consumer.published).toMatchObject([{ route: "approved", origin: "replay" }]);
  });

  test.each([
    ["no old status published", ADOPTED_AT - DAY, []],
    ["a newer one published", ADOPTED_AT + HOUR, [{ route: "expired" }]],
  ])("has %s that only Alloy's answer says", async (_, at, published) => {
    const consumer = await anAdoptingConsumer();

    const expired = aCorrection({ applicationToken: TOKEN, status: "expired", at });
    await consumer.copy(correctionBody(expired));

    expect(consumer.published).toMatchObject(published);
    expect(consumer.adopted()).toMatchObject({ answer: { status: "expired" } });
  });

  test.each([
    ["to a rerun of its history", ADOPTED_AT - DAY, adoption],
    ["not to a newer one", ADOPTED_AT + HOUR, null],
  ])("passes its adoption on, %s", async (_, at, adopted) => {
    const consumer = await anAdoptingConsumer();

    await consumer.copy(webhookOf("started_rerun_application", TOKEN, at));

    const states = [...consumer.store.applications.values()].map(({ state }) => state);
    const others = states.filter(({ applicationToken }) => applicationToken !== TOKEN);
    expect(others.map((state) => state.adopted)).toEqual([adopted]);
  });
});

describe("an adoption", () => {
  test("does not silence an application that is known already", async () => {
    const consumer = aConsumer();
    await consumer.receive(webhookOf("started_application", TOKEN, ADOPTED_AT - HOUR));
    await consumer.process(adoptionBatchOf(TOKEN, adoption));

    await consumer.copy(webhookOf("completed_application", TOKEN, ADOPTED_AT - HOUR / 2));

    expect(consumer.state(TOKEN)?.adopted).toBeNull();
    expect(consumer.published.map(({ route }) => route)).toEqual(["progressed", "approved"]);
  });

  test("changes nothing the second time, and keeps the first one's time", async () => {
    const consumer = await anAdoptingConsumer();
    const before = consumer.adopted();

    await consumer.process(adoptionBatchOf(TOKEN, { ...adoption, at: Date.now() }));

    expect(consumer.adopted()).toEqual(before);
  });

  test("silences nothing of the future, whatever time it names", async () => {
    const consumer = await anAdoptingConsumer({ at: Date.now() + 365 * DAY });

    expect(consumer.adopted()?.adopted?.at).toBeLessThanOrEqual(Date.now());
  });

  test("cannot be made by who announces submissions", async () => {
    const consumer = aConsumer();

    await consumer.process(submissionBatchOf({ journey_application_token: TOKEN, adoption }));

    expect(consumer.state(TOKEN)).toMatchObject({ adopted: null });
  });

  test.each([
    ["leaves open when the application was submitted", {}, null],
    ["knows it from its file", { created_at: ADOPTED_AT - DAY }, ADOPTED_AT - DAY],
  ])("%s", async (_, fields, submittedAt) => {
    const consumer = aConsumer();

    await consumer.process(adoptionBatchOf(TOKEN, adoption, fields));

    expect(consumer.state(TOKEN)?.submittedAt).toBe(submittedAt);
  });
});

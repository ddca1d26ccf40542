import { describe, expect, test } from "vitest";

import { statusOf } from "../../../lambdas/domain/application/application-state.ts";
import { correctionBody } from "../../../lambdas/domain/application/correction.ts";
import { METRICS } from "../../../lambdas/settings/metrics.ts";
import { adoptionBatchOf } from "../../support/adoption.ts";
import { aConsumer, envelopeBatchOf, pollBatchOf } from "../../support/consumer.ts";
import { batchOf, webhookOf } from "../../../tools/cloud-in-memory/builders.ts";

const TOKEN = "JA-exampleAdopted0001";
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const ADOPTED_AT = Date.now() - 2 * HOUR;
const adoption = { at: ADOPTED_AT, publishes: false };

/** Decided long before the adoption, and after it. */
const oldApproval = webhookOf("completed_application", TOKEN, ADOPTED_AT - 30 * DAY);
const newApproval = webhookOf("completed_application", TOKEN, ADOPTED_AT + HOUR);

function countingConsumer() {
  const counts = new Map<string, number>();
  const consumer = aConsumer({
    metrics: {
      count(name, value = 1, dimensions = {}) {
        const key = [name, ...Object.values(dimensions)].join(" ");
        counts.set(key, (counts.get(key) ?? 0) + value);
      },
      milliseconds(name) {
        counts.set(name, (counts.get(name) ?? 0) + 1);
      },
      flush() {},
    },
  });
  return { ...consumer, counts };
}

describe("an adopted application", () => {
  test("is known, is checked at once, and is not counted as submitted", async () => {
    const consumer = countingConsumer();

    await consumer.process(adoptionBatchOf(TOKEN, adoption));

    const kept = consumer.store.applications.get(TOKEN);
    expect(kept?.state.adopted).toEqual(adoption);
    expect(kept?.dueAt).toBeLessThanOrEqual(Date.now());
    expect([...consumer.counts.keys()].filter((key) => key.includes("submitted"))).toEqual([]);
  });

  test("has its old decision recorded and merged, and neither published nor counted", async () => {
    const consumer = countingConsumer();
    await consumer.process(adoptionBatchOf(TOKEN, adoption));

    await consumer.process(pollBatchOf(oldApproval));

    const state = consumer.store.applications.get(TOKEN)?.state;
    expect(state === undefined ? null : statusOf(state)).toBe("completed");
    expect(consumer.store.events.size).toBe(1);
    expect(consumer.published).toEqual([]);
    const { counts } = consumer;
    const { applicationsByOutcome, timeToDecision, eventsHealed, eventsLate } = METRICS;
    const counted = [applicationsByOutcome, timeToDecision, eventsHealed, eventsLate];
    expect(
      [...counts.keys()].filter((key) => counted.some((name) => key.startsWith(name))),
    ).toEqual([]);
  });

  test("has a decision after the adoption published, by webhook and by the poller", async () => {
    for (const batch of [batchOf([newApproval]), pollBatchOf(newApproval)]) {
      const consumer = aConsumer();
      await consumer.process(adoptionBatchOf(TOKEN, adoption));

      await consumer.process(batch);
      await consumer.process(batchOf([newApproval]));

      expect(consumer.published).toMatchObject([{ route: "approved" }]);
    }
  });

  test("has its old decision published once when the adoption asks for that, and still not counted", async () => {
    const consumer = countingConsumer();
    await consumer.process(adoptionBatchOf(TOKEN, { ...adoption, publishes: true }));

    await consumer.process(pollBatchOf(oldApproval));
    await consumer.process(pollBatchOf(oldApproval));

    expect(consumer.published).toMatchObject([{ route: "approved" }]);
    expect([...consumer.counts.keys()].some((key) => key.endsWith("approved"))).toBe(false);
  });

  test("has a decision published that Alloy still delivers, also after the poller brought it silently", async () => {
    const consumer = aConsumer();
    const shortlyBefore = webhookOf("completed_application", TOKEN, ADOPTED_AT - HOUR);
    await consumer.process(adoptionBatchOf(TOKEN, adoption));
    await consumer.process(pollBatchOf(shortlyBefore));
    expect(consumer.published).toEqual([]);

    await consumer.process(batchOf([shortlyBefore]));
    await consumer.process(batchOf([shortlyBefore]));

    expect(consumer.published).toMatchObject([{ route: "approved", origin: "webhook" }]);
  });

  test("has no old decision published when a captured webhook of it is sent again", async () => {
    const consumer = aConsumer();
    await consumer.process(adoptionBatchOf(TOKEN, adoption));
    await consumer.process(pollBatchOf(oldApproval));

    await consumer.process(batchOf([oldApproval]));

    expect(consumer.published).toEqual([]);
  });

  test("has its old decision published when an operator forces that", async () => {
    const consumer = aConsumer();
    await consumer.process(adoptionBatchOf(TOKEN, adoption));
    await consumer.process(pollBatchOf(oldApproval));

    const replay = { kind: "replay", receiptId: "replay-1", body: oldApproval } as const;
    await consumer.process(envelopeBatchOf(replay));
    expect(consumer.published).toEqual([]);
    await consumer.process(envelopeBatchOf({ ...replay, force: true }));

    expect(consumer.published).toMatchObject([{ route: "approved", origin: "replay" }]);
  });

  test("has no old status published that only Alloy's answer says, and a newer one published", async () => {
    for (const [at, published] of [
      [ADOPTED_AT - DAY, []],
      [ADOPTED_AT + HOUR, [{ route: "expired" }]],
    ] as const) {
      const consumer = aConsumer();
      await consumer.process(adoptionBatchOf(TOKEN, adoption));

      await consumer.process(pollBatchOf(expiredAt(at)));

      expect(consumer.published).toMatchObject(published);
      const state = consumer.store.applications.get(TOKEN)?.state;
      expect(state === undefined ? null : statusOf(state)).toBe("expired");
    }
  });

  test("passes its adoption on to a rerun of its history, and not to a newer one", async () => {
    for (const [at, adopted] of [
      [ADOPTED_AT - DAY, adoption],
      [ADOPTED_AT + HOUR, null],
    ] as const) {
      const consumer = aConsumer();
      await consumer.process(adoptionBatchOf(TOKEN, adoption));
      await consumer.process(pollBatchOf(webhookOf("started_rerun_application", TOKEN, at)));
      const others = [...consumer.store.applications.values()].filter(
        ({ state }) => state.applicationToken !== TOKEN,
      );
      expect(others.map(({ state }) => state.adopted)).toEqual([adopted]);
    }
  });
});

describe("an adoption", () => {
  test("does not silence an application that is known already", async () => {
    const consumer = aConsumer();
    const started = webhookOf("started_application", TOKEN, ADOPTED_AT - HOUR);
    await consumer.process(batchOf([started]));
    await consumer.process(adoptionBatchOf(TOKEN, adoption));

    await consumer.process(
      pollBatchOf(webhookOf("completed_application", TOKEN, ADOPTED_AT - HOUR / 2)),
    );

    expect(consumer.store.applications.get(TOKEN)?.state.adopted).toBeNull();
    expect(consumer.published.map(({ route }) => route)).toEqual(["progressed", "approved"]);
  });

  test("changes nothing the second time, and keeps the first one's time", async () => {
    const consumer = aConsumer();
    await consumer.process(adoptionBatchOf(TOKEN, adoption));
    const before = consumer.store.applications.get(TOKEN)?.state;

    await consumer.process(adoptionBatchOf(TOKEN, { ...adoption, at: Date.now() }));

    expect(consumer.store.applications.get(TOKEN)?.state).toEqual(before);
  });

  test("silences nothing of the future, whatever time it names", async () => {
    const consumer = aConsumer();

    await consumer.process(adoptionBatchOf(TOKEN, { ...adoption, at: Date.now() + 365 * DAY }));

    expect(consumer.store.applications.get(TOKEN)?.state.adopted?.at).toBeLessThanOrEqual(
      Date.now(),
    );
  });

  test("cannot be made by who announces submissions", async () => {
    const consumer = aConsumer();
    const { Records } = batchOf([""]);
    const forged = {
      v: 1,
      kind: "submission",
      receiptId: "bus-1",
      receivedAt: new Date().toISOString(),
      submission: { journey_application_token: TOKEN, adoption },
    };

    await consumer.process({
      Records: Records.map((record) => ({ ...record, body: JSON.stringify(forged) })),
    });

    expect(consumer.store.applications.get(TOKEN)?.state.adopted).toBeNull();
  });

  test("leaves open when the application was submitted, unless its file says so", async () => {
    for (const [fields, submittedAt] of [
      [{}, null],
      [{ created_at: ADOPTED_AT - DAY }, ADOPTED_AT - DAY],
    ] as const) {
      const consumer = aConsumer();
      await consumer.process(adoptionBatchOf(TOKEN, adoption, fields));
      expect(consumer.store.applications.get(TOKEN)?.state.submittedAt).toBe(submittedAt);
    }
  });
});

function expiredAt(at: number): string {
  return correctionBody({
    snapshot: {
      applicationToken: TOKEN,
      journeyToken: "J-exampleJourney0000001",
      status: "expired",
      outcome: null,
      at,
      environment: "sandbox",
      externalIds: { group: null, partner: null, application: null },
      chain: { previous: null, root: null, next: null },
      isShadow: false,
    },
    askedAt: Date.now(),
    basis: null,
    since: null,
    settles: true,
    confirms: null,
    mayComeBack: false,
    news: "status",
    reruns: [],
  });
}

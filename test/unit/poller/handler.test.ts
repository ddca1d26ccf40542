import { describe, expect, test } from "vitest";

import { parseWebhook } from "../../../lambdas/domain/event/parse-webhook.ts";
import { METRICS } from "../../../lambdas/settings/metrics.ts";
import { aJourneyEvent } from "../../support/journey-event.ts";
import { aPoller, recordOf, START, withRecorded } from "../../support/poller.ts";
import { alloyAnswer } from "../../../tools/cloud-in-memory/builders.ts";
import { POLLER_SETTINGS } from "../../../tools/cloud-in-memory/runtime.ts";
import type { StoredApplication } from "../../support/poller.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const started = aJourneyEvent({ type: "started_application", at: START - 20 * MINUTE });
const review = aJourneyEvent({ type: "pending_review", at: START - 18 * MINUTE });
const completed = aJourneyEvent({
  type: "completed_application",
  at: START - 16 * MINUTE,
  outcome: "Approved",
});

function one(stored: StoredApplication): Map<string, StoredApplication> {
  return new Map([["JA-1", stored]]);
}

describe("the poller", () => {
  test("queues exactly what Alloy has and we have not", async () => {
    const applications = one(withRecorded([started]));
    const poller = aPoller(applications, {
      answer: (token) => alloyAnswer(token, [started, review, completed]),
    });

    await poller.run();

    const queued = poller.sent.map(({ body }) => parseWebhook(body ?? ""));
    expect(queued).toMatchObject([
      { kind: "journey-event", event: { eventId: review.eventId, environment: "sandbox" } },
      { kind: "journey-event", event: { eventId: completed.eventId, outcome: "Approved" } },
    ]);
    expect(poller.sent.every(({ kind }) => kind === "poll")).toBe(true);
    expect(poller.metric(METRICS.eventsMissing)).toBe(2);
    expect(poller.metric(METRICS.deliveryGaps)).toBe(1);
  });

  test("queues nothing that configuration asks to drop", async () => {
    const visited = aJourneyEvent({ type: "visited_node", at: START - 19 * MINUTE });
    const poller = aPoller(one(withRecorded([started])), {
      answer: (token) => alloyAnswer(token, [started, visited]),
    });

    await poller.run();

    expect(poller.sent).toEqual([]);
    expect(poller.metric(METRICS.eventsMissing)).toBe(0);
  });

  test("leaves alone what may still be in flight, and looks again when it no longer may", async () => {
    const fresh = aJourneyEvent({ type: "pending_review", at: START - 1 * MINUTE });
    const applications = one(withRecorded([started]));
    const poller = aPoller(applications, {
      answer: (token) => alloyAnswer(token, [started, fresh]),
    });

    await poller.run();

    expect(poller.sent).toEqual([]);
    expect(applications.get("JA-1")?.dueAt).toBe(fresh.at + POLLER_SETTINGS.gaps.graceMs);
  });

  test("puts a check off while webhooks are coming in, without a call", async () => {
    const fresh = aJourneyEvent({ type: "pending_review", at: START - 1 * MINUTE });
    const applications = one(withRecorded([started, fresh]));
    const poller = aPoller(applications, { answer: (token) => alloyAnswer(token, []) });

    await poller.run();

    expect(poller.calls).toEqual([]);
    expect(applications.get("JA-1")).toMatchObject({
      dueAt: START + 9 * MINUTE,
      memory: { reschedules: 1 },
    });
  });

  test("settles a final application by its last check", async () => {
    const applications = one(withRecorded([started, completed]));
    const poller = aPoller(applications, {
      answer: (token) => alloyAnswer(token, [started, completed], { status: "completed" }),
    });

    await poller.run();
    const { dueAt } = applications.get("JA-1") ?? {};
    poller.advance(25 * HOUR);
    await poller.run();

    expect(dueAt).toBe(completed.at + 25 * HOUR);
    expect(applications.get("JA-1")?.dueAt).toBeNull();
    expect(poller.sent).toEqual([]);
  });

  test("counts a run that found nothing to do, and every metric of an alarm with it", async () => {
    const poller = aPoller(new Map(), { answer: (token) => alloyAnswer(token, []) });

    await poller.run();

    expect(poller.metric(METRICS.pollerRuns)).toBe(1);
    expect(poller.metric(METRICS.deliveryGaps)).toBe(0);
    expect(poller.metric(METRICS.transitionsUnheard)).toBe(0);
    expect(poller.metric(METRICS.applicationsBehind)).toBe(0);
    expect(poller.flushes()).toBe(1);
  });

  test("counts once an event whose webhook never came", async () => {
    const applications = one(
      withRecorded([started, review], {
        events: [recordOf(started), recordOf(review, { origin: "poll" })],
      }),
    );
    const poller = aPoller(applications, {
      answer: (token) => alloyAnswer(token, [started, review]),
    });

    await poller.run();
    poller.advance(24 * HOUR);
    await poller.run();

    expect(poller.calls).toHaveLength(2);
    expect(poller.metric(METRICS.transitionsUnheard)).toBe(1);
  });

  test("goes on with the others when one application cannot be checked", async () => {
    const applications = new Map(
      ["JA-1", "JA-2", "JA-3"].map((token, index) => {
        const event = aJourneyEvent({ applicationToken: token, at: START - 20 * MINUTE });
        return [token, withRecorded([event], { dueAt: START - 3 + index })];
      }),
    );
    const poller = aPoller(applications, {
      answer(token) {
        if (token === "JA-1") throw new Error("a bug");
        return alloyAnswer(token, []);
      },
    });

    const report = await poller.run();

    expect(report).toMatchObject({ due: 3, checked: 2, failed: 1 });
    expect(poller.metric(METRICS.pollerRuns)).toBe(1);
  });

  test("leaves what another run has claimed to it, at no call", async () => {
    const applications = one(withRecorded([started], { claimedUntil: START + 30_000 }));
    const poller = aPoller(applications, { answer: (token) => alloyAnswer(token, [started]) });

    const report = await poller.run();

    expect(report).toMatchObject({ due: 1, taken: 1, left: 0 });
    expect(poller.calls).toEqual([]);
  });

  test("counts what comes in while it asks Alloy as come after the check", async () => {
    const applications = one(withRecorded([started]));
    const poller = aPoller(applications, {
      callMs: 4_000,
      answer: (token) => alloyAnswer(token, [started]),
    });

    await poller.run();

    expect(applications.get("JA-1")?.memory.checkedAt).toBe(START);
  });

  test("puts what fails in each run behind the others, so that it cannot use up a run", async () => {
    const tokens = ["JA-1", "JA-2"];
    const applications = new Map(
      tokens.map((token, index) => {
        const event = aJourneyEvent({ applicationToken: token, at: START - 20 * MINUTE });
        return [token, withRecorded([event], { dueAt: START - 2 + index })];
      }),
    );
    const asked: string[] = [];
    const poller = aPoller(applications, {
      answer(token) {
        asked.push(token);
        if (token === "JA-1") throw new Error("a bug");
        return alloyAnswer(token, []);
      },
      changes: { polling: { ...POLLER_SETTINGS.polling, callsPerRun: 1 } },
    });

    for (let run = 0; run < 3; run += 1) {
      await poller.run();
      poller.advance(POLLER_SETTINGS.polling.rateMs);
    }

    expect(asked).toEqual(["JA-1", "JA-2", "JA-1"]);
  });

  test("tells of a status that nobody knows, at each answer that has it", async () => {
    const applications = one(withRecorded([started]));
    const poller = aPoller(applications, {
      answer: (token) => alloyAnswer(token, [started], { status: "withdrawn" }),
    });

    await poller.run();

    expect(poller.metric(METRICS.statusesUnrecognised)).toBe(1);
    expect(poller.logs).toContainEqual({
      code: "poller.application.status-unrecognised",
      fields: { applicationToken: "JA-1", status: "withdrawn" },
    });
    expect(applications.get("JA-1")?.dueAt).toBeGreaterThan(poller.now());
  });

  test("names an end that is withheld while nobody knows the status, and goes on asking", async () => {
    const failed = aJourneyEvent({ type: "error", at: completed.at + 1_000 });
    const known = withRecorded([started, completed, failed]);
    const events = known.events.map((one) => ({ ...one, isWithheld: one.type === "error" }));
    const applications = one({ ...known, events });
    const poller = aPoller(applications, {
      answer: (token) => alloyAnswer(token, [started, completed, failed], { status: "withdrawn" }),
    });
    poller.advance(30 * 24 * 3_600_000);

    await poller.run();

    expect(poller.logs).toContainEqual({
      code: "poller.end.left-open",
      fields: { applicationToken: "JA-1", eventId: failed.eventId, ends: 1 },
    });
    expect(applications.get("JA-1")?.dueAt).toBeGreaterThan(poller.now());
  });

  test("names an id that two events of Alloy's list share", async () => {
    const [one1, other] = ["1", "2"].map((eventToken) => ({ ...completed, eventToken }));
    if (one1 === undefined || other === undefined) throw new Error("unreachable");
    const poller = aPoller(one(withRecorded([started, completed])), {
      answer: (token) =>
        alloyAnswer(token, [started, one1, other], { status: "completed", outcome: "Approved" }),
    });

    await poller.run();

    expect(poller.logs).toContainEqual({
      code: "poller.application.shared-ids",
      fields: { applicationToken: "JA-1", eventId: completed.eventId, ids: 1 },
    });
    expect(poller.sent).toEqual([]);
  });

  test("leaves an application of another environment alone, and counts it", async () => {
    const applications = one(withRecorded([started]));
    const poller = aPoller(applications, {
      answer: (token) =>
        alloyAnswer(token, [started, review, completed], { status: "completed", sandbox: false }),
    });

    await poller.run();

    expect(poller.sent).toEqual([]);
    expect(poller.notices).toEqual([]);
    expect(poller.metric(METRICS.environmentMixed)).toBe(1);
    expect(poller.metric(METRICS.deliveryGaps)).toBe(0);
    expect(applications.get("JA-1")).toMatchObject({ gap: null });
  });

  test("asked how Alloy answers, calls it once, and counts and plans nothing", async () => {
    const applications = one(withRecorded([started]));
    const poller = aPoller(applications, { answer: () => ({ kind: "unauthorized" }) });

    expect(await poller.probe()).toEqual({ dryRun: true, probe: "unauthorized" });
    expect(poller.calls).toHaveLength(1);
    expect(poller.sent).toEqual([]);
    expect(poller.metric(METRICS.alloyCalls)).toBeUndefined();
  });
});

import { describe, expect, test } from "vitest";

import { parseWebhook } from "../../../lambdas/domain/event/parse-webhook.ts";
import { NEVER_CHECKED } from "../../../lambdas/domain/polling/polling-ports.ts";
import { METRICS } from "../../../lambdas/settings/metrics.ts";
import { aJourneyEvent } from "../../support/journey-event.ts";
import {
  afterRun,
  aPoller,
  aPollerOf,
  HOUR,
  MINUTE,
  openApplications,
  recordOf,
  START,
  withRecorded,
} from "../../support/poller.ts";
import { alloyAnswer } from "../../../tools/cloud-in-memory/builders.ts";
import { POLLER_SETTINGS } from "../../../tools/cloud-in-memory/runtime.ts";

const started = aJourneyEvent({ type: "started_application", at: START - 20 * MINUTE });
const review = aJourneyEvent({ type: "pending_review", at: START - 18 * MINUTE });
const completed = aJourneyEvent({
  type: "completed_application",
  at: START - 16 * MINUTE,
  outcome: "Approved",
});

describe("the poller", () => {
  test("queues exactly what Alloy has and we have not", async () => {
    const poller = await afterRun(withRecorded([started]), [started, review, completed]);

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
    const poller = await afterRun(withRecorded([started]), [started, visited]);

    expect(poller.sent).toEqual([]);
    expect(poller.metric(METRICS.eventsMissing)).toBeUndefined();
  });

  test("leaves alone what may still be in flight, and looks again when it no longer may", async () => {
    const fresh = aJourneyEvent({ type: "pending_review", at: START - 1 * MINUTE });
    const poller = await afterRun(withRecorded([started]), [started, fresh]);

    expect(poller.sent).toEqual([]);
    expect(poller.nextCheckAt()).toBe(fresh.at + POLLER_SETTINGS.gaps.graceMs);
  });

  describe("a next check that is at most three runs away", () => {
    const recent = aJourneyEvent({ type: "pending_review", at: START - 13 * MINUTE });
    const waiting = { says: { status: "waiting_review" } };

    test("stays where it is in the index, and is made at its time", async () => {
      const poller = await afterRun(withRecorded([recent]), [recent], waiting);
      const next = poller.nextCheckAt() ?? 0;
      expect(poller.stored().dueAt).toBe(START);
      expect(next).toBeGreaterThan(START + 5 * MINUTE);
      expect(next).toBeLessThanOrEqual(START + 15 * MINUTE);

      expect(await poller.runAfter(5 * MINUTE)).toMatchObject({ rescheduled: 1, checked: 0 });
      expect(poller.calls).toHaveLength(1);
      expect(await poller.runAfter(next - poller.now())).toMatchObject({ checked: 1 });
      expect(poller.stored().memory.wait).toBeNull();
      expect(poller.stored().dueAt).toBeGreaterThan(poller.now());
    });

    test("is made at once when somebody asks for it, also in the moment of the check before", async () => {
      const poller = await afterRun(withRecorded([recent]), [recent], waiting);
      // The request was dated before the check, and stored after it.
      poller.change({ dueAt: START + 1 });

      expect(await poller.run()).toMatchObject({ checked: 1 });
    });

    test("moves in the index when the run could not list all that is due", async () => {
      const changes = { polling: { ...POLLER_SETTINGS.polling, callsPerRun: 1 } };
      const poller = await afterRun(withRecorded([recent]), [recent], { ...waiting, changes });

      expect(poller.stored().dueAt).toBeGreaterThan(START + 5 * MINUTE);
      expect(poller.stored().memory.wait).toBeNull();
    });

    test("moves in the index after one that failed", async () => {
      const memory = { ...NEVER_CHECKED, failedChecks: 1 };
      const poller = await afterRun(withRecorded([recent], { memory }), [recent], waiting);

      expect(poller.stored()).toMatchObject({ hasFailed: false, memory: { wait: null } });
      expect(poller.stored().dueAt).toBeGreaterThan(START + 5 * MINUTE);
    });
  });

  test("puts a check off while webhooks are coming in, without a call", async () => {
    const fresh = aJourneyEvent({ type: "pending_review", at: START - 1 * MINUTE });
    const poller = await afterRun(withRecorded([started, fresh]), []);

    expect(poller.calls).toEqual([]);
    // It stays due: to move it in the index would cost three write units, and the next run looks at it again.
    expect(poller.stored()).toMatchObject({ dueAt: START, memory: { reschedules: 0 } });
  });

  test("checks an application in which something happens all the time, an hour after it was due", async () => {
    const fresh = aJourneyEvent({ type: "pending_review", at: START - 1 * MINUTE });
    const stored = withRecorded([started, fresh]);
    const poller = await afterRun({ ...stored, dueAt: START - HOUR }, [started]);

    expect(poller.calls).toHaveLength(1);
  });

  test("settles a final application by its last check", async () => {
    const poller = await afterRun(withRecorded([started, completed]), [started, completed], {
      says: { status: "completed" },
    });
    const { dueAt } = poller.stored();
    await poller.runAfter(25 * HOUR);

    expect(dueAt).toBe(completed.at + 25 * HOUR);
    expect(poller.stored().dueAt).toBeNull();
    expect(poller.sent).toEqual([]);
  });

  test("counts a run that found nothing to do, and writes no other metric, each of which is paid by the hour", async () => {
    const poller = aPoller(new Map(), { answer: (token) => alloyAnswer(token, []) });

    await poller.run();

    const counted = Object.values(METRICS).filter((name) => poller.metric(name) !== undefined);
    expect(counted).toEqual([METRICS.pollerRuns]);
    expect(poller.flushes()).toBe(1);
  });

  test("counts once an event whose webhook never came", async () => {
    const events = [recordOf(started), recordOf(review, { origin: "poll" })];
    const stored = withRecorded([started, review], { events });
    const poller = await afterRun(stored, [started, review]);
    await poller.runAfter(24 * HOUR);

    expect(poller.calls).toHaveLength(2);
    expect(poller.metric(METRICS.transitionsUnheard)).toBe(1);
  });

  test("goes on with the others when one application cannot be checked", async () => {
    const applications = openApplications("JA-1", "JA-2", "JA-3");
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
    const { report, ...poller } = await afterRun(
      withRecorded([started], { claimedUntil: START + 30_000 }),
      [started],
    );

    expect(report).toMatchObject({ due: 1, taken: 1, left: 0 });
    expect(poller.calls).toEqual([]);
  });

  test("counts what comes in while it asks Alloy as come after the check", async () => {
    const poller = await afterRun(withRecorded([started]), [started], { callMs: 4_000 });

    expect(poller.stored().memory.checkedAt).toBe(START);
  });

  test("puts what fails in each run behind the others, so that it cannot use up a run", async () => {
    const applications = openApplications("JA-1", "JA-2");
    const asked: string[] = [];
    const poller = aPoller(applications, {
      answer(token) {
        asked.push(token);
        if (token === "JA-1") throw new Error("a bug");
        return alloyAnswer(token, []);
      },
      changes: { polling: { ...POLLER_SETTINGS.polling, callsPerRun: 1 } },
    });

    await poller.runs(3);

    expect(asked).toEqual(["JA-1", "JA-2", "JA-1"]);
  });

  test("tells of a status that nobody knows, at each answer that has it", async () => {
    const poller = await afterRun(withRecorded([started]), [started], {
      says: { status: "withdrawn" },
    });

    expect(poller.metric(METRICS.statusesUnrecognised)).toBe(1);
    expect(poller.logs).toContainEqual({
      code: "poller.application.status-unrecognised",
      fields: { applicationToken: "JA-1", status: "withdrawn" },
    });
    expect(poller.nextCheckAt()).toBeGreaterThan(poller.now());
  });

  test("names an end that is withheld while nobody knows the status, and goes on asking", async () => {
    const failed = aJourneyEvent({ type: "error", at: completed.at + 1_000 });
    const known = withRecorded([started, completed, failed]);
    const events = known.events.map((one) => ({ ...one, isWithheld: one.type === "error" }));
    const poller = aPollerOf({ ...known, events }, [started, completed, failed], {
      says: { status: "withdrawn" },
    });

    await poller.runAfter(30 * 24 * HOUR);

    expect(poller.logs).toContainEqual({
      code: "poller.end.left-open",
      fields: { applicationToken: "JA-1", eventId: failed.eventId, ends: 1 },
    });
    expect(poller.nextCheckAt()).toBeGreaterThan(poller.now());
  });

  test("names an id that two events of Alloy's list share", async () => {
    const both = ["1", "2"].map((eventToken) => ({ ...completed, eventToken }));
    const poller = await afterRun(withRecorded([started, completed]), [started, ...both], {
      says: { status: "completed", outcome: "Approved" },
    });

    expect(poller.logs).toContainEqual({
      code: "poller.application.shared-ids",
      fields: { applicationToken: "JA-1", eventId: completed.eventId, ids: 1 },
    });
    expect(poller.sent).toEqual([]);
  });

  test("leaves an application of another environment alone, and counts it", async () => {
    const poller = await afterRun(withRecorded([started]), [started, review, completed], {
      says: { status: "completed", sandbox: false },
    });

    expect(poller.sent).toEqual([]);
    expect(poller.notices).toEqual([]);
    expect(poller.metric(METRICS.environmentMixed)).toBe(1);
    expect(poller.metric(METRICS.deliveryGaps)).toBeUndefined();
    expect(poller.stored()).toMatchObject({ gap: null });
  });

  test("asked how Alloy answers, calls it once, and counts and plans nothing", async () => {
    const poller = aPollerOf(withRecorded([started]), () => ({ kind: "unauthorized" }));

    expect(await poller.probe()).toEqual({ dryRun: true, probe: "unauthorized" });
    expect(poller.calls).toHaveLength(1);
    expect(poller.sent).toEqual([]);
    expect(poller.metric(METRICS.alloyCalls)).toBeUndefined();
  });
});

import { describe, expect, test } from "vitest";

import {
  stateOfEvent,
  stateOfSubmission,
} from "../../../lambdas/domain/application/observation.ts";
import { parseCorrection } from "../../../lambdas/domain/application/correction.ts";
import type { JourneyEvent } from "../../../lambdas/domain/event/journey-event.ts";
import { METRICS } from "../../../lambdas/settings/metrics.ts";
import { aJourneyEvent } from "../../support/journey-event.ts";
import {
  afterRun,
  aPollerOf,
  failureOf,
  HOUR,
  MINUTE,
  recordOf,
  START,
  TIMED_OUT,
  withRecorded,
} from "../../support/poller.ts";
import type { StoredApplication } from "../../support/poller.ts";
import { aSubmission } from "../../support/snapshots.ts";

const started = aJourneyEvent({ type: "started_application", at: START - 20 * MINUTE });
const review = aJourneyEvent({ type: "pending_review", at: START - 18 * MINUTE });
const completed = aJourneyEvent({
  type: "completed_application",
  at: START - 16 * MINUTE,
  outcome: "Approved",
});

const failure = failureOf(review);
const retried = failureOf(review, { failedAt: START - MINUTE, deadLettered: false });

/** What Alloy says of an application whose last event is `review`. */
const waiting = { status: "waiting_review" };

/** A poller over one application, whose Journey is counted; Alloy has these events of it. */
const over = (
  stored: StoredApplication,
  atAlloy: readonly JourneyEvent[],
  says = waiting,
  journeys: readonly string[] = ["J-1"],
) => aPollerOf(stored, atAlloy, { says, changes: { journeys } });

/** The same after its first run. */
const checked = async (...of: Parameters<typeof over>) => {
  const poller = over(...of);
  return { ...poller, report: await poller.run() };
};

describe("a gap", () => {
  test("is opened, kept with the application, published and counted", async () => {
    const poller = await checked(withRecorded([started]), [started, review]);

    expect(poller.stored().gap).toMatchObject({ stage: "not-delivered", since: review.at });
    expect(poller.notices).toMatchObject([
      {
        change: "opened",
        applicationToken: "JA-1",
        journeyToken: "J-1",
        stage: "not-delivered",
        since: new Date(review.at).toISOString(),
        eventCount: 1,
        events: [{ eventId: review.eventId, eventType: "pending_review" }],
      },
    ]);
    expect(poller.metric(METRICS.deliveryGaps)).toBe(1);
    expect(poller.metric(METRICS.deliveryGaps, "not-delivered")).toBe(1);
    expect(poller.metric(METRICS.deliveryGaps, "J-1")).toBe(1);
  });

  test("is not counted by a Journey that configuration does not name", async () => {
    const poller = await checked(withRecorded([started]), [started, review], waiting, []);

    expect(poller.metric(METRICS.deliveryGaps)).toBe(1);
    expect(poller.metric(METRICS.deliveryGaps, "J-1")).toBeUndefined();
  });

  test("is not counted before the threshold", async () => {
    const fresh = aJourneyEvent({ type: "pending_review", at: START - 5 * MINUTE });
    const quiet = aJourneyEvent({ type: "started_application", at: START - 11 * MINUTE });
    const poller = await checked(withRecorded([quiet]), [quiet, fresh]);

    expect(poller.stored().gap?.stage).toBe("not-delivered");
    expect(poller.metric(METRICS.deliveryGaps)).toBeUndefined();
  });

  test("is closed with its duration when the events have come", async () => {
    const poller = await checked(withRecorded([started]), [started, review]);
    const both = withRecorded([started, review]);
    poller.change({
      state: both.state,
      events: [recordOf(started), recordOf(review, { origin: "poll" })],
    });

    await poller.runAfter(5 * MINUTE);

    expect(poller.stored().gap).toBeNull();
    expect(poller.notices[1]).toMatchObject({ change: "closed", gapId: poller.notices[0]?.gapId });
    expect(poller.notices[1]?.durationMs).toBeGreaterThan(23 * MINUTE);
    expect(poller.metric(METRICS.gapDuration)).toBe(poller.notices[1]?.durationMs);
    expect(poller.notices).toHaveLength(2);
  });

  test("says when it has moved to another stage", async () => {
    const poller = await checked(withRecorded([started]), [started, review]);
    poller.change({ failures: [failure] });

    await poller.runAfter(5 * MINUTE);

    expect(poller.notices.map(({ change: what, stage }) => `${what} ${stage}`)).toEqual([
      "opened not-delivered",
      "moved dead-lettered",
    ]);
    expect(new Set(poller.notices.map(({ gapId }) => gapId)).size).toBe(1);
  });

  test("is looked at again soon, and not so soon while it lasts", async () => {
    const poller = over(withRecorded([started], { failures: [failure] }), [started, review]);

    for (let runs = 0; runs < 24 * 12; runs += 1) await poller.runAfter(5 * MINUTE);

    expect(poller.calls.length).toBeGreaterThan(48);
    expect(poller.calls.length).toBeLessThan(60);
  });
});

describe("a gap that the bus does not hear of", () => {
  let isBusOut = true;

  function whileOut(stored: StoredApplication) {
    isBusOut = true;
    return aPollerOf(stored, [started, review], { says: waiting, isBusOut: () => isBusOut });
  }

  test("is kept and counted all the same, and told of by the next check, once", async () => {
    const poller = whileOut(withRecorded([started]));

    const report = await poller.run();
    const [kept, counted] = [poller.stored().gap, poller.metric(METRICS.deliveryGaps)];
    isBusOut = false;
    await poller.runAfter(30 * MINUTE);
    await poller.runAfter(30 * MINUTE);

    expect(report).toMatchObject({ checked: 1, failed: 0 });
    expect(kept).toMatchObject({ stage: "not-delivered", isUntold: true });
    expect(counted).toBe(1);
    expect(poller.notices).toMatchObject([{ change: "opened", gapId: kept?.gapId }]);
    expect(poller.stored().gap).not.toHaveProperty("isUntold");
  });

  test("does not end before the bus has heard of its end", async () => {
    const poller = whileOut(withRecorded([started]));
    isBusOut = false;
    await poller.run();
    const inGap = poller.stored().gap;
    const { state, events } = withRecorded([started, review]);
    poller.change({ state, events });

    isBusOut = true;
    const report = await poller.runAfter(5 * MINUTE);
    const kept = poller.stored().gap;
    isBusOut = false;
    await poller.runAfter(5 * MINUTE);

    expect(report).toMatchObject({ failed: 1 });
    expect(kept).toEqual(inGap);
    expect(poller.notices.map(({ change }) => change)).toEqual(["opened", "closed"]);
    expect(poller.stored().gap).toBeNull();
  });
});

describe("what is missing is queued", () => {
  test("again while nothing comes of it", async () => {
    const poller = await checked(withRecorded([started]), [started, review]);
    await poller.runAfter(5 * MINUTE);

    expect(poller.sent).toHaveLength(2);
  });

  test("not while its own failure is retried", async () => {
    const poller = await checked(withRecorded([started], { failures: [retried] }), [
      started,
      review,
    ]);

    expect(poller.sent).toEqual([]);
    expect(poller.stored().gap?.stage).toBe("failed-processing");
  });

  test("once a day when it is dead-lettered: its cause may be gone", async () => {
    const poller = await checked(withRecorded([started], { failures: [failure] }), [
      started,
      review,
    ]);
    const atOnce = poller.sent.length;
    await poller.runAfter(24 * HOUR);

    expect(atOnce).toBe(0);
    expect(poller.sent).toHaveLength(1);
  });
});

describe("an event that is recorded, and of which the rest failed", () => {
  const recorded = withRecorded([started, review]);

  test("is a gap while it is being retried, and is left to its retries", async () => {
    const poller = await checked({ ...recorded, failures: [retried] }, [started, review]);

    expect(poller.stored().gap).toMatchObject({
      stage: "failed-processing",
      since: review.at,
      eventCount: 1,
      evidence: "it is being retried: the bus is down",
    });
    expect(poller.sent).toEqual([]);
    expect(poller.metric(METRICS.eventsMissing)).toBeUndefined();
  });

  test("is dead-lettered when it is not retried any more, and tried again after a day", async () => {
    const poller = await checked({ ...recorded, failures: [failure] }, [started, review]);
    const atOnce = [poller.stored().gap?.stage, poller.sent.length];
    await poller.runAfter(24 * HOUR);

    expect(atOnce).toEqual(["dead-lettered", 0]);
    expect(poller.sent).toHaveLength(1);
    expect(poller.sent[0]?.body).toContain("pending_review");
  });

  test("is at its failure, not at the state that does not show it", async () => {
    const unmerged = { ...withRecorded([started]), events: recorded.events, failures: [failure] };
    const poller = await checked(unmerged, [started, review]);

    expect(poller.stored().gap).toMatchObject({ stage: "dead-lettered", eventCount: 1 });
  });

  test("heals when its evidence is gone", async () => {
    const poller = await checked({ ...recorded, failures: [failure] }, [started, review]);
    poller.change({ failures: [] });

    await poller.runAfter(HOUR);

    expect(poller.stored().gap).toBeNull();
    expect(poller.notices.map((notice) => `${notice.change} ${notice.stage}`)).toEqual([
      "opened dead-lettered",
      "closed dead-lettered",
    ]);
  });

  test("is none when it is another event that failed", async () => {
    const other = { ...failure, eventId: "f".repeat(32) };
    const poller = await checked({ ...recorded, failures: [other] }, [started, review]);

    expect(poller.notices).toEqual([]);
  });
});

describe("an event that is recorded but not applied", () => {
  const events = [recordOf(started), recordOf(completed)];
  const behind = { ...withRecorded([started]), events };
  const answer = { status: "completed", complete_outcome: "Approved" };

  test("is a gap, and is queued again", async () => {
    const poller = await checked(behind, [started, completed], answer);

    expect(poller.stored().gap).toMatchObject({ stage: "not-applied", eventCount: 1 });
    expect(poller.sent).toHaveLength(1);
    expect(poller.sent[0]?.body).toContain("completed_application");
  });

  test("is corrected by Alloy's own word when that did not help", async () => {
    const poller = await checked(behind, [started, completed], answer);
    await poller.runAfter(5 * MINUTE);

    expect(parseCorrection(poller.sent[1]?.body ?? "")).toMatchObject({
      correction: { news: "status", snapshot: { status: "completed", outcome: "Approved" } },
    });
  });

  test("is none while it may still be on its way into the state", async () => {
    const fresh = recordOf(completed, { receivedAt: START - MINUTE });
    const poller = await checked(
      { ...behind, events: [recordOf(started), fresh] },
      [started, completed],
      answer,
    );

    expect(poller.stored().gap).toBeNull();
  });
});

test("a late webhook is published once, as a gap that is over", async () => {
  const late = recordOf(review, { receivedAt: review.at + 10 * MINUTE });
  const stored = { ...withRecorded([started, review]), events: [recordOf(started), late] };

  const poller = await checked(stored, [started, review]);
  await poller.runAfter(24 * HOUR);

  expect(poller.notices).toMatchObject([
    { change: "closed", stage: "late", durationMs: 10 * MINUTE },
  ]);
  expect(poller.metric(METRICS.deliveryGaps)).toBeUndefined();
});

test("an event that Alloy dates in the future is healed at once, and puts no check off until then", async () => {
  const dated = aJourneyEvent({ type: "pending_review", at: START + 365 * 24 * HOUR });

  const poller = await checked(withRecorded([started]), [started, dated]);
  const queued = poller.sent.length;
  const both = withRecorded([started, dated]);
  const events = [recordOf(started), recordOf(dated, { origin: "poll" })];
  poller.change({ state: both.state, events });

  await poller.runAfter(HOUR);

  expect(queued).toBe(1);
  expect(poller.stored().gap).toBeNull();
  expect(poller.stored().dueAt).toBeLessThan(START + 2 * HOUR);
  expect(poller.metric(METRICS.transitionsUnheard)).toBeUndefined();
});

describe("a submission of which nothing has come", () => {
  const state = stateOfSubmission(aSubmission({ submittedAt: START - 20 * MINUTE }));
  const stored = { ...withRecorded([started]), state, events: [] };

  test("is a gap even when Alloy cannot be asked", async () => {
    const poller = await afterRun(stored, () => TIMED_OUT);

    expect(poller.notices).toMatchObject([{ change: "opened", stage: "not-delivered" }]);
    expect(poller.metric(METRICS.deliveryGaps)).toBe(1);
  });

  test("is a gap of all its events when Alloy has some", async () => {
    const poller = await checked(stored, [started, review]);

    expect(poller.stored().gap?.eventCount).toBe(2);
    expect(poller.sent).toHaveLength(2);
  });

  test("is none when Alloy has nothing to tell of it either", async () => {
    const poller = await checked(stored, []);

    expect(poller.notices).toEqual([]);
  });
});

test("an application of which records have expired is not in gap because of them", async () => {
  const poller = over(withRecorded([review], { dueAt: START }), [started, review]);
  const expired = aPollerOf(withRecorded([review]), [started, review], {
    changes: { eventRetentionMs: 19 * MINUTE },
  });

  await poller.run();
  await expired.run();

  expect(poller.stored().gap?.stage).toBe("not-delivered");
  expect(expired.notices).toEqual([]);
});

test("a dry run tells what it would do, and does nothing", async () => {
  const before = withRecorded([started]);
  const poller = over(before, [started, review]);

  const report = await poller.dryRun();

  expect(report).toMatchObject({
    dryRun: true,
    due: 1,
    applications: [{ applicationToken: "JA-1", missing: 1, toQueue: 1, gapStage: "not-delivered" }],
  });
  expect(poller.stored()).toEqual(before);
  expect(poller.sent).toEqual([]);
  expect(poller.notices).toEqual([]);
  expect(poller.metrics.size).toBe(0);
});

describe("an application whose Journey is not accepted any more", () => {
  test("is let go, at no call: the consumer would drop whatever is found", async () => {
    const { report, ...poller } = await checked(
      withRecorded([started]),
      [started, review],
      waiting,
      ["J-2"],
    );

    expect(report).toMatchObject({ due: 1, ignored: 1 });
    expect(poller.stored()).toMatchObject({ dueAt: null, gap: null });
    expect([poller.calls, poller.sent, poller.notices]).toEqual([[], [], []]);
  });

  test("has its gap given up", async () => {
    const poller = await checked(withRecorded([started]), [started, review]);
    const inGap = { ...poller.stored(), dueAt: START };
    const after = await checked(inGap, [started, review], waiting, ["J-2"]);

    expect(after.notices).toMatchObject([{ change: "given-up", stage: "not-delivered" }]);
    expect(after.metric(METRICS.deliveryGaps)).toBeUndefined();
  });

  test("is checked as ever when its Journey is accepted", async () => {
    const running = { status: "running" };
    const poller = over(withRecorded([started]), [started], running, ["J-2", "J-1"]);

    expect(await poller.run()).toMatchObject({ checked: 1, ignored: 0 });
  });
});

test("an application that is open for months is counted as stale, and nothing else happens to it", async () => {
  const old = aJourneyEvent({ type: "pending_review", at: START - 40 * 24 * HOUR });
  const poller = await checked(withRecorded([old]), [old], { status: "waiting_review" });

  expect(poller.metric(METRICS.applicationsStale)).toBe(1);
  expect(poller.notices).toEqual([]);
  expect(poller.stored().dueAt).toBeGreaterThan(START);
  expect(stateOfEvent(old).progress?.status).toBe("waiting_review");
});

import { describe, expect, test } from "vitest";

import { tallyOf } from "../../../lambdas/domain/reconciliation/tally.ts";
import { aJourneyEvent } from "../../support/journey-event.ts";
import {
  afterRun,
  failureOf,
  HOUR,
  MINUTE,
  recordOf,
  START,
  withRecorded,
} from "../../support/poller.ts";
import type { StoredApplication } from "../../support/poller.ts";

const started = aJourneyEvent({ type: "started_application", at: START - 40 * MINUTE });
const review = aJourneyEvent({ type: "pending_review", at: START - 30 * MINUTE });
const approved = aJourneyEvent({
  type: "completed_application",
  at: START - 20 * MINUTE,
  outcome: "Approved",
});
const ALL = [started, review, approved];
const says = { status: "completed", complete_outcome: "Approved" };

const sumOf = (events: typeof ALL) => events.reduce((sum, event) => sum + tallyOf(event), 0);

/** An application whose three events were merged in time. */
const tallied = (changes: Partial<StoredApplication> = {}) =>
  withRecorded(ALL, { tally: sumOf(ALL), ...changes });

describe("an application whose tally is that of Alloy's list", () => {
  test("agrees without a look at what is recorded", async () => {
    const poller = await afterRun(tallied(), ALL, { says });

    expect(poller.report).toMatchObject({ checked: 1 });
    expect(poller.historiesRead()).toBe(0);
    expect(poller.stored()).toMatchObject({ gap: null, memory: { unsettledSince: null } });
    // 25 hours after its end.
    expect(poller.stored().dueAt).toBe(approved.at + 25 * HOUR);
  });

  test("is settled without one", async () => {
    const poller = await afterRun(tallied(), ALL, { says, now: START + 25 * HOUR });

    expect(poller.stored().settledAt).not.toBeNull();
    expect(poller.historiesRead()).toBe(0);
  });

  test("is in gap for an event whose processing failed", async () => {
    const poller = await afterRun(tallied({ failures: [failureOf(approved)] }), ALL, { says });

    expect(poller.stored().gap).toMatchObject({ stage: "dead-lettered" });
  });

  test("is in gap for an event that the state does not show", async () => {
    const { state } = withRecorded([started, review]);
    const poller = await afterRun(tallied({ state }), ALL, { says });

    expect(poller.stored().gap).toMatchObject({ stage: "not-applied" });
    expect(poller.sent).toHaveLength(1);
  });

  test("is corrected by what Alloy's answer says besides", async () => {
    const denied = { ...says, complete_outcome: "Denied", updated_at: approved.at + MINUTE };
    const poller = await afterRun(tallied(), ALL, { says: denied });

    expect(poller.sent).toHaveLength(1);
    expect(poller.historiesRead()).toBe(1);
  });
});

describe("an application with another tally", () => {
  test("is in gap for a webhook that was lost after the last agreement", async () => {
    const events = [started, review].map((event) => recordOf(event));
    const { state } = withRecorded([started, review]);
    const agreed = tallied({ state, events, tally: sumOf([started, review]) });
    const poller = await afterRun(agreed, ALL, { says });

    expect(poller.stored().gap).toMatchObject({ stage: "not-delivered", eventCount: 1 });
  });

  test("agrees, once its records are read", async () => {
    const poller = await afterRun(tallied({ tally: sumOf(ALL) + 1 }), ALL, { says });

    expect(poller.historiesRead()).toBe(1);
    expect(poller.stored().gap).toBeNull();
  });

  test("has the webhook told of that came late", async () => {
    const late = recordOf(review, { receivedAt: review.at + 5 * MINUTE });
    const events = [recordOf(started), late, recordOf(approved)];
    const poller = await afterRun(tallied({ events, tally: sumOf([started, approved]) }), ALL, {
      says,
    });

    expect(poller.notices).toMatchObject([{ stage: "late" }]);
  });
});

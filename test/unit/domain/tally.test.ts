import { describe, expect, test } from "vitest";

import { bareState } from "../../../lambdas/domain/application/application-state.ts";
import type { ApplicationState } from "../../../lambdas/domain/application/application-state.ts";
import { stateOfEvent, stateOfSnapshot } from "../../../lambdas/domain/application/observation.ts";
import { mergeOver } from "../../../lambdas/domain/application/withholding.ts";
import type { JourneyEvent } from "../../../lambdas/domain/event/journey-event.ts";
import { reportOf } from "../../../lambdas/domain/reconciliation/reconciliation.ts";
import { recordsByTally, tallyOf } from "../../../lambdas/domain/reconciliation/tally.ts";
import { aJourneyEvent } from "../../support/journey-event.ts";
import { aSnapshot } from "../../support/records.ts";

const started = aJourneyEvent({ type: "started_application", at: 1_000 });
const review = aJourneyEvent({ type: "pending_review", at: 2_000 });
const approved = aJourneyEvent({ type: "completed_application", at: 3_000, outcome: "Approved" });
const denied = aJourneyEvent({ type: "completed_application", at: 4_000, outcome: "Denied" });
const failed = aJourneyEvent({ type: "error", at: 4_000 });
const ALL_READABLE = { unreadableEvents: 0 };

const sumOf = (events: readonly JourneyEvent[]) =>
  events.reduce((sum, event) => sum + tallyOf(event), 0);

function merged(
  events: readonly JourneyEvent[],
  changes: Partial<ApplicationState> = {},
): { state: ApplicationState; tally: number | null } {
  const state = events
    .map((event) => stateOfEvent(event))
    .reduce((before, heard) => mergeOver(before, heard), bareState("JA-1"));
  return { state: { ...state, ...changes }, tally: sumOf(events) };
}

describe("the tally of an application", () => {
  test("tells the records of Alloy's events, in any order, where these were merged", () => {
    const events = [started, review, approved];

    const records = recordsByTally(ALL_READABLE, events, merged([approved, started, review]));

    expect(records).toEqual(
      events.map((event) => ({
        ...reportOf(event),
        receivedAt: event.at,
        origin: "webhook",
        isWithheld: false,
      })),
    );
  });

  test.each([
    ["an event that was not merged", merged([started])],
    ["an event that Alloy does not name", merged([started, review, approved])],
    ["an event that was merged twice", merged([started, review, review])],
    ["another event in the place of one", merged([started, approved])],
    ["no tally, as in an item of the release before", { ...merged([started]), tally: null }],
    ["an event that the poller brought", merged([started, review], { healedUntil: 2_000 })],
    ["an adoption", merged([started, review], { adopted: { at: 5_000, publishes: false } })],
  ])("does not tell them where there is %s", (_, known) => {
    expect(recordsByTally(ALL_READABLE, [started, review], known)).toBeNull();
  });

  test("does not tell them where Alloy's list has an event that nobody can read", () => {
    expect(recordsByTally({ unreadableEvents: 1 }, [started], merged([started]))).toBeNull();
  });

  test("does not tell the record of an end that may be withheld: after another end, or after Alloy's answer", () => {
    const ends = [started, approved, denied];
    const snapshot = aSnapshot({ status: "completed", outcome: "Approved" });
    const { answer } = stateOfSnapshot(snapshot, 5_000, "correction", null);

    expect(recordsByTally(ALL_READABLE, ends, merged(ends))).toBeNull();
    const answered = merged([started, approved], { answer });
    expect(recordsByTally(ALL_READABLE, [started, approved], answered)).toBeNull();
  });

  test("tells that an error is withheld, as it always is", () => {
    const records = recordsByTally(ALL_READABLE, [started, failed], merged([started, failed]));

    expect(records?.map(({ isWithheld }) => isWithheld)).toEqual([false, true]);
  });

  test("does not tell the record of an end whose outcome the webhook names, and the list does not", () => {
    const listed = [started, { ...approved, outcome: null }];

    expect(recordsByTally(ALL_READABLE, listed, merged([started, approved]))).toBeNull();
  });

  test("is an exact number for a hundred thousand events", () => {
    const most = Math.max(...[started, review, approved, denied, failed].map(tallyOf));

    expect(Number.isSafeInteger(100_000 * most)).toBe(true);
  });
});

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import {
  forgottenState,
  mergeState,
  outcomeOf,
  statusOf,
} from "../../../lambdas/domain/application/application-state.ts";
import type { ApplicationState } from "../../../lambdas/domain/application/application-state.ts";
import { isFinal } from "../../../lambdas/domain/event/event-types.ts";
import { stateOfEvent } from "../../../lambdas/domain/application/observation.ts";
import {
  anyAdoptionOf,
  anyEventOf,
  anyHistoryOf,
  anyObservationOf,
} from "../../support/histories.ts";
import { aJourneyEvent } from "../../support/journey-event.ts";

const any = fc.oneof(
  { weight: 9, arbitrary: anyObservationOf("JA-1") },
  { weight: 1, arbitrary: anyAdoptionOf("JA-1") },
  { weight: 1, arbitrary: fc.nat().map((at) => forgottenState("JA-1", at)) },
);
const merged = (states: readonly ApplicationState[]) => states.reduce(mergeState);

describe("merging states", () => {
  test("is commutative", () => {
    fc.assert(
      fc.property(any, any, (left, right) => {
        expect(mergeState(left, right)).toEqual(mergeState(right, left));
      }),
      { numRuns: 1_000 },
    );
  });

  test("is associative", () => {
    fc.assert(
      fc.property(any, any, any, (one, two, three) => {
        expect(mergeState(mergeState(one, two), three)).toEqual(
          mergeState(one, mergeState(two, three)),
        );
      }),
      { numRuns: 1_000 },
    );
  });

  test("is idempotent, for what was merged before too", () => {
    fc.assert(
      fc.property(anyHistoryOf("JA-1", 6), ({ history }) => {
        const state = merged(history);
        for (const observation of history) expect(mergeState(state, observation)).toEqual(state);
        expect(mergeState(state, state)).toEqual(state);
      }),
      { numRuns: 500 },
    );
  });

  test("gives one status for any order and any duplicates", () => {
    fc.assert(
      fc.property(anyHistoryOf("JA-1", 8), ({ history, arrivals }) => {
        expect(statusOf(merged(arrivals))).toBe(statusOf(merged(history)));
        expect(outcomeOf(merged(arrivals))).toBe(outcomeOf(merged(history)));
      }),
      { numRuns: 1_000 },
    );
  });

  test("never lets progress move a final status, whatever its time", () => {
    fc.assert(
      fc.property(
        anyHistoryOf("JA-1", 6),
        anyEventOf("JA-1").map(stateOfEvent),
        ({ history }, next) => {
          const before = statusOf(merged(history));
          fc.pre(before !== null && isFinal(before));
          fc.pre(next.progress !== null);

          expect(statusOf(mergeState(merged(history), next))).toBe(before);
        },
      ),
      { numRuns: 500 },
    );
  });
});

const at = (after: number) => 1_760_000_000_000 + after;
const lives = {
  "manual review, then approved": {
    events: [
      { type: "started_application", at: at(0) },
      { type: "started_evaluation", at: at(300) },
      { type: "pending_review", at: at(2_000) },
      { type: "completed_review", at: at(60_000) },
      { type: "completed_branch", at: at(60_001), outcome: "Approved" },
      { type: "completed_application", at: at(60_002), outcome: "Approved" },
    ],
    status: "completed",
    outcome: "Approved",
  },
  "an error, retriggered, then denied": {
    events: [
      { type: "started_application", at: at(0) },
      { type: "error", at: at(1_000) },
      { type: "journey_application_retriggered", at: at(2_000) },
      { type: "pending_step_up", at: at(3_000) },
      { type: "completed_application", at: at(4_000), outcome: "Denied" },
      { type: "application_archived", at: at(5_000) },
    ],
    status: "completed",
    outcome: "Denied",
  },
  "all in one millisecond": {
    events: [
      { type: "started_application", at: at(0) },
      { type: "pending_review", at: at(0) },
      { type: "completed_review", at: at(0) },
      { type: "error", at: at(0) },
      { type: "completed_application", at: at(0), outcome: "Approved" },
    ],
    status: "completed",
    outcome: "Approved",
  },
  "unarchived, with a step that trails, and rerun": {
    events: [
      { type: "completed_application", at: at(0), outcome: "Approved" },
      { type: "application_unarchived", at: at(1) },
      { type: "pending_review", at: at(2) },
      { type: "started_rerun_application", at: at(3), rerunApplicationToken: "JA-2" },
    ],
    status: "completed",
    outcome: "Approved",
  },
};

test.each(Object.entries(lives))(
  "an application's life, in each of its orders: %s",
  (_, { events, status, outcome }) => {
    const states = events.map((event) => stateOfEvent(aJourneyEvent(event)));

    for (const order of permutationsOf(states)) {
      const state = merged(order);
      expect(statusOf(state)).toBe(status);
      expect(outcomeOf(state)).toBe(outcome);
    }
  },
);

function permutationsOf<Value>(values: readonly Value[]): readonly (readonly Value[])[] {
  if (values.length <= 1) return [values];
  return values.flatMap((first, index) =>
    permutationsOf(values.toSpliced(index, 1)).map((rest) => [first, ...rest]),
  );
}

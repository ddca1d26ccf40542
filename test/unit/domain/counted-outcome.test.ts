import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { mergeState } from "../../../lambdas/domain/application/application-state.ts";
import type { ApplicationState } from "../../../lambdas/domain/application/application-state.ts";
import type { ApplicationStatus } from "../../../lambdas/domain/event/event-types.ts";
import {
  outcomesReached,
  timeToDecision,
} from "../../../lambdas/domain/routing/counted-outcome.ts";
import {
  stateOfEvent,
  stateOfSnapshot,
  stateOfSubmission,
} from "../../../lambdas/domain/application/observation.ts";
import type { CountedOutcome } from "../../../lambdas/settings/metrics.ts";
import { anyHistoryOf } from "../../support/histories.ts";
import { aJourneyEvent } from "../../support/journey-event.ts";
import { aSnapshot, aSubmission } from "../../support/snapshots.ts";

const START = Date.UTC(2026, 10, 23, 20);
const MINUTE = 60_000;

/** What is counted, step by step. */
function counted(observations: readonly ApplicationState[]) {
  let before: ApplicationState | null = null;
  const outcomes: CountedOutcome[][] = [];
  const times: number[] = [];
  for (const observation of observations) {
    const after: ApplicationState = before === null ? observation : mergeState(before, observation);
    outcomes.push([...outcomesReached({ before, after }, {})]);
    const took = timeToDecision({ before, after });
    if (took !== null) times.push(took);
    before = after;
  }
  return { outcomes, times };
}

const event = (type: string, minutes: number, changes: object = {}) =>
  stateOfEvent(aJourneyEvent({ type, at: START + minutes * MINUTE, ...changes }));
const end = (outcome: string | null, minutes: number) =>
  event("completed_application", minutes, { outcome });
const submission = stateOfSubmission(aSubmission({ submittedAt: START - MINUTE }));

function answered(status: ApplicationStatus, minutes: number) {
  const at = START + minutes * MINUTE;
  return stateOfSnapshot(aSnapshot({ status, at }), at, null, null);
}

describe("an application", () => {
  test("is counted for each outcome when it comes to it, and for its end", () => {
    const { outcomes } = counted([
      event("started_application", 0),
      event("pending_step_up", 1),
      event("pending_review", 2),
      event("completed_review", 3),
      end("approved", 4),
    ]);

    expect(outcomes).toEqual([
      ["submitted"],
      ["needs-action"],
      ["manual-review"],
      [],
      ["approved", "ended"],
    ]);
  });

  test("is submitted once: by its submission, or by the first that comes of it", () => {
    expect(counted([submission, event("started_application", 0)]).outcomes).toEqual([
      ["submitted"],
      [],
    ]);
    expect(counted([end("Denied", 1), submission]).outcomes).toEqual([
      ["submitted", "denied", "ended"],
      [],
    ]);
  });

  test.each([
    [event("error", 1), []],
    [answered("error", 1), ["errored", "ended"]],
    [event("application_expired", 1), ["expired", "ended"]],
    [end("Referred", 1), ["ended"]],
    [end(null, 1), ["ended"]],
  ])("ends in its own way", (observation, wanted) => {
    expect(counted([submission, observation]).outcomes.at(-1)).toEqual(wanted);
  });

  test("is counted once for what is told again, by the same event or by a late one", () => {
    const { outcomes } = counted([
      submission,
      end("Approved", 4),
      end("Approved", 4),
      end("Approved", 3),
      end("Approved", 5),
      event("pending_review", 2),
    ]);

    expect(outcomes.slice(2)).toEqual([[], [], [], []]);
  });

  test("is in review once, however many agents and applicants tell of it side by side", () => {
    const of = (entityApplicationToken: string) => ({ entityApplicationToken });
    const { outcomes } = counted([
      submission,
      event("pending_review", 1, of("EA-1")),
      event("started_review", 2, of("EA-1")),
      event("pending_evaluation", 3, of("EA-2")),
      event("pending_review", 4, of("EA-2")),
    ]);

    expect(outcomes).toEqual([["submitted"], ["manual-review"], [], [], []]);
  });

  test("that is reopened is counted for its second end too", () => {
    const { outcomes, times } = counted([
      submission,
      end("Denied", 1),
      answered("running", 2),
      end("Approved", 3),
    ]);

    expect(outcomes.slice(2)).toEqual([[], ["approved", "ended"]]);
    expect(times).toEqual([2 * MINUTE, 4 * MINUTE]);
  });

  test("that must have no effect is not counted", () => {
    const { outcomes, times } = counted([
      event("started_application", 0, { isShadow: true }),
      end("Approved", 1),
    ]);

    expect([...outcomes.flat(), ...times]).toEqual([]);
  });

  test("of whatever history, in whatever order, is submitted once and ends once per reopening", () => {
    fc.assert(
      fc.property(anyHistoryOf("JA", 12), ({ arrivals }) => {
        const all = counted(
          arrivals.map((state) => ({ ...state, isShadow: false })),
        ).outcomes.flat();
        const times = (outcome: CountedOutcome) => all.filter((one) => one === outcome).length;

        const reopenings = arrivals.filter(({ answer }) => answer !== null).length;
        expect(times("submitted")).toBe(1);
        expect(times("ended")).toBeLessThanOrEqual(1 + reopenings);
      }),
    );
  });
});

describe("the time to a decision", () => {
  test("is from the submission to the decision", () => {
    expect(counted([submission, event("started_application", 0), end("Denied", 9)]).times).toEqual([
      10 * MINUTE,
    ]);
  });

  test("is from the start where no submission was announced", () => {
    expect(counted([event("started_application", 0), end("Denied", 9)]).times).toEqual([
      9 * MINUTE,
    ]);
  });

  test("is unknown where neither is, and there is none for an end without a decision", () => {
    expect(counted([end("Denied", 9)]).times).toEqual([]);
    expect(counted([submission, event("error", 9)]).times).toEqual([]);
    expect(counted([submission, event("application_expired", 9)]).times).toEqual([]);
  });

  test("is never negative, whatever the clocks say", () => {
    expect(counted([submission, end("Denied", -60)]).times).toEqual([0]);
  });
});

import { describe, expect, test } from "vitest";

import type { AlloyApplication } from "../../../lambdas/domain/reconciliation/alloy-application.ts";
import { bareState } from "../../../lambdas/domain/application/application-state.ts";
import { mergeOver } from "../../../lambdas/domain/application/withholding.ts";
import type { ApplicationState } from "../../../lambdas/domain/application/application-state.ts";
import { stateOfEvent } from "../../../lambdas/domain/application/observation.ts";
import type { Snapshot } from "../../../lambdas/domain/application/observation.ts";
import {
  correctionBody,
  correctionIdOf,
  correctionsOf,
  parseCorrection,
} from "../../../lambdas/domain/application/correction.ts";
import type { CorrectionContext } from "../../../lambdas/domain/application/correction.ts";
import type { JourneyEvent } from "../../../lambdas/domain/event/journey-event.ts";
import { aCorrectionContext } from "../../support/correction-context.ts";
import { aJourneyEvent } from "../../support/journey-event.ts";
import { anAlloyApplication } from "../../support/snapshots.ts";

const AT = 1_760_000_000_000;
const LATER = aCorrectionContext(AT + 60_000);

const started = aJourneyEvent({ type: "started_application", at: AT - 2_000 });
const review = aJourneyEvent({ type: "pending_review", at: AT - 1_000 });
const ended = aJourneyEvent({ type: "completed_application", at: AT, outcome: "Approved" });
const endedSilently = aJourneyEvent({ type: "completed_application", at: AT });

function stateOf(...events: readonly JourneyEvent[]): ApplicationState {
  return events
    .map((event) => stateOfEvent(event))
    .reduce((before, heard) => mergeOver(before, heard), bareState("JA-1"));
}

const alloy = (
  snapshot: Partial<Snapshot>,
  events: readonly JourneyEvent[],
  reruns: AlloyApplication["reruns"] = [],
) => anAlloyApplication(snapshot, events, { reruns });

const approved = { status: "completed", outcome: "Approved" } as const;

const newer = aJourneyEvent({ type: "pending_review", at: AT + 5 });
const rerun = aJourneyEvent({
  type: "started_rerun_application",
  at: AT + 10,
  rerunApplicationToken: "JA-2",
});
const reruns = [{ applicationToken: "JA-2", createdAt: AT, initiatedBy: "api" }];
const ofApplicant = (name: string, type: string, at: number) =>
  aJourneyEvent({ type, at, entityApplicationToken: name });
const applicants = [
  ofApplicant("EA-1", "pending_review", AT - 2_000),
  ofApplicant("EA-2", "completed_evaluation", AT - 1_000),
];

type Case = [string, AlloyApplication, ApplicationState, Partial<CorrectionContext>?];

test.each<Case>([
  ["the state agrees", alloy(approved, [started, ended]), stateOf(started, ended)],
  [
    "the missing events will make it agree",
    alloy(approved, [started, review, ended]),
    stateOf(started),
  ],
  [
    "it spells the outcome in other letters",
    alloy({ ...approved, outcome: "approved" }, [ended]),
    stateOf(ended),
  ],
  [
    "it names no outcome where an event named one",
    alloy({ status: "completed" }, [ended]),
    stateOf(ended),
  ],
  [
    "an event may still tell of it",
    alloy({ status: "waiting_review" }, [started]),
    stateOf(started),
    { settledBy: AT - 1 },
  ],
  ["something newer has happened here", alloy({}, [started]), stateOf(started, newer)],
  [
    "an event tells of the rerun that it names",
    alloy(approved, [ended, rerun], reruns),
    stateOf(ended, rerun),
  ],
])("Alloy's answer corrects nothing when %s", (_, answer, state, context = {}) => {
  expect(correctionsOf(answer, state, { ...LATER, ...context })).toEqual([]);
});

test.each<[...Required<Case>, object]>([
  [
    "when no event told of the status",
    alloy({ status: "expired" }, [started]),
    stateOf(started),
    {},
    { news: "status", snapshot: { status: "expired" } },
  ],
  [
    "at once when it names the outcome of an end that had none",
    alloy(approved, [started, endedSilently]),
    stateOf(started, endedSilently),
    { settledBy: AT - 60_000 },
    { news: "status", snapshot: approved },
  ],
  [
    "when the events were queued and did not move the state",
    alloy(approved, [started, ended]),
    stateOf(started),
    { isStuck: true },
    { news: "status", snapshot: approved },
  ],
  [
    "for our books alone when of several applicants another one's status counts",
    alloy({ status: "waiting_review" }, applicants),
    stateOf(...applicants),
    {},
    { news: "nothing", snapshot: { status: "waiting_review" } },
  ],
  [
    "for our books alone when the application is a shadow one",
    alloy({ isShadow: true }, [started]),
    stateOf(started),
    {},
    { news: "nothing" },
  ],
  [
    "when it names a rerun of which no event tells",
    alloy(approved, [ended], reruns),
    stateOf(ended),
    {},
    { news: "rerun", reruns: [{ applicationToken: "JA-2" }] },
  ],
])("Alloy's answer is queued: %s", (_, answer, state, context, correction) => {
  expect(correctionsOf(answer, state, { ...LATER, ...context })).toMatchObject([correction]);
});

describe("a correction", () => {
  const [correction] = correctionsOf(alloy({ status: "expired" }, []), stateOf(started), LATER);
  if (correction === undefined) throw new Error("there is none");

  test("is read as it was written", () => {
    expect(parseCorrection(correctionBody(correction))).toEqual({ correction });
  });

  test("is not taken for an event, nor an event for it", () => {
    expect(parseCorrection(`{"type":"update:journeyapplications","data":{}}`)).toBeNull();
    expect(parseCorrection("not json")).toBeNull();
    expect(parseCorrection(`{"snapshot":{}}`)).toHaveProperty("reason");
  });

  test("has one id, however often it is found, and another for another status", () => {
    const { snapshot } = correction;
    const other = { ...correction, snapshot: { ...snapshot, status: "error" } } as const;

    expect(correctionIdOf({ ...correction })).toBe(correctionIdOf(correction));
    expect(correctionIdOf(other)).not.toBe(correctionIdOf(correction));
  });
});

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

describe("Alloy's answer corrects nothing", () => {
  test("when the state agrees", () => {
    const events = [started, ended];

    expect(correctionsOf(alloy(approved, events), stateOf(...events), LATER)).toEqual([]);
  });

  test("when the missing events will make it agree", () => {
    const answer = alloy(approved, [started, review, ended]);

    expect(correctionsOf(answer, stateOf(started), LATER)).toEqual([]);
  });

  test("when it spells the outcome in other letters", () => {
    const answer = alloy({ ...approved, outcome: "approved" }, [ended]);

    expect(correctionsOf(answer, stateOf(ended), LATER)).toEqual([]);
  });

  test("when it names no outcome where an event named one", () => {
    const answer = alloy({ status: "completed" }, [ended]);

    expect(correctionsOf(answer, stateOf(ended), LATER)).toEqual([]);
  });

  test("when an event may still tell of it", () => {
    const answer = alloy({ status: "waiting_review" }, [started]);

    expect(correctionsOf(answer, stateOf(started), { ...LATER, settledBy: AT - 1 })).toEqual([]);
  });

  test("when something newer has happened here", () => {
    const newer = aJourneyEvent({ type: "pending_review", at: AT + 5 });

    expect(correctionsOf(alloy({}, [started]), stateOf(started, newer), LATER)).toEqual([]);
  });
});

describe("Alloy's answer is queued", () => {
  test("when no event told of the status", () => {
    const answer = alloy({ status: "expired" }, [started]);

    expect(correctionsOf(answer, stateOf(started), LATER)).toMatchObject([
      { news: "status", snapshot: { status: "expired" } },
    ]);
  });

  test("at once when it names the outcome of an end that had none", () => {
    const answer = alloy(approved, [started, endedSilently]);
    const now = { ...LATER, settledBy: AT - 60_000 };

    expect(correctionsOf(answer, stateOf(started, endedSilently), now)).toMatchObject([
      { news: "status", snapshot: approved },
    ]);
  });

  test("when the events were queued and did not move the state", () => {
    const answer = alloy(approved, [started, ended]);

    expect(correctionsOf(answer, stateOf(started), { ...LATER, isStuck: true })).toMatchObject([
      { news: "status", snapshot: approved },
    ]);
  });

  test("for our books alone when of several applicants another one's status counts", () => {
    const waiting = aJourneyEvent({ ...started, type: "pending_review", at: AT - 2_000 });
    const { eventId: _, ...rest } = waiting;
    const first = aJourneyEvent({ ...rest, entityApplicationToken: "EA-1" });
    const second = aJourneyEvent({
      type: "completed_evaluation",
      at: AT - 1_000,
      entityApplicationToken: "EA-2",
    });
    const answer = alloy({ status: "waiting_review" }, [first, second]);

    expect(correctionsOf(answer, stateOf(first, second), LATER)).toMatchObject([
      { news: "nothing", snapshot: { status: "waiting_review" } },
    ]);
  });

  test("for our books alone when the application is a shadow one", () => {
    const answer = alloy({ isShadow: true }, [started]);

    expect(correctionsOf(answer, stateOf(started), LATER)).toMatchObject([{ news: "nothing" }]);
  });

  test("when it names a rerun of which no event tells", () => {
    const answer = alloy(approved, [ended], [{ applicationToken: "JA-2", createdAt: AT }]);

    expect(correctionsOf(answer, stateOf(ended), LATER)).toMatchObject([
      { news: "rerun", reruns: [{ applicationToken: "JA-2" }] },
    ]);
  });

  test("not when an event tells of the rerun", () => {
    const rerun = aJourneyEvent({
      type: "started_rerun_application",
      at: AT + 10,
      rerunApplicationToken: "JA-2",
    });
    const events = [ended, rerun];
    const answer = alloy(approved, events, [{ applicationToken: "JA-2", createdAt: AT }]);

    expect(correctionsOf(answer, stateOf(...events), LATER)).toEqual([]);
  });
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

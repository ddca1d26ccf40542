import { describe, expect, test } from "vitest";

import { bareState } from "../../../lambdas/domain/application/application-state.ts";
import { answerIn } from "../../../lambdas/domain/application/correction.ts";
import { decisionOf } from "../../../lambdas/domain/application/decision.ts";
import { stateOfEvent } from "../../../lambdas/domain/application/observation.ts";
import { DECISION } from "../../../lambdas/settings/limits.ts";
import { aCorrectionContext } from "../../support/correction-context.ts";
import { DECISION_SETTINGS } from "../../support/decided-world.ts";
import { aJourneyEvent } from "../../support/journey-event.ts";
import { anAlloyApplication } from "../../support/snapshots.ts";

const END = 1_760_000_000_000;
const ended = aJourneyEvent({ type: "completed_application", at: END, outcome: "Denied" });

/** What comes of an answer without reasons. @param at - of the answer, by Alloy's word. */
function decidedAt(now: number, at: number, events = [ended]) {
  const said = { status: "completed", outcome: "Denied", at } as const;
  const answer = anAlloyApplication(said, events, { ended: {} });
  const state = events.length === 0 ? bareState("JA-1") : stateOfEvent(ended);
  const heard = answerIn(answer, state, aCorrectionContext(now));
  return decisionOf(answer, state, { now, settings: DECISION_SETTINGS }, heard);
}

describe("a decision whose answer lacks a field", () => {
  test("is waited for until 10 minutes after the end", () => {
    expect(decidedAt(END + 1_000, END)).toBe(END + DECISION.waitMs);
    expect(decidedAt(END + DECISION.waitMs, END)).toMatchObject({
      content: { outcomeReasons: null },
    });
  });

  test("is not waited for longer where each answer is dated anew, or dated ahead", () => {
    for (const aheadMs of [0, 5 * 3_600_000]) {
      const now = END + DECISION.waitMs;
      expect(decidedAt(now, now + aheadMs)).toMatchObject({ content: { outcomeReasons: null } });
    }
  });

  test("is waited for from the answer on, where no event names the end", () => {
    expect(decidedAt(END + 1_000, END, [])).toBe(END + DECISION.waitMs);
  });
});

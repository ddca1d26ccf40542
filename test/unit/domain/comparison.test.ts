import { expect, test } from "vitest";

import { compare } from "../../../lambdas/domain/reconciliation/comparison.ts";
import type { AlloyApplication } from "../../../lambdas/domain/reconciliation/alloy-application.ts";
import type { JourneyEvent } from "../../../lambdas/domain/event/journey-event.ts";
import { aJourneyEvent } from "../../support/journey-event.ts";
import { recordOf, withRecorded } from "../../support/poller.ts";
import { anAlloyApplication } from "../../support/snapshots.ts";

const NOW = Date.UTC(2026, 10, 23, 20);
const MINUTE = 60_000;

const context = {
  ignoredEventTypes: [],
  eventRetentionMs: null,
  gaps: { graceMs: 2 * MINUTE, thresholdMs: 15 * MINUTE, staleAfterMs: 1e9 },
  decision: null,
  delivery: null,
  now: NOW,
};

/** The comparison of Alloy's answer with a state in which these events are recorded, and applied. */
function compared(alloy: AlloyApplication, known: readonly JourneyEvent[], changes: object = {}) {
  const stored = withRecorded(known, {
    // Alloy's webhooks bring no token of the event.
    events: known.map((event) => recordOf(event, { eventToken: null })),
  });
  return compare(alloy, { ...stored, checkedAt: null }, { ...context, ...changes });
}

test("a status that only ignored events moved on is corrected by Alloy's own word", () => {
  const waiting = aJourneyEvent({ type: "pending_review", at: NOW - 20 * MINUTE });
  const ignored = aJourneyEvent({ type: "completed_review", at: NOW - 10 * MINUTE });
  const answer = anAlloyApplication({ at: ignored.at }, [waiting, ignored]);

  const { missing, corrections } = compared(answer, [waiting], {
    ignoredEventTypes: ["completed_review"],
  });

  expect(missing).toEqual([]);
  expect(corrections.map(({ snapshot, news }) => [snapshot.status, news])).toEqual([
    ["running", "status"],
  ]);
});

test.each([
  ["is not looked at again", "completed", "Approved", null],
  ["is looked at again when none did", "error", null, NOW - 10_000 + 2 * MINUTE],
] as const)(
  "an answer so new that an event may still tell the same %s",
  (_, status, outcome, inFlightUntil) => {
    const end = { type: "completed_application", at: NOW - 60 * MINUTE, outcome: "Approved" };
    const ended = aJourneyEvent(end);

    const answer = anAlloyApplication({ status, outcome, at: NOW - 10_000 }, [ended]);

    expect(compared(answer, [ended]).inFlightUntil).toBe(inFlightUntil);
  },
);

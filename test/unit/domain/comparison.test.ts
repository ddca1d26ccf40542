import { expect, test } from "vitest";

import { compare } from "../../../lambdas/domain/reconciliation/comparison.ts";
import { stateOfEvent } from "../../../lambdas/domain/application/observation.ts";
import { reportOf } from "../../../lambdas/domain/reconciliation/reconciliation.ts";
import type { RecordedEvent } from "../../../lambdas/domain/reconciliation/reconciliation.ts";
import type { JourneyEvent } from "../../../lambdas/domain/event/journey-event.ts";
import { aJourneyEvent } from "../../support/journey-event.ts";

const NOW = Date.UTC(2026, 10, 23, 20);
const MINUTE = 60_000;

const context = {
  ignoredEventTypes: [],
  eventRetentionMs: null,
  gaps: { graceMs: 2 * MINUTE, thresholdMs: 15 * MINUTE, staleAfterMs: 1e9 },
  delivery: null,
  now: NOW,
};

/** Alloy's webhooks bring no token of the event. */
function recordOf(event: JourneyEvent): RecordedEvent {
  return {
    ...reportOf(event),
    eventToken: null,
    receivedAt: event.at,
    origin: "webhook",
    isWithheld: false,
  };
}

test("a status that only ignored events moved on is corrected by Alloy's own word", () => {
  const waiting = aJourneyEvent({ type: "pending_review", at: NOW - 20 * MINUTE });
  const ignored = aJourneyEvent({ type: "completed_review", at: NOW - 10 * MINUTE });
  const { applicationToken, journeyToken, externalIds } = waiting;
  const { group, partner, application } = externalIds;

  const { missing, corrections } = compare(
    {
      applicationToken,
      snapshot: {
        applicationToken,
        journeyToken,
        status: "running",
        outcome: null,
        at: ignored.at,
        environment: "sandbox",
        externalIds: { group, partner, application },
        chain: { previous: null, root: null, next: null },
        isShadow: false,
      },
      events: [waiting, ignored].map((event) => ({ event, webhook: {} })),
      reruns: [],
      unrecognisedStatus: null,
      unreadableEvents: 0,
    },
    {
      state: stateOfEvent(waiting),
      events: [recordOf(waiting)],
      failures: [],
      checkedAt: null,
      gap: null,
    },
    { ...context, ignoredEventTypes: ["completed_review"] },
  );

  expect(missing).toEqual([]);
  expect(corrections.map(({ snapshot, news }) => [snapshot.status, news])).toEqual([
    ["running", "status"],
  ]);
});

test("an answer so new that an event may still tell the same is looked at again when none did", () => {
  const ended = aJourneyEvent({
    type: "completed_application",
    at: NOW - 60 * MINUTE,
    outcome: "Approved",
  });
  const { applicationToken, journeyToken, externalIds } = ended;
  const { group, partner, application } = externalIds;
  const found = (status: "completed" | "error") =>
    compare(
      {
        applicationToken,
        snapshot: {
          applicationToken,
          journeyToken,
          status,
          outcome: status === "completed" ? "Approved" : null,
          at: NOW - 10_000,
          environment: "sandbox",
          externalIds: { group, partner, application },
          chain: { previous: null, root: null, next: null },
          isShadow: false,
        },
        events: [{ event: ended, webhook: {} }],
        reruns: [],
        unrecognisedStatus: null,
        unreadableEvents: 0,
      },
      {
        state: stateOfEvent(ended),
        events: [recordOf(ended)],
        failures: [],
        checkedAt: null,
        gap: null,
      },
      context,
    ).inFlightUntil;

  expect(found("completed")).toBeNull();
  expect(found("error")).toBe(NOW - 10_000 + 2 * MINUTE);
});

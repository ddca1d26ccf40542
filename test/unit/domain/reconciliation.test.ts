import { describe, expect, test } from "vitest";

import { matchEvents } from "../../../lambdas/domain/reconciliation.ts";
import type { RecordedEvent } from "../../../lambdas/domain/reconciliation.ts";
import type { JourneyEvent } from "../../../lambdas/domain/journey-event.ts";
import { aJourneyEvent } from "../../support/journey-event.ts";

const NODE = { id: "1632850500102", type: "workflow" };

/** What is recorded of an event that came by webhook; told a little differently where it says so. */
function aRecord(event: JourneyEvent, changes: Partial<JourneyEvent> = {}): RecordedEvent {
  const { eventId: _, ...rest } = event;
  const told = aJourneyEvent({ ...rest, ...changes });
  const { eventId, type, at, entityApplicationToken, eventToken } = told;
  return {
    eventId,
    type,
    at,
    entityApplicationToken,
    eventToken,
    receivedAt: at + 500,
    origin: "webhook",
    outcome: told.outcome,
  };
}

function missing(atAlloy: readonly JourneyEvent[], recorded: readonly RecordedEvent[]) {
  return matchEvents(atAlloy, recorded)
    .filter(({ record }) => record === null)
    .map(({ event }) => event);
}

describe("an event of Alloy's list", () => {
  const event = aJourneyEvent({ type: "pending_review", node: NODE, eventToken: "1" });

  test("is found by its id", () => {
    expect(missing([event], [aRecord(event)])).toEqual([]);
  });

  test.each([
    ["lacks the node", { node: { id: null, type: null } }],
    ["is a millisecond off", { at: event.at + 1 }],
    ["is two seconds off", { at: event.at - 2_000 }],
    ["lacks the event token", { eventToken: null }],
  ])("is found when the webhook %s", (_, changes) => {
    expect(missing([event], [aRecord(event, changes)])).toEqual([]);
  });

  test.each([
    ["another type", { type: "completed_review" }],
    ["another entity", { entityApplicationToken: "EA-2" }],
    ["more than two seconds away", { at: event.at + 2_001 }],
    ["another event token, 1 ms away", { at: event.at + 1, eventToken: "2" }],
  ])("is missing when what is recorded is %s", (_, changes) => {
    expect(missing([event], [aRecord(event, changes)])).toEqual([event]);
  });

  test("is missing when a like event a second away is recorded once", () => {
    const { eventId: _, ...rest } = event;
    const second = aJourneyEvent({ ...rest, at: event.at + 1_000, eventToken: null });
    const record = aRecord(second, { node: { id: null, type: null } });

    expect(missing([event, second], [record])).toEqual([event]);
  });
});

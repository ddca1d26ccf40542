import { describe, expect, it, test } from "vitest";

import { dotsOf, rowOf } from "../../../tools/console/rows.ts";
import type { AlloySide } from "../../../tools/console/source.ts";
import type { StoredApplication, StoredEvent } from "../../../tools/ops/application.ts";
import { timelineOf } from "../../../tools/ops/timeline.ts";
import { aStoredApplication, AT } from "../../support/console.ts";

const MINUTE = 60_000;

function anEvent(changes: Partial<StoredEvent>): StoredEvent {
  return {
    eventId: "e1",
    type: "pending_review",
    eventAt: AT,
    receivedAt: AT + 100,
    origin: "webhook",
    route: "manual-review",
    ...changes,
  };
}

function kindsOf(changes: Partial<StoredApplication>, alloy: AlloySide | null = null) {
  const timeline = timelineOf(aStoredApplication("JA-1", changes));
  return dotsOf(timeline, alloy).map(({ kind }) => kind);
}

const GAP = {
  stage: "not-delivered",
  since: AT,
  evidence: "no attempt of it came",
  events: [{ eventId: "e9", type: "completed_application", at: AT }],
};

describe("a form on the time axis", () => {
  test.each([
    ["received", anEvent({})],
    ["healed", anEvent({ origin: "poll" })],
    ["replayed", anEvent({ origin: "replay" })],
    // The second attempt comes a second after the first (docs: retry-logic-and-webhook-logs).
    ["retried", anEvent({ receivedAt: AT + 30 * MINUTE })],
  ])("says that an event was %s", (kind, event) => {
    expect(kindsOf({ events: [event] })).toEqual([kind]);
  });

  it("says that an event came after a newer one", () => {
    const events = [
      anEvent({ eventId: "old", eventAt: AT, receivedAt: AT + 400 }),
      anEvent({ eventId: "new", eventAt: AT + 200, receivedAt: AT + 300 }),
    ];

    expect(kindsOf({ events })).toEqual(["late", "received"]);
  });

  it("takes the number of attempts from Alloy, where Alloy can be asked", () => {
    const alloy: AlloySide = { standing: () => null, attempts: () => 2 };

    expect(kindsOf({ events: [anEvent({})] }, alloy)).toEqual(["retried"]);
  });

  test.each([
    ["dead-lettered", true],
    ["failing", false],
  ])("says that an event is %s, recorded or not", (kind, deadLettered) => {
    const failure = {
      eventId: "e1",
      eventType: "pending_review",
      reason: "no",
      failedAt: AT,
      deadLettered,
    };

    expect(kindsOf({ events: [anEvent({})], failures: [failure] })).toEqual([kind]);
    expect(kindsOf({ events: [], failures: [failure] })).toEqual([kind]);
  });

  it("shows what is missing where it happened at Alloy", () => {
    const timeline = timelineOf(aStoredApplication("JA-1", { events: [], state: { gap: GAP } }));

    expect(dotsOf(timeline, null)).toEqual([
      { eventId: "e9", type: "completed_application", kind: "missing", at: AT, cameAt: null },
    ]);
  });
});

describe("how an application stands at Alloy", () => {
  const state = { status: "completed", outcome: "Approved" };
  const rowWith = (more: object, alloy: AlloySide | null = null) =>
    rowOf(timelineOf(aStoredApplication("JA-1", { state: { ...state, ...more } })), alloy).atAlloy;

  it("is what Alloy says now, where Alloy can be asked", () => {
    const alloy: AlloySide = {
      standing: () => ({ status: "completed", outcome: "Denied" }),
      attempts: () => null,
    };

    expect(rowWith({}, alloy)).toEqual({ from: "asked", text: "completed Denied", agrees: false });
  });

  it("agrees when the checks have ended", () => {
    expect(rowWith({ settledAt: AT })).toMatchObject({ text: "completed Approved", agrees: true });
  });

  it("differs while it is in gap, by as many events as are missing", () => {
    expect(rowWith({ gap: GAP })).toMatchObject({ text: "1 more event", agrees: false });
  });

  it("is not known before the first comparison", () => {
    expect(rowWith({ dueAt: AT })).toMatchObject({ text: "not compared yet", agrees: null });
  });
});

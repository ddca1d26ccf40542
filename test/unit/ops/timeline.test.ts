import * as v from "valibot";
import { describe, expect, it } from "vitest";
import type { StoredApplication, StoredEvent } from "../../../tools/ops/application.ts";
import { describe as describeApplication } from "../../../tools/ops/show.ts";
import { timelineOf } from "../../../tools/ops/timeline.ts";
import { TimelineSchema } from "../../../tools/ops/timeline-schema.ts";
import { stampOfAnswer } from "../../../lambdas/domain/application/stamp.ts";

const AT = Date.parse("2026-11-23T20:00:00.000Z");
const DONE = { isCompleted: true, completedAt: AT + 5_000 };

function anEvent(change: Partial<StoredEvent> = {}): StoredEvent {
  return {
    eventId: "a".repeat(32),
    type: "pending_review",
    eventAt: AT,
    receivedAt: AT + 2_000,
    origin: "webhook",
    route: "manual-review",
    ...change,
  };
}

function anApplication(change: Partial<StoredApplication> = {}): StoredApplication {
  const events = change.events ?? [anEvent()];
  const effects = events.map(({ eventId }) => eventId.slice(0, 12));
  const state = { status: "waiting_review", effects };
  return { token: "JA-1", state, events, failures: [], unreadable: [], ...change };
}

/** The first event's publication. */
function publicationIn(application: StoredApplication) {
  const [first] = timelineOf(application).events;
  return first?.kind === "event" ? first.publication : undefined;
}

describe("the timeline of an application", () => {
  it("says when each event happened, and when and how it reached us", () => {
    const events = [
      anEvent({ receivedAt: AT + 400 }),
      anEvent({ eventId: "b".repeat(32), eventAt: AT + 1_000, receivedAt: AT + 1_800_000 }),
      anEvent({ eventId: "c".repeat(32), eventAt: AT + 2_000, origin: "poll" }),
      anEvent({ eventId: "d".repeat(32), eventAt: AT + 3_000, origin: "replay" }),
    ];

    const { events: shown } = timelineOf(anApplication({ events }));

    expect(shown).toMatchObject([
      { at: "2026-11-23T20:00:00.000Z", origin: "webhook", attempt: 1, latencyMs: 400 },
      { at: "2026-11-23T20:00:01.000Z", origin: "webhook", attempt: 5 },
      { origin: "poll", attempt: null },
      { origin: "replay", attempt: null },
    ]);
  });

  it("names as the next check the end of its wait, unless a check was requested since", () => {
    const nextCheckOf = (dueAt: number) =>
      timelineOf(anApplication({ state: { dueAt, wait: [AT, AT + 600_000] } })).nextCheckAt;

    expect(nextCheckOf(AT)).toBe("2026-11-23T20:10:00.000Z");
    expect(nextCheckOf(AT + 1_000)).toBe("2026-11-23T20:00:01.000Z");
  });

  it("names what was published, as which number, and when the bus acknowledged it", () => {
    const records = new Map([["a".repeat(32), DONE]]);

    expect(publicationIn(anApplication({ records }))).toEqual({
      state: "published",
      route: "manual-review",
      number: 1,
      acknowledgedAt: "2026-11-23T20:00:05.000Z",
      why: null,
    });
  });

  it("says that an event is being published while its record is in progress", () => {
    const records = new Map([["a".repeat(32), { isCompleted: false, completedAt: null }]]);

    expect(publicationIn(anApplication({ records }))?.state).toBe("pending");
  });

  it("does not say published of an event that failed", () => {
    const failure = {
      eventId: "a".repeat(32),
      eventType: "pending_review",
      reason: "Throttled",
      failedAt: AT + 3_000,
    };

    const retried = anApplication({ failures: [{ ...failure, deadLettered: false }] });
    const dead = anApplication({ failures: [{ ...failure, deadLettered: true }] });

    expect(publicationIn(retried)?.state).toBe("failed");
    expect(timelineOf(retried).failures[0]?.stage).toBe("failed-processing");
    expect(timelineOf(dead).failures[0]?.stage).toBe("dead-lettered");
  });

  it.each([
    ["a newer event came first", {}, {}],
    ["only Alloy's answer can say what it decides", { isWithheld: true }, {}],
    ["the application was adopted, and this is its history", {}, { adopted: { at: AT } }],
    ["Alloy says that it is a shadow application", {}, { isShadow: true }],
  ])("does not show as published what was not, because %s", (why, event, state) => {
    // U4: `show` printed "pending_review → manual-review" for what was late or not published.
    const newer = anEvent({ eventId: "b".repeat(32), eventAt: AT + 10_000, receivedAt: AT + 1 });
    const late = anApplication({
      events: [anEvent({ receivedAt: AT + 20_000, ...event }), newer],
      state: { effects: ["b".repeat(12)], ...state },
    });

    expect(publicationIn(late)).toEqual({
      state: "not-published",
      route: "manual-review",
      number: null,
      acknowledgedAt: null,
      why,
    });
    expect(describeApplication(late, false).join("\n")).toContain(
      `    not published: ${why} (route manual-review)`,
    );
  });

  it("does not guess where the numbers of the effects are stored apart", () => {
    const state = { effects: ["b".repeat(12)], effectsApart: 900 };

    expect(publicationIn(anApplication({ state }))?.state).toBe("unknown");
  });

  it("shows what is missing here among what is not, and the gap with its stage", () => {
    const missing = { eventId: "e2", type: "completed_application", at: AT + 1_000 };
    const gap = { stage: "not-delivered", since: AT, evidence: "nothing came", events: [missing] };

    const timeline = timelineOf(anApplication({ state: { gap } }));

    expect(timeline.gap).toMatchObject({ stage: "not-delivered", evidence: "nothing came" });
    expect(timeline.events.map(({ kind }) => kind)).toEqual(["event", "missing"]);
  });

  it("shows the state at Alloy beside the state here, and what its answer alone published", () => {
    const stamp = stampOfAnswer(AT, AT + 60_000);
    const statedFinal = { stamp, status: "completed", outcome: "Denied" };

    const timeline = timelineOf(
      anApplication({ state: { status: "completed", statedFinal, effects: ["f".repeat(12)] } }),
    );

    expect(timeline.alloy).toEqual({
      status: "completed",
      outcome: "Denied",
      askedAt: "2026-11-23T20:01:00.000Z",
    });
    expect(timeline.corrections).toBe(1);
  });

  it("is JSON that its schema describes, whatever the table holds", () => {
    const damaged = { gap: 7, dueAt: 9e15, stated: "no answer", journeyName: 3, effects: "none" };
    for (const state of [undefined, {}, damaged]) {
      const timeline = timelineOf(anApplication({ state, unreadable: ["EVENT#1"] }));

      expect(v.parse(TimelineSchema, JSON.parse(JSON.stringify(timeline)))).toEqual(timeline);
    }
  });
});

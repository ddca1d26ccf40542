import { describe, expect, test } from "vitest";

import { mergeState } from "../../../lambdas/domain/application/application-state.ts";
import type { ApplicationState } from "../../../lambdas/domain/application/application-state.ts";
import { compare } from "../../../lambdas/domain/reconciliation/comparison.ts";
import type { JourneyEvent } from "../../../lambdas/domain/event/journey-event.ts";
import { stateOfEvent } from "../../../lambdas/domain/application/observation.ts";
import { aJourneyEvent } from "../../support/journey-event.ts";
import { failureOf, recordOf } from "../../support/poller.ts";
import { makeWorkMeter } from "../../support/work-meter.ts";
import { anAlloyApplication } from "../../support/snapshots.ts";
import { MINUTE, DAY } from "../../../tools/cloud-in-memory/clock.ts";

const NOW = Date.UTC(2026, 10, 23, 20);

/** How webhooks fared: every minute of three days says something. */
const delivery = {
  minutes: Array.from({ length: 3 * 24 * 60 }, (_, index) => ({
    at: NOW - 3 * DAY + index * MINUTE,
    accepted: 1,
    credentials: 0,
    addresses: 0,
    faults: 0,
    alloyRefused: 0,
  })),
  oldestQueuedAt: null,
  queued: 0,
};

/** Each of another applicant's, all within a few seconds. */
function eventsOf(count: number): readonly JourneyEvent[] {
  return Array.from({ length: count }, (_, index) =>
    aJourneyEvent({
      type: index % 2 === 0 ? "pending_review" : "completed_review",
      at: NOW - DAY + index * 3,
      entityApplicationToken: `EA-${index}`,
      entityToken: `P-${index}`,
      eventToken: String(22_750_000 + index),
    }),
  );
}

interface Here {
  /** Of the events, which are recorded, and as what. */
  readonly recorded: (event: JourneyEvent, index: number) => JourneyEvent | null;
  readonly applied?: boolean;
  /** Of the events, which have a failure recorded, under an id of its own. */
  readonly hasFailed?: (index: number) => boolean;
}

/** What a check of so many events takes, per event. */
function workPerEvent(count: number, { recorded, applied = true, hasFailed }: Here) {
  const meter = makeWorkMeter();
  const events = eventsOf(count);
  const known = events.flatMap((event, index) => recorded(event, index) ?? []);
  const [first = aJourneyEvent()] = events;
  const state = (applied ? known : [])
    .map((event) => stateOfEvent(event))
    .reduce(inPlace, stateOfEvent(first));
  const failures = events.flatMap((event, index) =>
    hasFailed?.(index)
      ? meter.watch(failureOf(event, { eventId: `failure-${index}`, failedAt: event.at + 10 }))
      : [],
  );
  const answer = anAlloyApplication({ at: NOW - MINUTE, environment: null }, events);
  const alloy = {
    ...answer,
    events: answer.events.map(({ event, webhook }) => ({ event: meter.watch(event), webhook })),
  };
  const here = {
    state,
    events: known.map((event) => meter.watch(recordOf(event, { eventToken: null }))),
    failures,
    checkedAt: null,
    gap: null,
  };
  const context = {
    ignoredEventTypes: [],
    eventRetentionMs: null,
    gaps: { graceMs: 2 * MINUTE, thresholdMs: 15 * MINUTE, staleAfterMs: 1e12 },
    decision: null,
    delivery: { ...delivery, minutes: delivery.minutes.map((minute) => meter.watch(minute)) },
    now: NOW,
  };
  let missing = -1;
  const work = meter.count(() => {
    missing = compare(alloy, here, context).missing.length;
  });
  return { perEvent: work / count, missing };
}

/** Joins applicants without a copy for each, so that the test itself is not quadratic. */
function inPlace(state: ApplicationState, said: ApplicationState): ApplicationState {
  Object.assign(state.entities, said.entities);
  return {
    ...mergeState({ ...state, entities: {} }, { ...said, entities: {} }),
    entities: state.entities,
  };
}

const later = (event: JourneyEvent, changes: Partial<JourneyEvent> = {}) => {
  const { eventId: _, ...rest } = event;
  return aJourneyEvent({ ...rest, at: event.at + 1, eventToken: null, ...changes });
};

const WORLDS: Readonly<Record<string, Here>> = {
  "of which nothing is recorded": { recorded: () => null },
  "all recorded under their ids": { recorded: (event) => event },
  "all recorded a millisecond later, without the applicant": {
    recorded: (event) => later(event, { entityApplicationToken: null, entityToken: null }),
  },
  "all recorded a millisecond later, and none applied": {
    recorded: (event) => later(event),
    applied: false,
  },
  "of which every second is recorded": {
    recorded: (event, index) => (index % 2 === 0 ? later(event) : null),
  },
  "of which nothing is recorded but that each failed": {
    recorded: () => null,
    hasFailed: () => true,
  },
};

describe.each(Object.entries(WORLDS))(
  "a check of 1,200 events of as many applicants, %s",
  (_, here) => {
    test("takes per event what a check of 300 takes", () => {
      const small = workPerEvent(300, here);
      const large = workPerEvent(1_200, here);

      expect(large.missing).toBe(4 * small.missing);
      // What sorts and joins in pairs grows with the logarithm: by a quarter at most.
      expect(large.perEvent).toBeLessThan(1.5 * small.perEvent);
      expect(large.perEvent).toBeLessThan(1_500);
    });
  },
);

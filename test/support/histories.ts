import * as fc from "fast-check";

import {
  stateOfEvent,
  stateOfHealedEvent,
  stateOfRerun,
  stateOfSnapshot,
  stateOfSubmission,
} from "../../lambdas/domain/application/observation.ts";
import type { ApplicationState } from "../../lambdas/domain/application/application-state.ts";
import {
  APPLICATION_STATUSES,
  EVENT_TYPES,
  factsOf,
} from "../../lambdas/domain/event/event-types.ts";
import { eventIdOf } from "../../lambdas/domain/event/identity.ts";
import type { JourneyEvent } from "../../lambdas/domain/event/journey-event.ts";

/*
 * Histories of one application, as Alloy, the poller and the onboarding service could tell them. Times,
 * entities, names and outcomes are few, so that they collide often: a law breaks at a tie first.
 */

const START = Date.UTC(2026, 10, 23, 20);
const oneOf = <Value>(...values: readonly Value[]) => fc.constantFrom(...values);
/** Some in one millisecond, some beside it, some far. */
const time = oneOf(0, 0, 1, 2, 5_000, 60_000, 86_400_000).map((after) => START + after);
const external = {
  group: oneOf(null, "group-1", "group-2"),
  partner: oneOf(null, null, "partner-1"),
  application: oneOf(null, null, "application-1", "application-2"),
};
const outcome = oneOf(null, "Approved", "Denied", "approved", "Needs Documents");

/** What moves the state most comes as often as what merely fills it. */
const eventType = fc.oneof(
  ...["progress", "final", "reopening", "rerun", "note"].map((kind) =>
    oneOf(...Object.keys(EVENT_TYPES).filter((type) => factsOf(type)?.meaning.kind === kind)),
  ),
  { weight: 1, arbitrary: oneOf("invented_tomorrow") },
);

/** A Journey event of the application. */
export function anyEventOf(applicationToken: string): fc.Arbitrary<JourneyEvent> {
  return fc
    .record({
      type: eventType,
      at: time,
      journeyName: oneOf("Onboarding", "Onboarding", "Onboarding, renamed", null),
      environment: oneOf("sandbox" as const, null),
      outcome,
      entityApplicationToken: oneOf(null, "EA-1", "EA-2"),
      nodeId: oneOf(null, "node-1", "node-2"),
      externalIds: fc.record({ ...external, entity: oneOf(null, "person-1") }),
      eventToken: oneOf(null, "22750001", "22750002"),
      rerun: oneOf("JA-rerun-1", "JA-rerun-2"),
      entityToken: oneOf(null, "P-1", "P-2", "G-1"),
    })
    .map(({ nodeId, rerun, ...event }) => ({
      ...event,
      applicationToken,
      journeyToken: "J-1",
      eventId: eventIdOf({ ...event, applicationToken, nodeId }),
      node: { id: nodeId, type: null },
      isShadow: false,
      rerunApplicationToken: event.type === "started_rerun_application" ? rerun : null,
    }));
}

/**
 * An adoption, alone: whether it counts depends on what was known before it, so that it is no part of histories in any
 * order.
 */
export function anyAdoptionOf(applicationToken: string): fc.Arbitrary<ApplicationState> {
  const externalIds = { group: null, partner: null, application: null };
  const submission = { applicationToken, journeyToken: "J-1", submittedAt: null, externalIds };
  return fc
    .record({ at: time, publishes: fc.boolean() })
    .map((adoption) => stateOfSubmission(submission, adoption));
}

/** Anything that may be said of the application, as a state of which it is all that is known. */
export function anyObservationOf(applicationToken: string): fc.Arbitrary<ApplicationState> {
  const submission = fc
    .record({
      submittedAt: time,
      externalIds: fc.record(external),
    })
    .map((given) => stateOfSubmission({ ...given, applicationToken, journeyToken: "J-1" }));
  const snapshot = fc
    .record({
      status: oneOf(...APPLICATION_STATUSES),
      outcome,
      at: time,
      askedAt: time,
      environment: oneOf("sandbox" as const, null),
      externalIds: fc.record(external),
      chain: fc.record({
        previous: oneOf(null, null, "JA-0"),
        root: oneOf(null, null, "JA-root"),
        next: oneOf(null, null, "JA-2"),
        rerunBy: oneOf(null, "api", "dashboard"),
        rootGroup: oneOf(null, null, "group-0"),
      }),
      entityIds: oneOf({}, {}, { "P-1": "" }, { "P-1": "person-2", "B-1": "company-1" }),
      isShadow: oneOf(false, false, false, true),
    })
    .map(({ askedAt, ...given }) =>
      stateOfSnapshot(
        {
          ...given,
          applicationToken,
          journeyToken: "J-1",
          outcome: given.status === "completed" ? given.outcome : null,
        },
        askedAt,
        null,
        null,
      ),
    );
  const rerun = anyEventOf("JA-origin").map((event) =>
    stateOfRerun({ ...event, rerunApplicationToken: applicationToken }),
  );
  return fc.oneof(
    { weight: 12, arbitrary: anyEventOf(applicationToken).map(stateOfEvent) },
    {
      weight: 2,
      arbitrary: anyEventOf(applicationToken).map(stateOfHealedEvent),
    },
    { weight: 2, arbitrary: submission },
    { weight: 2, arbitrary: snapshot },
    { weight: 1, arbitrary: rerun.filter((state) => state !== null) },
  );
}

/** A history of the application, and an order in which it may arrive, duplicates included. */
export function anyHistoryOf(applicationToken: string, maxLength: number) {
  return fc
    .array(anyObservationOf(applicationToken), { minLength: 1, maxLength })
    .chain((history) =>
      fc.record({
        history: fc.constant(history),
        arrivals: fc.array(fc.constantFrom(...history), { maxLength: 2 }).chain((again) =>
          fc.shuffledSubarray([...history, ...again], {
            minLength: history.length + again.length,
          }),
        ),
      }),
    );
}

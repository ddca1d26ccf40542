import * as v from "valibot";

import { effectIdOf } from "../../lambdas/domain/application/effect-numbers.ts";
import { askedAtOf } from "../../lambdas/domain/application/stamp.ts";
import { timeOfCheck } from "../../lambdas/domain/polling/polling-schedule.ts";
import { attemptOf } from "../../lambdas/domain/reconciliation/delivery.ts";
import type { IdempotencyRecord, StoredApplication, StoredEvent } from "./application.ts";
import type { Timeline, TimelineEvent } from "./timeline-schema.ts";

const StoredGapSchema = v.object({
  stage: v.string(),
  since: v.number(),
  evidence: v.string(),
  events: v.array(v.object({ eventId: v.string(), type: v.string(), at: v.number() })),
});

/** Of the `STATE` item, what a timeline is made of; whatever is damaged counts as absent. */
const text = v.fallback(v.nullish(v.string(), null), null);
const time = v.fallback(v.nullish(v.number(), null), null);
const answer = v.fallback(
  v.nullish(
    v.object({ stamp: v.string(), status: v.string(), outcome: v.nullish(v.string(), null) }),
    null,
  ),
  null,
);
const StateSchema = v.object({
  journeyName: text,
  journeyToken: text,
  environment: text,
  status: text,
  outcome: text,
  submittedAt: time,
  lastEventAt: time,
  dueAt: time,
  wait: v.fallback(v.nullish(v.tuple([v.number(), v.number()]), null), null),
  settledAt: time,
  forgottenAt: time,
  adopted: v.fallback(v.nullish(v.object({ at: v.number() }), null), null),
  isShadow: v.fallback(v.nullish(v.boolean(), false), false),
  stated: answer,
  statedFinal: answer,
  effects: v.fallback(v.nullish(v.array(v.string()), []), []),
  effectsApart: v.fallback(v.nullish(v.number(), 0), 0),
  gap: v.fallback(v.nullish(StoredGapSchema, null), null),
});
type State = v.InferOutput<typeof StateSchema>;

/**
 * What is known of an application, in the order in which it happened at Alloy. It is pure, and its result is JSON.
 *
 * @param application - as `readApplication` reads it, with its idempotency records where they were read.
 */
export function timelineOf(application: StoredApplication): Timeline {
  const { token, events, failures, unreadable } = application;
  const state = v.parse(StateSchema, application.state ?? {});
  const recorded = events.map((event) => eventIn(event, state, application));
  const missing = (state.gap?.events ?? [])
    .filter(({ eventId }) => !events.some((event) => event.eventId === eventId))
    .map(({ eventId, type, at }) => ({ kind: "missing" as const, eventId, type, at: isoOf(at) }));
  const { gap, stated, statedFinal } = state;
  const said = [stated, statedFinal]
    .filter((one) => one !== null)
    .toSorted((one, other) => (one.stamp > other.stamp ? -1 : 1))[0];
  return {
    v: 1,
    applicationToken: token,
    journey: { token: state.journeyToken, name: state.journeyName },
    environment: state.environment,
    here: { status: state.status, outcome: state.outcome, lastEventAt: isoOf(state.lastEventAt) },
    alloy:
      said === undefined
        ? null
        : { status: said.status, outcome: said.outcome, askedAt: isoOf(askedAtOf(said.stamp)) },
    submittedAt: isoOf(state.submittedAt),
    adoptedAt: isoOf(state.adopted?.at ?? null),
    forgottenAt: isoOf(state.forgottenAt),
    nextCheckAt: state.settledAt === null ? isoOf(nextCheckIn(state)) : null,
    settledAt: isoOf(state.settledAt),
    gap: gapIn(gap),
    events: [...recorded, ...missing].toSorted((one, other) => timeOf(one) - timeOf(other)),
    failures: failures.map(({ failedAt, deadLettered, ...failure }) => ({
      ...failure,
      failedAt: isoOf(failedAt),
      stage: deadLettered ? "dead-lettered" : "failed-processing",
    })),
    corrections: correctionsIn(state, events),
    unreadable: [...unreadable],
  };
}

/** A check that waits in its place of the index is made later than it is due (docs/decisions/0080). */
function nextCheckIn({ dueAt, wait }: State): number | null {
  const [of, until] = wait ?? [];
  const waiting = of === undefined || until === undefined ? null : { dueAt: of, until };
  return timeOfCheck(dueAt, waiting);
}

function eventIn(
  event: StoredEvent,
  state: State,
  { events, failures, records }: StoredApplication,
): TimelineEvent {
  const { eventId, type, eventAt, receivedAt, origin, outcome } = event;
  const latencyMs = receivedAt - eventAt;
  const failure = failures.find((one) => one.eventId === eventId);
  return {
    kind: "event",
    eventId,
    type,
    outcome: outcome ?? null,
    at: isoOf(eventAt),
    receivedAt: isoOf(receivedAt),
    origin,
    attempt: origin === "webhook" ? attemptOf(latencyMs) : null,
    latencyMs,
    publication: publicationOf(event, state, {
      isFailing: failure !== undefined,
      wasLate: events.some((one) => one.eventAt > eventAt && one.receivedAt < receivedAt),
      record: records?.get(eventId),
    }),
  };
}

/** What came out of an event. The merge numbers each effect that is published, and the record says that the bus took it. */
function publicationOf(
  { eventId, route, isWithheld }: StoredEvent,
  state: State,
  { isFailing, wasLate, record }: Known,
): TimelineEvent["publication"] {
  const index = state.effects.indexOf(effectIdOf(eventId));
  const number = index === -1 ? null : state.effectsApart + index + 1;
  const acknowledgedAt = isoOf(record?.completedAt ?? null);
  const of = { route, number, acknowledgedAt: null, why: null };
  if (isFailing) return { ...of, state: "failed" };
  if (number !== null) {
    // A record ends after 40 days, and an event without a failure was acknowledged before.
    return record?.isCompleted === false
      ? { ...of, state: "pending" }
      : { ...of, state: "published", acknowledgedAt };
  }
  const why = reasonAgainst(isWithheld, wasLate, state);
  if (why !== null) return { ...of, state: "not-published", why };
  // The release 0.1.0 gave no numbers, and a long list of numbers is stored apart.
  if (record?.isCompleted === true && state.effects.length === 0) {
    return { ...of, state: "published", acknowledgedAt };
  }
  if (record?.isCompleted === false && record.isInEvent !== true) {
    return { ...of, state: "pending" };
  }
  if (state.effectsApart > 0) return { ...of, state: "unknown" };
  return {
    ...of,
    state: "not-published",
    why: `the stage does not publish ${route}, or a newer event, or another report of this one, came first`,
  };
}

interface Known {
  readonly isFailing: boolean;
  /** A newer event was here before it. */
  readonly wasLate: boolean;
  /** Its idempotency record; undefined: there is none, or it was not read. */
  readonly record: IdempotencyRecord | undefined;
}

function reasonAgainst(
  isWithheld: boolean | undefined,
  wasLate: boolean,
  { adopted, isShadow }: State,
): string | null {
  if (isShadow) return "Alloy says that it is a shadow application";
  if (adopted !== null) return "the application was adopted, and this is its history";
  if (isWithheld === true) return "only Alloy's answer can say what it decides";
  return wasLate ? "a newer event came first" : null;
}

/** Effects that no recorded event has: corrections, which publish what only Alloy's answer said. */
function correctionsIn({ effects }: State, events: readonly StoredEvent[]): number {
  const own = new Set(events.map(({ eventId }) => effectIdOf(eventId)));
  return effects.filter((id) => !own.has(id)).length;
}

/** A gap as the table holds it; null: there is none, or it cannot be read. */
export function gapIn(stored: unknown): Timeline["gap"] {
  const gap = v.safeParse(StoredGapSchema, stored);
  if (!gap.success) return null;
  const { since, events, ...rest } = gap.output;
  return {
    ...rest,
    since: isoOf(since),
    events: events.map(({ at, ...event }) => ({ ...event, at: isoOf(at) })),
  };
}

function timeOf({ at }: { readonly at: string | null }): number {
  return at === null ? Number.POSITIVE_INFINITY : Date.parse(at);
}

/** ISO 8601; null for what is no time. */
export function isoOf(epochMs: number | null): string | null {
  if (epochMs === null) return null;
  const date = new Date(epochMs);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

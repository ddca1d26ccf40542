import type { DecisionSettings, GapSettings } from "../../settings/poller-settings.ts";
import { isHistory } from "../application/adoption.ts";
import type { AlloyApplication, AlloyEvent } from "./alloy-application.ts";
import type { ApplicationState } from "../application/application-state.ts";
import { leftOpen } from "../application/confirmation.ts";
import { answerIn, correctionsOf } from "../application/correction.ts";
import type { Correction } from "../application/correction.ts";
import { decisionOf } from "../application/decision.ts";
import type { Decision } from "../application/decision.ts";
import type { DeliveryRecord } from "./delivery.ts";
import { eventsToHeal } from "./events-to-heal.ts";
import type { EventToHeal, ListedMatch } from "./events-to-heal.ts";
import { findFailures } from "./failure-finder.ts";
import { diagnoseFailed, diagnoseLate, diagnoseMissing, gapOf, isDeadLettered } from "./gap.ts";
import type { Diagnosis, Gap } from "./gap.ts";
import { answerOver, eventsAsReceived } from "../application/received-events.ts";
import type { JourneyEvent } from "../event/journey-event.ts";
import { matchReports, reportOf } from "./reconciliation.ts";
import type { MatchedEvent, RecordedEvent, RecordedFailure } from "./reconciliation.ts";
import { unappliedEvents } from "../application/unapplied.ts";

/** What a check found. */
export interface Comparison {
  /** Events that Alloy has and that are not recorded, although they should be. */
  readonly missing: readonly JourneyEvent[];
  /** How many more are not recorded since they happened before the application was adopted: no gap, but queued too. */
  readonly missingHistory: number;
  /** What to queue now: of those, and of what is recorded and had no effect. */
  readonly toHeal: readonly EventToHeal[];
  /** How many more are to be queued: one check queues no more than `GAP.mostQueuedPerCheck`. */
  readonly leftToHeal: number;
  /** What Alloy says of the application that no event does. */
  readonly corrections: readonly Correction[];
  /** How Alloy says that the application ended, unless that is known; null: nothing new. */
  readonly decision: Decision | null;
  /** Null: there is none, or none any more. */
  readonly gap: Gap | null;
  /** Webhooks that came late since the previous check. */
  readonly late: readonly (Diagnosis & { readonly receivedAt: number })[];
  /** Events since the previous check whose webhook was never received. */
  readonly withoutWebhook: number;
  /** Ids of withheld ends that the answer neither confirms nor denies, since nobody knows its status. */
  readonly leftOpen: readonly string[];
  /** When the last event, or the answer, that may be in flight should have arrived, epoch milliseconds; null: none is. */
  readonly inFlightUntil: number | null;
}

export interface ComparisonContext {
  readonly ignoredEventTypes: readonly string[];
  readonly eventRetentionMs: number | null;
  readonly gaps: GapSettings;
  /** Null: no decision is published. */
  readonly decision: DecisionSettings | null;
  /** How webhooks fared; null when nobody knows. */
  readonly delivery: DeliveryRecord | null;
  readonly now: number;
}

/**
 * Compares what Alloy has of an application with what is here.
 *
 * 1. Leave out what configuration drops, what is no longer kept, and what may still be in flight.
 * 2. Find the record of each event; what has none is missing.
 * 3. Find the records of which a failure is recorded too, and those that the state does not show.
 * 4. Explain all of them; together they are the gap.
 * 5. Choose what to queue: the missing events that do not come by themselves, and what Alloy says of
 *    the application that no event does.
 */
export function compare(
  alloy: AlloyApplication,
  here: {
    readonly state: ApplicationState;
    readonly events: readonly RecordedEvent[];
    readonly failures: readonly RecordedFailure[];
    readonly checkedAt: number | null;
    readonly gap: Gap | null;
  },
  context: ComparisonContext,
): Comparison {
  const { now, delivery, gaps } = context;
  const arrivedBy = now - gaps.graceMs;
  const handled = alloy.events.filter(({ event }) => isKept(event, context));
  const matches = matchEvents(handled, here.events);
  // An event that Alloy dates in the future has happened too, because it is in the list.
  const hasArrived = ({ at }: JourneyEvent) => at <= arrivedBy || at > now + gaps.graceMs;
  const arrived = matches.filter(({ event }) => hasArrived(event));
  const unrecorded = arrived.filter(({ record }) => record === null);
  const inFlight = matches.filter(({ event, record }) => record === null && !hasArrived(event));

  const failureOf = findFailures(matches, here);
  const isOld = (match: ListedMatch) =>
    isHistory(here.state, match.event.at) && !failureOf.has(match);
  const history = unrecorded.filter(isOld);
  const missing = unrecorded.filter((match) => !isOld(match));
  const failed = arrived.flatMap((match) => asFailed(match, failureOf.get(match)));
  const idsOf = (some: typeof failed) => new Set(some.map(({ event }) => event.eventId));
  const isGivenUp = ({ failure }: Failed) => isDeadLettered(failure, now);
  const failedIds = idsOf(failed);
  const diagnoses = [
    ...missing.map((match) =>
      diagnoseMissing(match.event, failureOf.get(match) ?? null, delivery, now),
    ),
    ...failed.map(({ event, failure }) => diagnoseFailed(event, failure, now)),
  ];
  const unapplied = unappliedEvents(here.state, matches, arrivedBy)
    .filter(({ eventId }) => !failedIds.has(eventId))
    .map(asUnapplied);
  const { applicationToken } = alloy;
  const gap = gapOf([...diagnoses, ...unapplied], { applicationToken, before: here.gap }, now);

  const queuedBefore = new Set(here.gap?.events.map(({ eventId }) => eventId));
  const isStuck = unapplied.some(({ event }) => queuedBefore.has(event.eventId));
  const heard = asHeard(alloy, matches, here, now);
  // What Alloy dates in the future has happened too: nobody knows when, and nothing waits for that time.
  const isDatedAhead = (alloy.snapshot?.at ?? 0) > now + gaps.graceMs;
  const settledBy = isDatedAhead ? Number.POSITIVE_INFINITY : arrivedBy;
  const toCorrect = {
    settledBy,
    isStuck,
    matches,
    queuedBefore,
    failedIds: idsOf(failed.filter(isGivenUp)),
    // Their messages are in the queue still.
    retriedIds: idsOf(failed.filter((one) => !isGivenUp(one))),
    now,
  };
  const answer = answerIn(heard, here.state, toCorrect);
  const corrections = correctionsOf(heard, here.state, toCorrect, answer);
  const { adopted } = here.state;
  const isSilent = adopted?.publishes !== true && isHistory(here.state, heard.snapshot?.at ?? 0);
  const settings = isSilent ? null : context.decision;
  const decision = decisionOf(heard, here.state, { settings, now }, answer);
  return {
    missing: missing.map(({ event }) => event),
    missingHistory: history.length,
    ...eventsToHeal(matches, [...diagnoses, ...history.map(asHistory), ...unapplied], {
      ...here,
      isStuck,
      delivery,
      now,
    }),
    corrections,
    decision: typeof decision === "number" ? null : decision,
    gap,
    late: lateSince(here, matches, context),
    leftOpen: leftOpen(alloy.snapshot, here.events, here.state),
    withoutWebhook: withoutWebhookSince(
      here.checkedAt,
      arrived.filter(({ event }) => !isHistory(here.state, event.at)),
      context,
    ),
    inFlightUntil:
      inFlight.length === 0
        ? (answerInFlightUntil() ?? decisionInFlightUntil())
        : inFlight.reduce((newest, { event }) => Math.max(newest, event.at), 0) + gaps.graceMs,
  };

  /** The next look at a decision that lacks a field. */
  function decisionInFlightUntil(): number | null {
    return typeof decision === "number" ? Math.min(decision, now + gaps.graceMs) : null;
  }

  /** When an answer that differs is no longer so new that an event may still tell the same; null: it does not. */
  function answerInFlightUntil(): number | null {
    const at = heard.snapshot?.at ?? null;
    if (at === null || at <= settledBy || at > now + gaps.graceMs) return null;
    const later = correctionsOf(heard, here.state, { ...toCorrect, settledBy: at }, answer);
    return later.length > corrections.length ? at + gaps.graceMs : null;
  }
}

/** Whether all is as it should be: nothing is missing, and nothing is to be done or to be told of. */
export function isAgreement(comparison: Comparison): boolean {
  const { gap, missing, missingHistory, toHeal, corrections, decision } = comparison;
  const { late, withoutWebhook, leftOpen, inFlightUntil } = comparison;
  const found = [missing, toHeal, corrections, late, leftOpen];
  return (
    found.every(({ length }) => length === 0) &&
    missingHistory + withoutWebhook === 0 &&
    gap === null &&
    decision === null &&
    inFlightUntil === null
  );
}

function matchEvents(
  atAlloy: readonly AlloyEvent[],
  recorded: readonly RecordedEvent[],
): readonly ListedMatch[] {
  const reports = atAlloy.map((listed) => ({ ...reportOf(listed.event), listed }));
  return matchReports(reports, recorded).map(({ event: { listed }, record }) => ({
    listed,
    event: listed.event,
    record,
  }));
}

/**
 * - Events that configuration drops will not move the state: what they did is to be said by Alloy's word.
 * - An answer that Alloy dates later than we asked is of the time of asking, and of no time before its events: it must
 *   not stand above what happens until then.
 */
function asHeard(
  { snapshot: said, reruns, ...alloy }: AlloyApplication,
  matches: readonly ListedMatch[],
  here: Parameters<typeof answerOver>[2],
  now: number,
): AlloyApplication {
  const events = eventsAsReceived(matches);
  const at = alloy.events.reduce(
    (newest, { event }) => Math.max(newest, event.at),
    Math.min(said?.at ?? 0, now),
  );
  return {
    ...alloy,
    snapshot: said === null ? null : answerOver({ ...said, at }, matches, here),
    reruns: reruns.map((one) => ({
      ...one,
      createdAt: one.createdAt === null ? null : Math.min(one.createdAt, now),
    })),
    events: matches.map(({ listed }, index) => ({
      ...listed,
      event: events[index] ?? listed.event,
    })),
  };
}

/** Whether the event is to be kept, and not so old that its record has expired. */
export function isKept(
  { type, at }: JourneyEvent,
  {
    ignoredEventTypes,
    eventRetentionMs,
    now,
  }: Pick<ComparisonContext, "ignoredEventTypes" | "eventRetentionMs" | "now">,
): boolean {
  if (ignoredEventTypes.includes(type)) return false;
  return eventRetentionMs === null || at > now - eventRetentionMs;
}

/** A recorded event whose processing failed after that: it is not published. */
/** A recorded event of which the rest failed. */
interface Failed {
  readonly event: Parameters<typeof diagnoseFailed>[0];
  readonly failure: RecordedFailure;
}

function asFailed(
  { event: { type, at }, record }: MatchedEvent,
  failure: RecordedFailure | undefined,
): readonly Failed[] {
  if (record === null || failure === undefined) return [];
  return [{ event: { eventId: record.eventId, type, at }, failure }];
}

function asHistory({ event: { eventId, type, at } }: MatchedEvent): Diagnosis {
  const event = { eventId, type, at, stage: "not-delivered" } as const;
  return { event, evidence: "it happened before the application was adopted" };
}

function asUnapplied({ eventId, type, at }: JourneyEvent): Diagnosis {
  return {
    event: { eventId, type, at, stage: "not-applied" },
    evidence: `${type} is recorded, but the status and the outcome do not show it`,
  };
}

function lateSince(
  {
    events,
    checkedAt,
    gap,
  }: { events: readonly RecordedEvent[]; checkedAt: number | null; gap: Gap | null },
  matches: readonly MatchedEvent[],
  { gaps, ignoredEventTypes }: ComparisonContext,
): Comparison["late"] {
  // Also under the id of Alloy's list: an event that was reported as missing is not reported again.
  const reported = new Set(gap?.events.map(({ eventId }) => eventId));
  for (const { event, record } of matches) {
    if (record !== null && reported.has(event.eventId)) reported.add(record.eventId);
  }
  return events
    .filter(({ receivedAt }) => receivedAt > (checkedAt ?? 0))
    .filter(({ eventId, type }) => !reported.has(eventId) && !ignoredEventTypes.includes(type))
    .flatMap((record) => diagnoseLate(record, gaps) ?? []);
}

function withoutWebhookSince(
  checkedAt: number | null,
  arrived: readonly MatchedEvent[],
  { gaps, now }: ComparisonContext,
): number {
  // What was in flight then is looked at now; what lies in the future would be so every time.
  const since = (checkedAt ?? 0) - gaps.graceMs;
  return arrived.filter(
    ({ event, record }) => event.at > since && event.at <= now && record?.origin !== "webhook",
  ).length;
}

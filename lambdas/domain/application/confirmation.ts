import { endsIn } from "./application-state.ts";
import type { ApplicationState } from "./application-state.ts";
import { factsOf, isDecisive, isFinal } from "../event/event-types.ts";
import type { Snapshot } from "./observation.ts";
import { lastEpochOf, stampHere } from "./last-epoch.ts";
import { isPublishedByEvent, isSameDecision, says } from "./published-decisions.ts";
import { reportOf } from "../reconciliation/reconciliation.ts";
import type { MatchedEvent, RecordedEvent } from "../reconciliation/reconciliation.ts";
import type { EventReport } from "../event/event-report.ts";
import { outcomeWordOf } from "../routing/route.ts";
import { timeOf } from "./stamp.ts";
import type { Stamp } from "./stamp.ts";

/*
 * Which end downstream has heard of. An end that contradicts the one before it, and an error that could
 * be one applicant's, are recorded and withheld; Alloy's own answer confirms them, or does not.
 */

export interface Standing {
  /** Whether downstream knows what Alloy answers; `unclear`: an event that says so is still on its way. */
  readonly published: "yes" | "no" | "unclear";
  /** The final event that the answer confirms: withheld, missing or failed. Null: there is none. */
  readonly confirms: EventReport | null;
  /** Its own message failed, and may come back and publish it: whichever is first does. */
  readonly mayComeBack: boolean;
}

interface StandingContext {
  /** The last reopening: ends before it are of another epoch; null: there is none. */
  readonly since: Stamp | null;
  /** Ids of missing events that an earlier check queued, and that are missing still. */
  readonly queuedBefore: ReadonlySet<string>;
  /** Ids of recorded events whose processing then failed permanently. */
  readonly failedIds: ReadonlySet<string>;
  /** Ids of recorded events of which the rest is tried again: they come by themselves. */
  readonly retriedIds: ReadonlySet<string>;
}

/** Finds what downstream has heard of the end that Alloy's answer says. */
export function standingOf(
  snapshot: Snapshot,
  matches: readonly MatchedEvent[],
  state: ApplicationState,
  { since, queuedBefore, failedIds, retriedIds }: StandingContext,
): Standing {
  if (snapshot.status === null || !isFinal(snapshot.status)) return as("no");
  const ends = [...lastEpochOf(matches, snapshot).ends];
  const isFailed = ({ record }: MatchedEvent) => failedIds.has(record?.eventId ?? "");
  if (says(state.published, snapshot, since)) {
    const stopped = isTaken(snapshot, state) ? undefined : ends.find((end) => isStopped(end));
    return stopped === undefined ? as("yes") : confirming(stopped);
  }
  const standing = ends.filter((end) => isAsAnswered(end, snapshot));
  // One that is missing comes by itself, or is healed now, or is tried again, and says so then.
  const isAwaited = standing.some(
    (end) =>
      isDecisive(end.event.type) &&
      (end.record === null
        ? !queuedBefore.has(end.event.eventId)
        : retriedIds.has(end.record.eventId) && !isMerged(end, state)),
  );
  if (isAwaited) return as("unclear");
  const unpublished = standing
    .filter((end) => isFailed(end) || isWithheldHere(end, state))
    .filter((end) => !state.published.some(({ eventId }) => isOf(eventId, end)))
    .toSorted((one, other) => one.event.at - other.event.at);
  // Of several that say the same the first counts; of errors the newest, which is the least likely an applicant's.
  const decisive = unpublished.find(({ event }) => isDecisive(event.type));
  const confirmed = firstMissing(standing, decisive) ?? decisive ?? unpublished.at(-1);
  return confirmed === undefined ? as("no") : confirming(confirmed);

  /** Whether its message was to publish it, and failed first; if it comes back, whichever is first does. */
  function isStopped(end: MatchedEvent): boolean {
    const { event, record } = end;
    const ids = [event.eventId, record?.eventId ?? event.eventId];
    if (!isPublishedByEvent(state, ids)) return false;
    return record === null ? queuedBefore.has(event.eventId) : isFailed(end);
  }

  function confirming(end: MatchedEvent): Standing {
    const { event, record } = end;
    // The message of an error publishes nothing, however often it comes back: it is withheld each time.
    const mayComeBack =
      isDecisive(event.type) && (record === null || (isFailed(end) && !record.isWithheld));
    return { published: "no", confirms: asRecorded(end), mayComeBack };
  }
}

/** Whether the answer was taken over before: that publishes an end once. */
function isTaken(snapshot: Snapshot, { answer }: ApplicationState): boolean {
  return answer !== null && isSameDecision(answer, snapshot);
}

function as(published: Standing["published"]): Standing {
  return { published, confirms: null, mayComeBack: false };
}

function isOf(eventId: string, { event, record }: MatchedEvent): boolean {
  return eventId === event.eventId || eventId === record?.eventId;
}

/**
 * The end that says the same before a withheld one, and is missing still: among the dead letters it may come back, and
 * would then be published. Under its own id it is published once.
 */
function firstMissing(
  standing: readonly MatchedEvent[],
  withheld: MatchedEvent | undefined,
): MatchedEvent | undefined {
  if (withheld === undefined) return undefined;
  return standing.find((end) => isMissing(end) && end.event.at <= withheld.event.at);
}

function isMissing({ event, record }: MatchedEvent): boolean {
  return record === null && isDecisive(event.type);
}

/** Whether only Alloy's answer publishes an end that is in no decision that was published. */
function isWithheldHere(end: MatchedEvent, state: ApplicationState): boolean {
  return !isDecisive(end.event.type) || end.record?.isWithheld === true || isMerged(end, state);
}

/** Whether the state shows that the event was merged; an end that two others have displaced does not show. */
function isMerged(match: MatchedEvent, state: ApplicationState): boolean {
  const here = stampHere(match);
  return endsIn(state).some(({ stamp }) => stamp === here);
}

/**
 * Ids of the withheld ends that an answer leaves open, since nobody knows its status: they are neither published nor
 * forgotten.
 */
export function leftOpen(
  snapshot: Snapshot | null,
  recorded: readonly RecordedEvent[],
  { answer }: ApplicationState,
): readonly string[] {
  if (snapshot === null || snapshot.status !== null) return [];
  const since = answer === null ? 0 : timeOf(answer.stamp);
  return recorded
    .filter(({ isWithheld, at }) => isWithheld && at > since)
    .map(({ eventId }) => eventId);
}

function isAsAnswered({ event, record }: MatchedEvent, { status, outcome }: Snapshot): boolean {
  const meaning = factsOf(event.type)?.meaning;
  if (meaning?.kind !== "final" || meaning.status !== status) return false;
  const said = record === null ? event.outcome : record.outcome;
  return status !== "completed" || outcomeWordOf(said) === outcomeWordOf(outcome);
}

/** Under the id that it is recorded with, or is about to be. */
function asRecorded({ event, record }: MatchedEvent): EventReport {
  const listed = reportOf(event);
  return record === null ? listed : { ...listed, eventId: record.eventId, at: record.at };
}

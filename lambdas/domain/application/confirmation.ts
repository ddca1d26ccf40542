import { GAP } from "../../settings.ts";
import { endsIn } from "./application-state.ts";
import type { AnswerRegister, ApplicationState, EndRegister } from "./application-state.ts";
import { factsOf, isDecisive, isFinal } from "../event/event-types.ts";
import type { Snapshot } from "./observation.ts";
import { couldBe, lastEpochOf, stampHere } from "./last-epoch.ts";
import { reportOf } from "../reconciliation/reconciliation.ts";
import type { MatchedEvent, RecordedEvent } from "../reconciliation/reconciliation.ts";
import type { EventReport } from "../event/event-report.ts";
import { outcomeWordOf } from "../routing/route.ts";
import { askedAtOf, eventIdIn, stampOf, timeOf } from "./stamp.ts";
import type { Stamp } from "./stamp.ts";

/*
 * Which end downstream has heard of. An end that contradicts the one before it, and an error that could
 * be one applicant's, are recorded and withheld; Alloy's own answer confirms them, or does not.
 */

export interface Standing {
  /** Whether an event has published what Alloy answers; `unclear`: not yet known. */
  readonly published: "yes" | "no" | "unclear";
  /** The recorded event that has published it, or will when its message is tried again; null: none. */
  readonly publishedBy: string | null;
  /** The withheld final event that the answer confirms, and that no answer has published; null: there is none. */
  readonly confirms: EventReport | null;
  /** Its own message failed, and may come back and publish it: whichever is first does. */
  readonly mayComeBack: boolean;
}

const NOTHING: Standing = {
  published: "no",
  publishedBy: null,
  confirms: null,
  mayComeBack: false,
};
const UNCLEAR: Standing = { ...NOTHING, published: "unclear" };

interface StandingContext {
  /** Ids of missing events that an earlier check queued, and that are missing still. */
  readonly queuedBefore: ReadonlySet<string>;
  /** Ids of recorded events whose processing then failed permanently. */
  readonly failedIds: ReadonlySet<string>;
  /** Ids of recorded events of which the rest is tried again: they come by themselves. */
  readonly retriedIds: ReadonlySet<string>;
  /** Epoch milliseconds. */
  readonly now: number;
}

function isRegistered(match: MatchedEvent, state: ApplicationState): boolean {
  return endsIn(state).some(({ stamp }) => stamp === stampHere(match));
}

/** Finds what downstream has heard of the end that Alloy's answer says. */
export function standingOf(
  snapshot: Snapshot,
  matches: readonly MatchedEvent[],
  state: ApplicationState,
  { queuedBefore, failedIds, retriedIds, now }: StandingContext,
): Standing {
  if (snapshot.status === null || !isFinal(snapshot.status)) return NOTHING;
  const all = [...lastEpochOf(matches, snapshot).ends].filter(
    (end) => isEndAfterAnswer(end, state) || isToTell(end, state),
  );
  const standing = all.filter((end) => isAsAnswered(end, state, snapshot));
  // One that is missing comes by itself, or is healed now, or is tried again, and says so then.
  const isAwaited = standing.some(
    (end) =>
      isDecisive(end.event.type) &&
      (end.record === null
        ? !queuedBefore.has(end.event.eventId)
        : retriedIds.has(end.record.eventId) && !isRegistered(end, state)),
  );
  if (isAwaited) return UNCLEAR;
  // Its next try will be withheld: another end has taken its place in the state.
  const isFailed = (end: MatchedEvent) =>
    failedIds.has(end.record?.eventId ?? "") && !isRegistered(end, state);
  const published = standing.filter((end) => isPublished(end, state) && !isFailed(end));
  // Of several ends all but the first are withheld, as soon as each has been processed.
  const others = all.filter((end) => isPublished(end, state) && !couldBe(end, snapshot));
  const isCutOff = [...published, ...others].some(({ record }) => isRecent(record, now));
  if (published.length > 0 && others.length > 0 && isCutOff) return UNCLEAR;
  const [publishing] = published;
  if (publishing !== undefined) {
    return { ...NOTHING, published: "yes", publishedBy: publishing.record?.eventId ?? null };
  }
  const withheld = standing
    .filter(
      (end) =>
        isFailed(end) || (isWithheldHere(end, state) && !wasPublishedBeforeAnswer(end, state)),
    )
    .toSorted((one, other) => one.event.at - other.event.at);
  // Of several that say the same the first counts; of errors the newest, which is the least likely an applicant's.
  const decisive = withheld.find(({ event }) => isDecisive(event.type));
  const confirmed = firstMissing(standing, decisive) ?? decisive ?? withheld.at(-1);
  const isUnpublished =
    confirmed !== undefined && (!isAnswered(state, snapshot) || isToTell(confirmed, state));
  if (!isUnpublished) return NOTHING;
  // The message of an error publishes nothing, however often it comes back: it is withheld each time.
  const mayComeBack =
    isDecisive(confirmed.event.type) && (confirmed.record === null || isFailed(confirmed));
  return { ...NOTHING, confirms: asRecorded(confirmed), mayComeBack };
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

/**
 * Whether only Alloy's answer publishes it: by its record, or since it came after an answer that decides. A try that
 * was cut off has not noted that on the record.
 */
function isWithheldHere(end: MatchedEvent, state: ApplicationState): boolean {
  const { event, record } = end;
  if (!isDecisive(event.type)) return true;
  // Its merge noted that another end stood. Its message failed before the record, and publishes nothing if it comes back.
  if (record === null) return secondOf(end, state) !== null;
  if (record.isWithheld) return true;
  return isDecision(state.answer) && !isToTell(end, state);
}

/** Whether it may have been published before the answer that the state stands by was. */
function wasPublishedBeforeAnswer(
  { event, record }: MatchedEvent,
  { answer }: ApplicationState,
): boolean {
  if (record === null || answer === null) return false;
  if (record.isWithheld || !isDecisive(event.type)) return false;
  return record.receivedAt <= askedAtOf(answer.stamp);
}

/** Whether a later end is withheld behind it; one that names the outcome which an end left out completes that. */
function isDecision(answer: AnswerRegister | null): boolean {
  if (answer === null || !isFinal(answer.status)) return false;
  return answer.status !== "completed" || answer.outcome !== null;
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

/** Whether an answer with this decision was taken over before. */
export function isAnswered({ answer }: ApplicationState, { status, outcome }: Snapshot): boolean {
  return (
    answer !== null &&
    status !== null &&
    isFinal(status) &&
    answer.status === status &&
    outcomeWordOf(answer.outcome) === outcomeWordOf(outcome)
  );
}

/**
 * Whether the state has the outcome that an answer says by a copy of the poller's alone: the event was published without
 * it, as its record says.
 */
export function isOutcomeUnpublished(
  snapshot: Snapshot,
  matches: readonly MatchedEvent[],
  state: ApplicationState,
): boolean {
  if (snapshot.outcome === null || isAnswered(state, snapshot)) return false;
  return [...lastEpochOf(matches, snapshot).ends].some((end) => {
    const { event, record } = end;
    if (record === null || record.isWithheld || record.outcome !== null) return false;
    const ids = [event.eventId, record.eventId];
    return (
      couldBe(end, snapshot) &&
      endsIn(state).some(({ outcome, stamp }) => outcome !== null && ids.includes(eventIdIn(stamp)))
    );
  });
}

/**
 * The end in the state that says what an answer says: since the answer before it, and the last reopening. Its event
 * tells downstream of it, or is withheld, and a later answer confirms it.
 */
export function publishingEnd(
  { end, lastEnd, answer }: ApplicationState,
  { status, outcome }: Snapshot,
  since: Stamp | null,
): EndRegister | null {
  const isSame = (one: EndRegister | null) =>
    one !== null &&
    one.stamp > (since ?? "") &&
    one.stamp > (answer?.stamp ?? "") &&
    one.status === status &&
    outcomeWordOf(one.outcome) === outcomeWordOf(outcome);
  return [end, lastEnd].find(isSame) ?? null;
}

/** Whether the answer was taken over on the word of this event: a withheld event was not published. */
function isToTell({ event, record }: MatchedEvent, { answer }: ApplicationState): boolean {
  const ids = [event.eventId, record?.eventId];
  return answer !== null && answer.correctionId !== null && ids.includes(answer.correctionId);
}

/** Whether its route has it, as far as the record says: that of an error too, of the release 0.1.0. */
function isPublished(end: MatchedEvent, state: ApplicationState): boolean {
  if (isDecisive(end.event.type) && isWithheldHere(end, state)) return false;
  return end.record?.isWithheld === false && isApplied(end, state);
}

/** What came before an answer that was taken over is settled: downstream has heard of the answer since. */
function isEndAfterAnswer({ event }: MatchedEvent, { answer }: ApplicationState): boolean {
  return answer === null || stampOf(event) > answer.stamp;
}

/** Whether the state shows it: an event that was only recorded was not published. */
function isApplied({ event, record }: MatchedEvent, { lastEnd }: ApplicationState): boolean {
  if (record === null || lastEnd === null) return false;
  return stampHere({ event, record }) <= lastEnd.stamp;
}

/** Whether it may still be withheld: its message may crash and be retried, or be redriven, for so long. */
function isRecent(record: RecordedEvent | null, now: number): boolean {
  return record !== null && now - record.receivedAt <= GAP.redriveMs;
}

function isAsAnswered(
  end: MatchedEvent,
  state: ApplicationState,
  { status, outcome }: Snapshot,
): boolean {
  const { event, record } = end;
  const meaning = factsOf(event.type)?.meaning;
  if (meaning?.kind !== "final" || meaning.status !== status) return false;
  // The copy of Alloy's list may have named the outcome in the state before a webhook without one was recorded.
  const recorded = record?.outcome ?? secondOf(end, state)?.outcome ?? null;
  const said = record === null ? event.outcome : recorded;
  return status !== "completed" || outcomeWordOf(said) === outcomeWordOf(outcome);
}

/** The end as the state has it, if its merge noted that another end stood then: its event is withheld. */
function secondOf(match: MatchedEvent, state: ApplicationState): EndRegister | null {
  const here = stampHere(match);
  return endsIn(state).find(({ isSecond, stamp }) => isSecond === true && stamp === here) ?? null;
}

/** Under the id that it is recorded with, or is about to be. */
function asRecorded({ event, record }: MatchedEvent): EventReport {
  const listed = reportOf(event);
  return record === null ? listed : { ...listed, eventId: record.eventId, at: record.at };
}

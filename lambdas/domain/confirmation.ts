import { GAP } from "../settings.ts";
import type { ApplicationState, EndRegister } from "./application-state.ts";
import { factsOf, isDecisive, isFinal } from "./event-types.ts";
import type { Snapshot } from "./observation.ts";
import { lastEpochOf, stampHere } from "./last-epoch.ts";
import { reportOf } from "./reconciliation.ts";
import type { EventReport, MatchedEvent, RecordedEvent } from "./reconciliation.ts";
import { outcomeWordOf } from "./route.ts";
import { stampOf } from "./stamp.ts";
import type { Stamp } from "./stamp.ts";

/*
 * Which end downstream has heard of. An end that contradicts the one before it, and an error that could
 * be one applicant's, are recorded and withheld; Alloy's own answer confirms them, or does not.
 */

export interface Standing {
  /** Whether an event has told downstream what Alloy answers; `unclear`: not yet known. */
  readonly told: "yes" | "no" | "unclear";
  /** The withheld end that the answer confirms, and that no answer has told of; null: there is none. */
  readonly confirms: EventReport | null;
}

const NOTHING: Standing = { told: "no", confirms: null };

/** Finds what downstream has heard of the end that Alloy's answer says. */
export function standingOf(
  snapshot: Snapshot,
  matches: readonly MatchedEvent[],
  state: ApplicationState,
  now: number,
): Standing {
  if (snapshot.status === null || !isFinal(snapshot.status)) return NOTHING;
  const all = [...lastEpochOf(matches).ends].filter(
    (end) => isEndAfterAnswer(end, state) || isToTell(end, state),
  );
  const published = all.filter((end) => isPublished(end, state));
  // Of several ends all but the first are withheld, as soon as each has been processed.
  if (published.length > 1 && published.some(({ record }) => isRecent(record, now))) {
    return { told: "unclear", confirms: null };
  }
  const standing = all.filter((end) => isAsAnswered(end, snapshot));
  const [newest] = standing
    .filter(({ event, record }) => record?.isWithheld === true || !isDecisive(event.type))
    .toSorted((one, other) => other.event.at - one.event.at);
  if (standing.some((end) => isPublished(end, state))) return { told: "yes", confirms: null };
  const isUntold =
    newest !== undefined && (!isAnswered(state, snapshot) || isToTell(newest, state));
  return { told: "no", confirms: isUntold ? asRecorded(newest) : null };
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
 * The end in the state that says what an answer says: since the answer before it, and the last reopening. Its event
 * tells downstream of it, or is withheld, and a later answer confirms it.
 */
export function tellingEnd(
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

/** Whether the answer was taken over on the word of this event: where it is withheld, nobody has told of it. */
function isToTell({ event, record }: MatchedEvent, { answer }: ApplicationState): boolean {
  const ids = [event.eventId, record?.eventId];
  return answer !== null && answer.correctionId !== null && ids.includes(answer.correctionId);
}

/** Whether its route has it, as far as the record says: that of an error too, of the release 0.1.0. */
function isPublished(end: MatchedEvent, state: ApplicationState): boolean {
  return end.record?.isWithheld === false && isApplied(end, state);
}

/** What came before an answer that was taken over is settled: downstream has heard of the answer since. */
function isEndAfterAnswer({ event }: MatchedEvent, { answer }: ApplicationState): boolean {
  return answer === null || stampOf(event) > answer.stamp;
}

/** Whether the state shows it: one that was recorded, and nothing more, has told nobody. */
function isApplied({ event, record }: MatchedEvent, { lastEnd }: ApplicationState): boolean {
  if (record === null || lastEnd === null) return false;
  return stampHere({ event, record }) <= lastEnd.stamp;
}

/** Whether it may still be withheld: its message may crash and be retried, or be redriven, for so long. */
function isRecent(record: RecordedEvent | null, now: number): boolean {
  return record !== null && now - record.receivedAt <= GAP.redriveMs;
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

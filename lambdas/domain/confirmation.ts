import { GAP } from "../settings.ts";
import type { ApplicationState } from "./application-state.ts";
import { factsOf, isDecisive, isFinal } from "./event-types.ts";
import type { JourneyEvent } from "./journey-event.ts";
import type { Snapshot } from "./observation.ts";
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
  /** The withheld end that the answer confirms; null: there is none. */
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
  const all = matches.filter(({ event }) => isEndAfterAnswer(event, state));
  const published = all.filter((end) => isPublished(end, state));
  // Of several ends all but the first are withheld, as soon as each has been processed.
  if (published.length > 1 && published.some(({ record }) => isRecent(record, now))) {
    return { told: "unclear", confirms: null };
  }
  const reopened = lastReopeningIn(matches);
  const standing = all.filter((end) => stampHere(end) > reopened && isAsAnswered(end, snapshot));
  const [newest] = standing
    .filter(({ event, record }) => record?.isWithheld === true || !isDecisive(event.type))
    .toSorted((one, other) => other.event.at - one.event.at);
  return {
    told: standing.some((end) => isPublished(end, state)) ? "yes" : "no",
    confirms: newest === undefined ? null : asRecorded(newest),
  };
}

/** Whether its route has it, as far as the record says: that of an error too, of the release 0.1.0. */
function isPublished(end: MatchedEvent, state: ApplicationState): boolean {
  return end.record?.isWithheld === false && isApplied(end, state);
}

/**
 * The last reopening that an end follows. The ends before it are of another epoch: downstream heard of
 * one of them, and not of the next. A reopening that no end follows has changed nothing yet.
 */
export function lastReopeningIn(matches: readonly MatchedEvent[]): Stamp {
  const newestOf = (kind: "final" | "reopening", before: Stamp | null) =>
    matches
      .filter(({ event }) => factsOf(event.type)?.meaning.kind === kind)
      .map(stampHere)
      .filter((stamp) => before === null || stamp < before)
      .reduce((newest, stamp) => (stamp > newest ? stamp : newest), "");
  return newestOf("reopening", newestOf("final", null));
}

/** Where an event stands by its record, if there is one: Alloy's list may date two events in another order. */
export function stampHere({ event, record }: MatchedEvent): Stamp {
  return stampOf(record === null ? event : { ...event, eventId: record.eventId, at: record.at });
}

/** What came before an answer that was taken over is settled: downstream has heard of the answer since. */
function isEndAfterAnswer(event: JourneyEvent, { answer }: ApplicationState): boolean {
  if (factsOf(event.type)?.meaning.kind !== "final") return false;
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

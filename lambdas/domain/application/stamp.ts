import { factsOf } from "../event/event-types.ts";
import type { JourneyEvent } from "../event/journey-event.ts";

/** `<15 digits of epoch ms>#<rank>#<event id>`: sorts by time, then by rank, then in a fixed order. */
export type Stamp = string;

/** Where an event stands among the others of its application. */
export function stampOf(event: JourneyEvent): Stamp {
  return `${padded(event.at)}#${rankOf(event)}#${event.eventId}`;
}

/**
 * Where Alloy's own answer stands: above every event of its millisecond.
 *
 * @param at - of the answer, by Alloy's own times; epoch milliseconds.
 * @param askedAt - when Alloy was asked: two answers may name one `updated_at`; epoch milliseconds.
 */
export function stampOfAnswer(at: number, askedAt: number): Stamp {
  return `${padded(at)}#${ANSWER_RANK}#${padded(askedAt)}`;
}

/** When Alloy was asked for the answer of this stamp; one of the released format names its own time alone. */
export function askedAtOf(stamp: Stamp): number {
  return Number(stamp.slice(ANSWER_PREFIX_LENGTH)) || timeOf(stamp);
}

/** Whether it is the stamp of an answer of Alloy's. */
export function isOfAnswer(stamp: Stamp): boolean {
  return stamp.slice(TIME_DIGITS, ANSWER_PREFIX_LENGTH) === `#${ANSWER_RANK}#`;
}

/** 15 digits hold epoch milliseconds until the year 33658, and sort as text. */
export function padded(epochMs: number): string {
  return String(epochMs).padStart(TIME_DIGITS, "0");
}

const TIME_DIGITS = 15;
const ANSWER_RANK = 9;
/** The time, and the rank between its two marks. */
const ANSWER_PREFIX_LENGTH = TIME_DIGITS + 3;

/**
 * Alloy's timestamps are milliseconds, and it raises several events in one: within it, waiting comes
 * after running, an end after both, and a reopening after the end.
 */
function rankOf(event: JourneyEvent): number {
  const meaning = factsOf(event.type)?.meaning ?? { kind: "note" };
  const { kind } = meaning;
  switch (kind) {
    case "note":
    case "rerun":
      return 0;
    case "progress":
      return meaning.status === "running" ? 1 : 2;
    case "final":
      // Of two ends in one millisecond, a completed application has an outcome to lose.
      return meaning.status === "completed" ? 4 : 3;
    case "reopening":
      return 5;
  }
}

/** The id of the event whose stamp it is. */
export function eventIdIn(stamp: Stamp): string {
  return stamp.slice(ANSWER_PREFIX_LENGTH);
}

/** The time that a stamp begins with, epoch milliseconds. */
export function timeOf(stamp: Stamp): number {
  return Number(stamp.slice(0, TIME_DIGITS));
}

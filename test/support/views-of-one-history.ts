import * as fc from "fast-check";

import { mayBeOneEvent, ALIAS_MS } from "../../lambdas/domain/reconciliation/reconciliation.ts";
import type { EventReport } from "../../lambdas/domain/event/event-report.ts";
import { aReport } from "./reports.ts";

/*
 * One history of an application, as Alloy's list and as our records have it: either side may leave out any
 * field, of all its events or of single ones, and give each event another time.
 *
 * What nobody could decide is left out:
 * - Both sides together shift the time of an event by more than 2 s: then it is two events (docs/contracts.md#event-identity).
 * - A shift gives an event exactly the id that another one has on the other side.
 * - For "each has its own record", not for the counts: another event's report is as near in time as the event's
 *   own, in steps of 10 ms, and more like it; or it is nearer. The same millisecond is a step of its own.
 */

const START = Date.UTC(2026, 10, 23, 20);

const FIELDS = [
  "entityApplicationToken",
  "entityToken",
  "nodeId",
  "eventToken",
  "outcome",
] as const;

/** What a side does to an event: which fields it says, and by how much it moves its time. */
const SPOKEN = fc.record({
  says: fc.integer({ min: 0, max: 31 }),
  shift: fc.constantFrom(0, 0, 0, 1, -1, 7, 30, -400, 600, 1_000),
});

const EVENT = fc.record({
  // Few of each, so that events look alike often.
  type: fc.constantFrom("pending_review", "completed_review"),
  after: fc.constantFrom(0, 0, 1, 30, 900, 1_000, 1_500, 3_000, 60_000),
  applicant: fc.constantFrom(null, "1", "1", "2", "3"),
  nodeId: fc.constantFrom("node-1", "node-1", "node-2"),
  outcome: fc.constantFrom(null, null, "Approved", "Denied"),
  atAlloy: SPOKEN,
  here: SPOKEN,
});

const HISTORY = fc.record({
  events: fc.array(EVENT, { minLength: 1, maxLength: 7 }),
  /** What the side says of any event at all; most often the same for the whole side. */
  atAlloy: fc.integer({ min: 0, max: 31 }),
  here: fc.integer({ min: 0, max: 31 }),
  isPerEvent: fc.constantFrom(false, false, true),
  /** Bits of the events that never came. */
  lost: fc.nat(127),
  order: fc.nat(1_000),
});

export interface Seen extends EventReport {
  readonly number: number;
}

type History = typeof HISTORY extends fc.Arbitrary<infer Value> ? Value : never;

/** Both views of a history; each report is numbered by its event. */
function viewsOf({ events, atAlloy, here, isPerEvent }: History) {
  let at = START;
  const views = events.map((event, number) => {
    at += event.after;
    const { type, applicant, nodeId, outcome } = event;
    const all = {
      type,
      at,
      entityApplicationToken: applicant === null ? null : `EA-${applicant}`,
      entityToken: applicant === null ? "G-1" : `P-${applicant}`,
      nodeId,
      eventToken: String(22_750_000 + number),
      outcome,
    };
    const view = (side: number, spoken: { says: number; shift: number }): Seen => {
      const says = isPerEvent ? side | spoken.says : side;
      const kept = FIELDS.map((field, bit) => [field, (says >> bit) & 1 ? all[field] : null]);
      return { ...aReport({ ...all, ...Object.fromEntries(kept), at: at + spoken.shift }), number };
    };
    return { atAlloy: view(atAlloy, event.atAlloy), here: view(here, event.here) };
  });
  return { list: views.map((one) => one.atAlloy), records: views.map((one) => one.here) };
}

/** Those of one history whose ids, and whose times, say what they are. */
export const DECIDABLE = HISTORY.map((history) => ({ history, ...viewsOf(history) })).filter(
  ({ list, records }) =>
    list.every((event, index) => {
      const own = records[index];
      return own !== undefined && Math.abs(event.at - own.at) <= ALIAS_MS;
    }) &&
    list.every((event) =>
      [...list, ...records].every(
        (other) => other.number === event.number || other.eventId !== event.eventId,
      ),
    ) &&
    records.every((record) =>
      records.every((other) => other === record || other.eventId !== record.eventId),
    ),
);

/** In how many fields both say the same. */
function agreement(one: EventReport, other: EventReport): number {
  return FIELDS.filter((field) => one[field] !== null && one[field] === other[field]).length;
}

/** Whether two reports are nearer to each other than two others, or as near and no less alike. */
function isCloser(one: Seen, other: Seen, event: Seen, record: Seen): boolean {
  const [own, apart] = [Math.abs(one.at - other.at), Math.abs(event.at - record.at)];
  const [ownStep, otherStep] = [stepOf(own), stepOf(apart)];
  if (ownStep !== otherStep) return ownStep < otherStep;
  return (
    own < apart &&
    agreement(event, record) <= agreement(one, other) &&
    saidByOne(event, record) >= saidByOne(one, other)
  );
}

/** The same millisecond is a step of its own: a field that one side leaves out does not outweigh it. */
function stepOf(apartMs: number): number {
  return apartMs === 0 ? 0 : Math.floor(apartMs / 10) + 1;
}

/** How many fields one of the two says alone. */
function saidByOne(one: EventReport, other: EventReport): number {
  return FIELDS.filter((field) => (one[field] === null) !== (other[field] === null)).length;
}

/** Whether every report is more like its own event than any other report is. */
export function isToldApart({ list, records }: Views): boolean {
  return list.every((event) =>
    records.every((record) => {
      if (event.number === record.number || !mayBeOneEvent(event, record)) return true;
      return [event.number, record.number].every((number) => {
        const [ownEvent, ownRecord] = [list[number], records[number]];
        if (ownEvent === undefined || ownRecord === undefined) return false;
        return isCloser(ownEvent, ownRecord, event, record);
      });
    }),
  );
}

export function shuffled<Value>(values: readonly Value[], order: number): readonly Value[] {
  return values
    .map((value, index) => ({ value, key: (index * 7_919 + order * 104_729) % 1_009 }))
    .toSorted((one, other) => one.key - other.key)
    .map(({ value }) => value);
}

/** What matches Alloy's list with what is recorded. */
export type Match = (
  atAlloy: readonly Seen[],
  recorded: readonly Seen[],
) => readonly { readonly event: Seen; readonly record: Seen | null }[];

type Views = typeof DECIDABLE extends fc.Arbitrary<infer Value> ? Value : never;

/** Those that came, of all that are recorded: the others are lost. */
export function cameOf({ history, records }: Views): readonly Seen[] {
  return records.filter(({ number }) => ((history.lost >> number) & 1) === 0);
}

function matched(views: Views, match: Match) {
  const { list, history } = views;
  return match(shuffled(list, history.order), shuffled(cameOf(views), history.order));
}

/** Whatever each side leaves out: a record for each that came, one to one, and none for more. */
export function countsAreRight(views: Views, match: Match): boolean {
  const matches = matched(views, match);
  const found = matches.flatMap(({ record }) => record ?? []);
  return (
    found.length === cameOf(views).length &&
    new Set(found).size === found.length &&
    matches.every(({ event, record }) => record === null || mayBeOneEvent(event, record))
  );
}

/** Where every report is most like its own event: it is that event's, and what is lost is missing. */
export function eachHasItsOwn(views: Views, match: Match): boolean {
  const came = new Set(cameOf(views).map(({ number }) => number));
  return matched(views, match).every(
    ({ event: { number }, record }) =>
      (record?.number ?? null) === (came.has(number) ? number : null),
  );
}

export const TOLD_APART = DECIDABLE.filter(isToldApart);

/** Whether one of those that came could also be another event's. */
export function isPutToTheTest(views: Views): boolean {
  return cameOf(views).some(
    (record) => views.list.filter((event) => mayBeOneEvent(event, record)).length > 1,
  );
}

import type { Candidate } from "./candidate.ts";

type Pair<Event, Record> = readonly [Candidate<Event>, Candidate<Record>];

/**
 * Assigns what only time tells apart: the nearest first, unless that leaves more of them alone than to
 * go through both sides in order does. (Of many that were all shifted by one second, a second apart, each
 * has another one's record nearest, and the first is left alone.)
 *
 * @param events - in the order of time, as are the records.
 */
export function assignByTime<Event, Record>(
  events: readonly Candidate<Event>[],
  records: readonly Candidate<Record>[],
  mostApartMs: number,
): readonly Pair<Event, Record>[] {
  const nearest = nearestFirst(events, records, mostApartMs);
  if (nearest.length === Math.min(events.length, records.length)) return nearest;
  const ordered = inOrder(events, records, mostApartMs);
  return ordered.length > nearest.length ? ordered : nearest;
}

/** As many as can be: each record goes to the oldest event that can have it. */
function inOrder<Event, Record>(
  events: readonly Candidate<Event>[],
  records: readonly Candidate<Record>[],
  mostApartMs: number,
): readonly Pair<Event, Record>[] {
  const pairs: Pair<Event, Record>[] = [];
  let next = 0;
  for (const record of records) {
    while ((events[next]?.at ?? Infinity) < record.at - mostApartMs) next += 1;
    const event = events[next];
    if (event === undefined || event.at > record.at + mostApartMs) continue;
    pairs.push([event, record]);
    next += 1;
  }
  return pairs;
}

/** A report between those beside it in time that are still without a counterpart. */
interface Place<Event, Record> {
  readonly at: number;
  readonly event: Candidate<Event> | null;
  readonly record: Candidate<Record> | null;
  before: Place<Event, Record> | null;
  after: Place<Event, Record> | null;
  isTaken: boolean;
}

/**
 * The nearest pair first, until none is left. The nearest two of both sides always stand side by side, so
 * those beside each other are all that must be looked at, by how far they are apart.
 */
function nearestFirst<Event, Record>(
  events: readonly Candidate<Event>[],
  records: readonly Candidate<Record>[],
  mostApartMs: number,
): readonly Pair<Event, Record>[] {
  const pairs: Pair<Event, Record>[] = [];
  const byDistance = new Map<number, Place<Event, Record>[]>();
  const offer = (place: Place<Event, Record> | null) => {
    if (place === null || place.after === null) return;
    const apartMs = place.after.at - place.at;
    const same = byDistance.get(apartMs);
    if (same === undefined) byDistance.set(apartMs, [place]);
    else same.push(place);
  };

  for (const place of placesOf(events, records)) offer(place);
  for (let apartMs = 0; apartMs <= mostApartMs; apartMs += 1) {
    // What stands side by side once those between are gone is no nearer than they were.
    for (const place of byDistance.get(apartMs) ?? []) {
      const { after } = place;
      if (place.isTaken || after === null || after.at - place.at !== apartMs) continue;
      const event = place.event ?? after.event;
      const record = place.record ?? after.record;
      if (event === null || record === null) continue;
      pairs.push([event, record]);
      place.isTaken = true;
      after.isTaken = true;
      if (place.before !== null) place.before.after = after.after;
      if (after.after !== null) after.after.before = place.before;
      offer(place.before);
    }
  }
  return pairs;
}

function placesOf<Event, Record>(
  events: readonly Candidate<Event>[],
  records: readonly Candidate<Record>[],
): readonly Place<Event, Record>[] {
  const alone = { before: null, after: null, isTaken: false };
  const places: Place<Event, Record>[] = [
    ...events.map((event) => ({ ...alone, at: event.at, event, record: null })),
    ...records.map((record) => ({ ...alone, at: record.at, event: null, record })),
  ].sort((one, other) => one.at - other.at);
  let before: Place<Event, Record> | null = null;
  for (const place of places) {
    place.before = before;
    if (before !== null) before.after = place;
    before = place;
  }
  return places;
}

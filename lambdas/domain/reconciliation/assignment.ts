import type { Candidate, Group } from "./candidate.ts";
import { cheapestAssignment } from "./cheapest-assignment.ts";
import { assignInStages } from "./staged-assignment.ts";

/**
 * Up to so many reports of a side are assigned by the cheapest of all assignments, in cubic time. More
 * that differ neither in time nor in a field are no application that anybody has seen.
 */
const MOST_COMPARED = 64;

/**
 * Assigns records to events, one to one: as many as can be, of those assignments the one nearest in time (the
 * same millisecond, then steps of 10 ms), of these the one in which the most known fields agree. An agreement
 * does not outweigh time, since a field that one side leaves out of some of its events would lend itself to their
 * neighbours.
 *
 * Reports that cannot belong together are separated first, so that the time is linear in the reports
 * but for a logarithm. A group of more than 64 is assigned in stages (`staged-assignment.ts`).
 *
 * @param mostApartMs - two reports further apart than this do not belong together.
 */
export function assign<Event, Record>(
  events: readonly Candidate<Event>[],
  records: readonly Candidate<Record>[],
  mostApartMs: number,
): readonly (readonly [Event, Record])[] {
  const groups = splitBy({ events, records }, ({ kind }) => kind);
  return groups.flatMap((group) => assignGroup(sorted(group)));

  function assignGroup(whole: Group<Event, Record>): readonly (readonly [Event, Record])[] {
    return splitByTime(whole, mostApartMs).flatMap((group) => {
      if (group.events.length === 0 || group.records.length === 0) return [];
      const size = Math.max(group.events.length, group.records.length);
      if (size <= MOST_COMPARED) return cheapestAssignment(group, mostApartMs);
      const parts = splitByField(group);
      if (parts.length > 1) return parts.flatMap(assignGroup);
      return assignInStages(group, mostApartMs);
    });
  }
}

function sorted<Event, Record>({ events, records }: Group<Event, Record>): Group<Event, Record> {
  return { events: events.toSorted(byTime), records: records.toSorted(byTime) };
}

function byTime(one: Candidate<unknown>, other: Candidate<unknown>): number {
  if (one.at !== other.at) return one.at - other.at;
  return one.order < other.order ? -1 : Number(one.order > other.order);
}

/** Cuts where nothing happened for so long that nothing before can belong to anything after. */
function splitByTime<Event, Record>(
  { events, records }: Group<Event, Record>,
  mostApartMs: number,
): readonly Group<Event, Record>[] {
  const groups: { events: Candidate<Event>[]; records: Candidate<Record>[] }[] = [];
  let newest = -Infinity;
  let [event, record] = [0, 0];
  while (event < events.length || record < records.length) {
    const nextEvent = events[event];
    const nextRecord = records[record];
    const isEvent = nextEvent !== undefined && nextEvent.at <= (nextRecord?.at ?? Infinity);
    const at = (isEvent ? nextEvent.at : nextRecord?.at) ?? newest;
    if (at - newest > mostApartMs) groups.push({ events: [], records: [] });
    newest = at;
    if (isEvent) {
      groups.at(-1)?.events.push(nextEvent);
      event += 1;
    } else {
      if (nextRecord !== undefined) groups.at(-1)?.records.push(nextRecord);
      record += 1;
    }
  }
  return groups;
}

/** By the first field that all of them know, and do not agree in. */
function splitByField<Event, Record>(group: Group<Event, Record>): readonly Group<Event, Record>[] {
  const all = [...group.events, ...group.records];
  const fields = all[0]?.values.keys() ?? [];
  for (const field of fields) {
    const valueOf = ({ values }: Candidate<unknown>) => values[field] ?? null;
    if (all.some((one) => valueOf(one) === null)) continue;
    const groups = splitBy(group, valueOf);
    if (groups.length > 1) return groups;
  }
  return [group];
}

/** What has no counterpart is left out: nothing can be assigned to it. */
function splitBy<Event, Record>(
  { events, records }: Group<Event, Record>,
  keyOf: (one: Candidate<unknown>) => string | null,
): readonly Group<Event, Record>[] {
  const recordsOf = Map.groupBy(records, keyOf);
  return [...Map.groupBy(events, keyOf)].map(([key, some]) => ({
    events: some,
    records: recordsOf.get(key) ?? [],
  }));
}

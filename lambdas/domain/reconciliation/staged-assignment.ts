import { likenessOf } from "./candidate.ts";
import type { Candidate, Group } from "./candidate.ts";
import { firstSince } from "./in-time.ts";
import { assignByTime } from "./time-assignment.ts";

/** How many pairs the last stage looks at, per report of the group, before it ends. */
const LOOKS_PER_REPORT = 64;

/**
 * Assigns a group that is too large to compare all its assignments, in nearly linear time.
 *
 * 1. Stage by stage, most fields first: what knows the same fields and agrees in them, by time alone. The pairs of
 *    one millisecond come before all others, as in a smaller group (`cheapest-assignment.ts`).
 * 2. An event without a record takes over the record of an event that can have another one.
 *
 * Where each side leaves out the same fields of all its reports, the first step leaves nothing to the
 * second. The second ends at 64 pairs per report; then an event that has a record may be left without.
 *
 * @param group - in the order of time.
 */
export function assignInStages<Event, Record>(
  { events, records }: Group<Event, Record>,
  mostApartMs: number,
): readonly (readonly [Event, Record])[] {
  const recordOf = new Map<Candidate<Event>, Candidate<Record>>();
  const eventOf = new Map<Candidate<Record>, Candidate<Event>>();
  const take = (event: Candidate<Event>, record: Candidate<Record>) => {
    recordOf.set(event, record);
    eventOf.set(record, event);
  };

  const stages = stagesOf({ events, records });
  for (const apartMs of [0, mostApartMs]) {
    for (const stage of stages) {
      const open = {
        events: stage.events.filter((event) => !recordOf.has(event)),
        records: stage.records.filter((record) => !eventOf.has(record)),
      };
      const recordsOf = Map.groupBy(open.records, stage.keyOf);
      for (const [key, same] of Map.groupBy(open.events, stage.keyOf)) {
        const pairs = assignByTime(same, recordsOf.get(key) ?? [], apartMs);
        for (const [event, record] of pairs) take(event, record);
      }
    }
  }

  let looks = LOOKS_PER_REPORT * (events.length + records.length);
  for (const event of events) {
    if (eventOf.size === records.length || looks <= 0) break;
    if (!recordOf.has(event)) takeOver(event);
  }
  return Array.from(recordOf, ([event, record]) => [event.report, record.report]);

  /** Searches, in breadth, for a chain of events that each take over the next one's record. */
  function takeOver(first: Candidate<Event>): void {
    const takenFrom = new Map<Candidate<Record>, Candidate<Event>>();
    const waiting = [first];
    for (const event of waiting) {
      for (const record of recordsAround(event)) {
        looks -= 1;
        if (looks <= 0) return;
        if (takenFrom.has(record) || likenessOf(event, record, mostApartMs) === null) continue;
        takenFrom.set(record, event);
        const owner = eventOf.get(record);
        if (owner === undefined) {
          passOn(record, takenFrom);
          return;
        }
        waiting.push(owner);
      }
    }
  }

  function passOn(
    free: Candidate<Record>,
    takenFrom: ReadonlyMap<Candidate<Record>, Candidate<Event>>,
  ): void {
    let record: Candidate<Record> | undefined = free;
    while (record !== undefined) {
      const event = takenFrom.get(record);
      if (event === undefined) return;
      const given: Candidate<Record> | undefined = recordOf.get(event);
      take(event, record);
      record = given;
    }
  }

  function* recordsAround({ at }: Candidate<Event>): Generator<Candidate<Record>> {
    for (let index = firstSince(records, at - mostApartMs); ; index += 1) {
      const record = records[index];
      if (record === undefined || record.at > at + mostApartMs) return;
      yield record;
    }
  }
}

/**
 * Those that know one set of fields with those that know another. Those that share most come first; of these
 * those that know most alone, because what knows nothing finds a counterpart among all that are left.
 */
function stagesOf<Event, Record>({ events, records }: Group<Event, Record>) {
  const eventsOf = [...Map.groupBy(events, knownOf)];
  const recordsOf = [...Map.groupBy(records, knownOf)];
  return eventsOf
    .flatMap(([ofEvents, someEvents]) =>
      recordsOf.map(([ofRecords, someRecords]) => {
        const shared = ofEvents & ofRecords;
        const keyOf = ({ values }: Candidate<unknown>) =>
          JSON.stringify(values.map((value, field) => ((shared >> field) & 1 ? value : null)));
        const rank = [bitsIn(shared), bitsIn(ofEvents ^ ofRecords), shared] as const;
        return { rank, keyOf, events: someEvents, records: someRecords };
      }),
    )
    .toSorted(
      ({ rank: one }, { rank: other }) =>
        other[0] - one[0] || other[1] - one[1] || other[2] - one[2],
    );
}

/** The fields that a report knows, a bit for each. */
function knownOf({ values }: Candidate<unknown>): number {
  return values.reduce((known, value, field) => (value === null ? known : known | (1 << field)), 0);
}

function bitsIn(fields: number): number {
  return fields.toString(2).replaceAll("0", "").length;
}

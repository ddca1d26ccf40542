import * as fc from "fast-check";
import { expect, test } from "vitest";

import { matchReports, mayBeOneEvent, TWIN_MS } from "../../../lambdas/domain/reconciliation.ts";
import type { EventReport } from "../../../lambdas/domain/reconciliation.ts";
import { aReport } from "../../support/reports.ts";

/*
 * One history of an application, as Alloy's list and as our records have it: either side may leave out any
 * field, of all its events or of single ones, and give each event another time.
 *
 * What nobody could decide is left out:
 * - Both sides together shift the time of an event by more than 2 s: then it is two events (design 2.4).
 * - A shift gives an event exactly the id that another one has on the other side.
 * - For "each has its own record", not for the counts: another event's report is no further away, or
 *   agrees in more fields, than the event's own.
 */

const RUNS = 20_000;
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

interface Seen extends EventReport {
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
const DECIDABLE = HISTORY.map((history) => ({ history, ...viewsOf(history) })).filter(
  ({ list, records }) =>
    list.every((event, index) => {
      const own = records[index];
      return own !== undefined && Math.abs(event.at - own.at) <= TWIN_MS;
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

/** Whether every report is more like its own event than any other report is. */
function tellsApart(list: readonly Seen[], records: readonly Seen[]): boolean {
  return list.every((event) =>
    records.every((record) => {
      if (event.number === record.number || !mayBeOneEvent(event, record)) return true;
      return [event.number, record.number].every((number) => {
        const [ownEvent, ownRecord] = [list[number], records[number]];
        if (ownEvent === undefined || ownRecord === undefined) return false;
        return (
          Math.abs(event.at - record.at) > Math.abs(ownEvent.at - ownRecord.at) &&
          agreement(event, record) <= agreement(ownEvent, ownRecord)
        );
      });
    }),
  );
}

function shuffled<Value>(values: readonly Value[], order: number): readonly Value[] {
  return values
    .map((value, index) => ({ value, key: (index * 7_919 + order * 104_729) % 1_009 }))
    .toSorted((one, other) => one.key - other.key)
    .map(({ value }) => value);
}

test("whatever each side leaves out, no event that came is missing, and none that is lost is found", () => {
  let alike = 0;
  fc.assert(
    fc.property(DECIDABLE, ({ history, list, records }) => {
      const came = records.filter(({ number }) => ((history.lost >> number) & 1) === 0);
      if (came.some((record) => list.filter((event) => mayBeOneEvent(event, record)).length > 1)) {
        alike += 1;
      }

      const matches = matchReports(shuffled(list, history.order), shuffled(came, history.order));

      const found = matches.flatMap(({ record }) => record ?? []);
      expect(found).toHaveLength(came.length);
      expect(new Set(found).size).toBe(found.length);
      expect(
        matches.filter(({ event, record }) => record !== null && !mayBeOneEvent(event, record)),
      ).toEqual([]);
    }),
    { numRuns: RUNS },
  );
  // Else nothing would have been put to the test.
  expect(alike).toBeGreaterThan(RUNS / 4);
});

test("each event that its own report is most like has its own record, and what is lost is missing", () => {
  let alike = 0;
  fc.assert(
    fc.property(
      DECIDABLE.filter(({ list, records }) => tellsApart(list, records)),
      ({ history, list, records }) => {
        const came = records.filter(({ number }) => ((history.lost >> number) & 1) === 0);
        if (
          came.some((record) => list.filter((event) => mayBeOneEvent(event, record)).length > 1)
        ) {
          alike += 1;
        }

        const matches = matchReports(shuffled(list, history.order), shuffled(came, history.order));

        const isHere = new Set(came.map(({ number }) => number));
        for (const { event, record } of matches) {
          expect(record?.number ?? null).toBe(isHere.has(event.number) ? event.number : null);
        }
      },
    ),
    { numRuns: RUNS },
  );
  expect(alike).toBeGreaterThan(RUNS / 16);
});

test("the order of either side decides nothing", () => {
  fc.assert(
    fc.property(DECIDABLE, fc.nat(1_000), ({ history, list, records }, order) => {
      const came = records.filter(({ number }) => ((history.lost >> number) & 1) === 0);
      const pairs = (events: readonly Seen[], recorded: readonly Seen[]) =>
        matchReports(events, recorded)
          .map(({ event, record }) => `${event.number} ${record?.number ?? "none"}`)
          .toSorted();

      expect(pairs(shuffled(list, order), shuffled(came, order + 1))).toEqual(pairs(list, came));
    }),
    { numRuns: 2_000 },
  );
});

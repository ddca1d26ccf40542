import { assign } from "./assignment.ts";
import type { Candidate } from "./candidate.ts";
import type { EnvelopeKind } from "../event/envelope.ts";
import type { EventReport } from "../event/event-report.ts";
import type { JourneyEvent } from "../event/journey-event.ts";

/** An event as it is recorded, as far as comparing needs it. */
export interface RecordedEvent extends EventReport {
  readonly receivedAt: number;
  readonly origin: EnvelopeKind;
  /** It is not published unless Alloy's own answer confirms it (`withholding.ts`). */
  readonly isWithheld: boolean;
}

/** The recorded evidence that an event could not be processed. */
export interface RecordedFailure {
  readonly eventId: string;
  readonly eventType: string;
  /** Epoch milliseconds. */
  readonly failedAt: number;
  readonly reason: string;
  readonly deadLettered: boolean;
}

/** A webhook and Alloy's list may differ by so much about the time of one event (docs/contracts.md#event-identity). */
export const ALIAS_MS = 2_000;

/** What a parsed event says of itself. */
export function reportOf(event: JourneyEvent): EventReport {
  const { eventId, type, at, entityApplicationToken, entityToken, eventToken, outcome } = event;
  const { id: nodeId } = event.node;
  return { eventId, type, at, entityApplicationToken, entityToken, nodeId, eventToken, outcome };
}

/**
 * Whether two reports may be of one event.
 *
 * 1. Two different event tokens: two events, whatever else agrees.
 * 2. One id, or one event token: one event.
 * 3. Else one type, at most 2 s apart, and no contradiction in what both sides say.
 */
export function mayBeOneEvent(one: EventReport, other: EventReport): boolean {
  if (haveTwoTokens(one, other)) return false;
  if (one.eventId === other.eventId) return true;
  if (one.type !== other.type) return false;
  if (isKnown(one.eventToken) && one.eventToken === other.eventToken) return true;
  return Math.abs(one.at - other.at) <= ALIAS_MS && doNotContradict(one, other);
}

/** Ids that events of different tokens share: each of them has one record and one effect, that of the first that came. */
export function sharedIdsIn(reports: readonly EventReport[]): readonly string[] {
  if (haveOwnIds(reports)) return [];
  return [...Map.groupBy(reports, ({ eventId }) => eventId)].flatMap(
    ([eventId, [first, ...others]]) =>
      first !== undefined && others.some((other) => haveTwoTokens(first, other)) ? [eventId] : [],
  );
}

/** As a rule no two have one id. */
function haveOwnIds(reports: readonly EventReport[]): boolean {
  return new Set(reports.map(({ eventId }) => eventId)).size === reports.length;
}

/** A parsed event of Alloy's list, and the record of it; null when there is none. */
export interface MatchedEvent {
  readonly event: JourneyEvent;
  readonly record: RecordedEvent | null;
}

/** A report of Alloy's list, and the record of its event; null when there is none. */
interface MatchedReport<Listed, Recorded> {
  readonly event: Listed;
  readonly record: Recorded | null;
}

/**
 * Finds the record of each event of Alloy's list. One record stands for one event.
 *
 * 1. By id, then by event token.
 * 2. What is left: the best assignment over the whole list (`assignment.ts`). It leaves as few events
 *    without a record as can be; of those assignments it is the one nearest in time, and of equally near
 *    ones the one in which the most fields agree. A choice event by event would not do: of three alike, the first
 *    could take the record that the second needs.
 * 3. By id once more, even when the record stands for another event: a second event of that id cannot
 *    be recorded apart, so to miss it would be to miss it for ever.
 *
 * The time is linear in the reports but for a logarithm.
 *
 * @param atAlloy - Alloy's whole list as far as it is to be recorded, not one event of it: what else
 * happened within 2 s decides whose record a record is.
 * @returns the events in the order of `atAlloy`.
 */
export function matchReports<Listed extends EventReport, Recorded extends EventReport>(
  atAlloy: readonly Listed[],
  recorded: readonly Recorded[],
): readonly MatchedReport<Listed, Recorded>[] {
  // What the list holds twice is one event.
  const { firsts, firstOf } = withoutRepetitions(atAlloy);
  const open = { events: new Set(firsts), records: new Set(withoutRepetitions(recorded).firsts) };
  const matches = new Map<Listed, Recorded>();
  const take = (event: Listed, record: Recorded) => {
    matches.set(event, record);
    open.events.delete(event);
    open.records.delete(record);
  };

  takeById((one, other) => !haveTwoTokens(one, other) && doNotContradict(one, other));
  // As a rule every event has found its record.
  if (open.events.size > 0) {
    takeById((one, other) => !haveTwoTokens(one, other));
    takeByToken();
    const assigned = assign(candidates(open.events), candidates(open.records), ALIAS_MS);
    for (const [event, record] of assigned) take(event, record);
  }

  const byId = new Map(recorded.map((record) => [record.eventId, record]));
  return atAlloy.map((event) => {
    const record = matches.get(firstOf.get(event) ?? event) ?? byId.get(event.eventId);
    return { event, record: record ?? null };
  });

  function takeById(isSame: (event: Listed, record: Recorded) => boolean): void {
    const records = Map.groupBy(open.records, ({ eventId }) => eventId);
    for (const event of open.events) {
      const record = records
        .get(event.eventId)
        ?.find((one) => open.records.has(one) && isSame(event, one));
      if (record !== undefined) take(event, record);
    }
  }

  function takeByToken(): void {
    const records = Map.groupBy(open.records, tokenOf);
    for (const [token, [event, ...events]] of Map.groupBy(open.events, tokenOf)) {
      const [record, ...others] = records.get(token) ?? [];
      // A token that several events bear is not the token of an event.
      const isOne = token !== null && events.length === 0 && others.length === 0;
      if (isOne && event !== undefined && record !== undefined) take(event, record);
    }
  }
}

/** The first of all that have one id and do not contradict each other, and for each other report its first. */
function withoutRepetitions<Report extends EventReport>(reports: readonly Report[]) {
  const firstOf = new Map<Report, Report>();
  if (haveOwnIds(reports)) return { firsts: reports, firstOf };
  for (const same of Map.groupBy(reports, ({ eventId }) => eventId).values()) {
    const firsts: Report[] = [];
    for (const report of same) {
      const first = firsts.slice(0, MOST_OF_ONE_ID).find((one) => doNotContradict(one, report));
      if (first === undefined) firsts.push(report);
      firstOf.set(report, first ?? report);
    }
  }
  return { firsts: [...new Set(firstOf.values())], firstOf };
}

/**
 * A list that contradicts itself about one id, in the same millisecond, as often as this: what exceeds it
 * is taken as it stands, so that no list costs more than linear time.
 */
const MOST_OF_ONE_ID = 8;

function candidates<Report extends EventReport>(
  reports: Iterable<Report>,
): readonly Candidate<Report>[] {
  return Array.from(reports, (report) => {
    const { type, at, eventId } = report;
    return { report, kind: type, at, order: eventId, values: valuesOf(report) };
  });
}

/** What a report says and another one may contradict; null where it says nothing. */
function valuesOf(report: EventReport): readonly (string | null)[] {
  const { entityApplicationToken, entityToken, nodeId, eventToken } = report;
  return [entityApplicationToken, entityToken, nodeId, eventToken, outcomeWordIn(report)].map(
    (value) => (isKnown(value) ? value : null),
  );
}

function doNotContradict(one: EventReport, other: EventReport): boolean {
  return (
    isNoOther(one.entityApplicationToken, other.entityApplicationToken) &&
    isNoOther(one.entityToken, other.entityToken) &&
    isNoOther(one.nodeId, other.nodeId) &&
    isNoOther(one.eventToken, other.eventToken) &&
    isNoOther(outcomeWordIn(one), outcomeWordIn(other))
  );
}

function isNoOther(one: string | null, other: string | null): boolean {
  return one === other || !isKnown(one) || !isKnown(other);
}

/** As routes read an outcome. */
function outcomeWordIn({ outcome }: EventReport): string | null {
  return outcome?.trim().toLowerCase() ?? null;
}

/** Of one type: an event of another type is another event, whatever its token. */
function tokenOf({ type, eventToken }: EventReport): string | null {
  return isKnown(eventToken) ? `${type} ${eventToken}` : null;
}

function haveTwoTokens(one: EventReport, other: EventReport): boolean {
  return (
    isKnown(one.eventToken) && isKnown(other.eventToken) && one.eventToken !== other.eventToken
  );
}

function isKnown(value: string | null): value is string {
  return value !== null && value !== "";
}

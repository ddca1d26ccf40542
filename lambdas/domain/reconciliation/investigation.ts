import type { InvestigationEvent } from "../event/investigation-event.ts";
import type { EnvelopeKind } from "../event/envelope.ts";
import type { Gap } from "./gap.ts";
import { ALIAS_MS } from "./reconciliation.ts";
import type { RecordedFailure } from "./reconciliation.ts";

/** A step as it was first reported. */
export interface InvestigationReport {
  readonly eventId: string;
  readonly status: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly isTimeLatest: boolean;
  readonly origin: EnvelopeKind;
  /** A newer step was known when it came. */
  readonly late: boolean;
}

/** What is known of one Investigation: its steps, oldest first. */
export interface Investigation {
  readonly investigationToken: string;
  readonly reports: readonly InvestigationReport[];
}

/** The same for the poller. */
export interface KnownInvestigation extends Investigation {
  readonly failures: readonly RecordedFailure[];
  readonly gap: Gap | null;
}

/** Steps that are kept to compare with; an Investigation has three, unless somebody reopens it. */
const MOST_REPORTS = 100;

/**
 * Joins a step with those that are known.
 *
 * @returns the report under which it is known from now on, and the reports with it; the very same reports when another
 * one had reported it.
 */
export function joinReport(
  { reports }: Pick<Investigation, "reports">,
  event: InvestigationEvent,
  origin: EnvelopeKind,
): {
  readonly report: InvestigationReport;
  readonly reports: readonly InvestigationReport[];
} {
  const known = reportOfSame(reports, { ...event, origin });
  if (known !== null) return { report: known, reports };
  const { eventId, status, at, isTimeLatest } = event;
  const late = reports.some((other) => other.at > at);
  const report = { eventId, status, at, isTimeLatest, origin, late };
  const joined = [...reports, report].toSorted((one, other) => one.at - other.at);
  return { report, reports: joined.slice(-MOST_REPORTS) };
}

/**
 * The report that tells of the same step, or null.
 *
 * 1. An Investigation is created once.
 * 2. A webhook and a copy of Alloy's list may differ by 2 s; two webhooks that differ are two steps.
 * 3. Of a step of which the list knows the latest time alone, any earlier one of its status is the same, unless the
 *    Investigation went on to another status between the two.
 */
export function reportOfSame(
  reports: readonly InvestigationReport[],
  event: Pick<InvestigationReport, "eventId" | "status" | "at" | "isTimeLatest" | "origin">,
): InvestigationReport | null {
  const exact = reports.find(({ eventId }) => eventId === event.eventId);
  if (exact !== undefined) return exact;
  const [nearest] = reports
    .filter((one) => one.status === event.status && isSameStep(reports, one, event))
    .toSorted((one, other) => Math.abs(one.at - event.at) - Math.abs(other.at - event.at));
  return nearest ?? null;
}

function isSameStep(
  reports: readonly InvestigationReport[],
  one: InvestigationReport,
  other: Pick<InvestigationReport, "at" | "isTimeLatest" | "origin">,
): boolean {
  if (one.status === "created") return true;
  const isOfList = one.origin === "poll" || other.origin === "poll";
  if (isOfList && Math.abs(one.at - other.at) <= ALIAS_MS) return true;
  const [earlier, later] = one.at <= other.at ? [one, other] : [other, one];
  if (!later.isTimeLatest) return false;
  return !reports.some(
    ({ at, status }) =>
      status !== one.status && at > earlier.at + ALIAS_MS && at < later.at - ALIAS_MS,
  );
}

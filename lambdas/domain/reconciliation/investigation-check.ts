import { GAP } from "../../settings/limits.ts";
import type { GapSettings } from "../../settings/poller-settings.ts";
import type { DeliveryRecord } from "./delivery.ts";
import { isToHeal } from "./events-to-heal.ts";
import { diagnoseMissing, gapOf } from "./gap.ts";
import type { Gap } from "./gap.ts";
import type { InvestigationEvent } from "../event/investigation-event.ts";
import { missingSteps } from "./investigation-list.ts";
import type { ListedInvestigation } from "./investigation-list.ts";
import { reportOfSame } from "./investigation.ts";
import type { InvestigationReport, KnownInvestigation } from "./investigation.ts";

/** What is to be done about an Investigation. */
export interface InvestigationFinding {
  readonly missing: readonly InvestigationEvent[];
  /** Those that do not come by themselves. */
  readonly toHeal: readonly InvestigationEvent[];
  readonly gap: Gap | null;
}

/**
 * Compares an Investigation with Alloy's list.
 *
 * @param listed - null when this run's pages do not hold it: then the steps of its gap are all that is missing.
 */
export function checkInvestigation(
  listed: ListedInvestigation | null,
  known: KnownInvestigation,
  context: {
    /** We have looked at the list since. */
    readonly since: number;
    readonly gaps: GapSettings;
    readonly delivery: DeliveryRecord | null;
    readonly now: number;
  },
): InvestigationFinding {
  const { investigationToken, reports, failures, gap: before } = known;
  const { since, gaps, delivery, now } = context;
  const unreported =
    listed === null
      ? stepsOfGap(known)
      : missingSteps(listed, reports, { since, now, graceMs: gaps.graceMs });
  const steps = [...unreported, ...failedSteps(known)];
  const found = steps.map((step) => {
    const { eventId, status, at } = step;
    const failure =
      failures.find((one) => one.eventId === eventId) ??
      failures.find((one) => one.eventType === status) ??
      null;
    const event = { eventId, type: status, at };
    return { step, failure, diagnosis: diagnoseMissing(event, failure, delivery, now) };
  });
  const toHeal = found.filter(({ failure, diagnosis }) => {
    const mayRedrive = failure !== null && now - failure.failedAt >= GAP.redriveMs;
    // A step has no state that it could fail to move.
    return isToHeal(diagnosis.event.stage, { delivery, mayRedrive, isStuck: true });
  });
  const diagnoses = found.map(({ diagnosis }) => diagnosis);
  return {
    missing: found.map(({ step }) => step),
    toHeal: toHeal.map(({ step }) => step),
    gap: gapOf(diagnoses, { applicationToken: investigationToken, before }, now),
  };
}

/** The steps of an open gap that no webhook has reported yet. */
function stepsOfGap({ investigationToken, reports, gap }: KnownInvestigation) {
  return (
    (gap?.events ?? [])
      // Of a promotion the list says no time.
      .map((one) => ({ ...one, status: one.type, isTimeLatest: one.type === "promoted_to_case" }))
      .filter((step) => reportOfSame(reports, { ...step, origin: "poll" }) === null)
      .map((step) => stepOf(investigationToken, step))
  );
}

/** The reported steps whose processing failed: they have not taken effect, as far as is known. */
function failedSteps({ investigationToken, reports, failures }: KnownInvestigation) {
  return reports
    .filter(({ eventId }) => failures.some((failure) => failure.eventId === eventId))
    .map((report) => stepOf(investigationToken, report));
}

function stepOf(
  investigationToken: string,
  { eventId, status, at, isTimeLatest }: Omit<InvestigationReport, "origin" | "late">,
): InvestigationEvent {
  return {
    eventId,
    investigationToken,
    status,
    at,
    isTimeLatest,
    environment: null,
    type: null,
    outcome: null,
    alertTokens: [],
    entityTokens: [],
  };
}

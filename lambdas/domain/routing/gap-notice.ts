import type { GapStage } from "../../settings/metrics.ts";
import type { ApplicationExternalIds, ApplicationState } from "../application/application-state.ts";
import type { Gap } from "../reconciliation/gap.ts";
import type { Environment } from "../event/journey-event.ts";

/** The `Detail` of `Journey Application Delivery Gap`, version 1. At least once, under a stable `gapId`. */
export interface GapNotice {
  readonly version: 1;
  /** The same for all notices of one gap. */
  readonly gapId: string;
  /**
   * `moved`: it is at another stage now. `closed`: it has healed; a `late` webhook's had when it was
   * found. `given-up`: nobody can heal it, because Alloy has not known the application for a week, or
   * because configuration does not accept its Journey any more.
   */
  readonly change: "opened" | "moved" | "closed" | "given-up";
  readonly environment: Environment;
  readonly applicationToken: string;
  readonly journeyToken: string | null;
  readonly journeyName: string | null;
  readonly externalIds: ApplicationExternalIds;
  readonly stage: GapStage;
  /** When the oldest missing event happened at Alloy; ISO 8601, UTC, as all times here. */
  readonly since: string;
  readonly detectedAt: string;
  readonly closedAt: string | null;
  /** From the oldest missing event to the check that found the gap healed. */
  readonly durationMs: number | null;
  /** How many events are, or were, missing. */
  readonly eventCount: number;
  /** The first 50 of them. */
  readonly events: readonly {
    readonly eventId: string;
    readonly eventType: string;
    readonly eventAt: string;
    readonly stage: GapStage;
  }[];
  readonly evidence: string;
}

/** The `Detail` of `Investigation Delivery Gap`, version 1: as that of an application's gap. */
export interface InvestigationGapNotice extends Omit<
  GapNotice,
  "applicationToken" | "journeyToken" | "journeyName" | "externalIds"
> {
  readonly investigationToken: string;
}

/** The notice for the bus when the poller found this gap of an Investigation, and that one before. */
export function investigationNotice(options: {
  readonly investigationToken: string;
  readonly before: Gap | null;
  readonly after: Gap | null;
  readonly now: number;
  readonly environment: Environment;
}): InvestigationGapNotice | null {
  const { investigationToken, environment, now } = options;
  const change = changeOf({ ...options, isGivenUp: false });
  if (change === null) return null;
  const closedAt = change.change === "closed" ? now : null;
  const frame = frameOf(change.gap, change.change, closedAt);
  return { ...frame, environment, investigationToken };
}

/** The notice for the bus when a check found this gap, and that one before. */
export function noticeOf(options: {
  readonly state: ApplicationState;
  readonly before: Gap | null;
  readonly after: Gap | null;
  /** No check will follow. */
  readonly isGivenUp: boolean;
  readonly now: number;
  /** Of an application that does not say it. */
  readonly environment: Environment;
}): GapNotice | null {
  const { state, now, environment } = options;
  const change = changeOf(options);
  if (change === null) return null;
  const closedAt = options.after === null ? now : null;
  return notice(state, change.gap, change.change, closedAt, environment);
}

/** What there is to say of a gap; null when nothing has changed. */
function changeOf({
  before,
  after,
  isGivenUp,
}: {
  readonly before: Gap | null;
  readonly after: Gap | null;
  readonly isGivenUp: boolean;
}): { readonly gap: Gap; readonly change: GapNotice["change"] } | null {
  if (after !== null) {
    const announced = before === null || before.isUntold ? null : before;
    if (announced?.stage === after.stage) return null;
    return { gap: after, change: announced === null ? "opened" : "moved" };
  }
  return before === null ? null : { gap: before, change: isGivenUp ? "given-up" : "closed" };
}

/** The notice for the bus about a late webhook. */
export function lateNotice(
  state: ApplicationState,
  gap: Gap,
  closedAt: number,
  environment: Environment,
): GapNotice {
  return notice(state, gap, "closed", closedAt, environment);
}

function notice(
  state: ApplicationState,
  gap: Gap,
  change: GapNotice["change"],
  closedAt: number | null,
  environment: Environment,
): GapNotice {
  const { applicationToken, journeyToken, journeyName, externalIds } = state;
  return {
    ...frameOf(gap, change, closedAt),
    environment: state.environment ?? environment,
    applicationToken,
    journeyToken,
    journeyName,
    externalIds,
  };
}

/** What a notice says, whomever the gap is of. */
function frameOf(gap: Gap, change: GapNotice["change"], closedAt: number | null) {
  const { gapId, stage, since, detectedAt, eventCount, events, evidence } = gap;
  return {
    version: 1,
    gapId,
    change,
    stage,
    since: iso(since),
    detectedAt: iso(detectedAt),
    closedAt: closedAt === null ? null : iso(closedAt),
    durationMs: closedAt === null ? null : closedAt - since,
    eventCount,
    events: events.map(({ eventId, type, at, stage: eventStage }) => ({
      eventId,
      eventType: type,
      eventAt: iso(at),
      stage: eventStage,
    })),
    evidence,
  } as const;
}

function iso(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

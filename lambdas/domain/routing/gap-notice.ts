import type { GapNotice, InvestigationGapNotice } from "../../../events/gap-notice.ts";
import type { ApplicationState } from "../application/application-state.ts";
import type { Gap } from "../reconciliation/gap.ts";
import type { Environment } from "../event/journey-event.ts";

export type { GapNotice, InvestigationGapNotice };

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

import type { GapStage } from "../settings.ts";
import type { ApplicationExternalIds, ApplicationState } from "./application-state.ts";
import type { Gap } from "./gap.ts";
import type { Environment } from "./journey-event.ts";

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

/** What the bus is told when a check found this gap where there was that one before. */
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
  const { state, before, after, isGivenUp, now, environment } = options;
  if (after !== null) {
    const told = before === null || before.isUntold ? null : before;
    if (told?.stage === after.stage) return null;
    return notice(state, after, told === null ? "opened" : "moved", null, environment);
  }
  if (before === null) return null;
  return notice(state, before, isGivenUp ? "given-up" : "closed", now, environment);
}

/** What the bus is told of a webhook that came late. */
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
  const { gapId, stage, since, detectedAt, eventCount, events, evidence } = gap;
  return {
    version: 1,
    gapId,
    change,
    environment: state.environment ?? environment,
    applicationToken,
    journeyToken,
    journeyName,
    externalIds,
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
  };
}

function iso(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

import type { StageConfiguration } from "./stage-configuration.ts";

/** How a new build of ingest takes over: at once, or by parts while alarms are watched. */
export type Rollout = StageConfiguration["rollout"];

/**
 * Alarms that take back a new build of ingest while it serves a part of the requests. None of them counts what a stranger
 * is refused: otherwise anybody could keep every build from going live. A flood beyond what ingest carries still can.
 */
export const INGEST_ROLLBACK_ALARMS = ["ingest-failing", "credentials-missing"] as const;

/**
 * Alarms that take back the whole deployment: five at most (CloudFormation's API, RollbackConfiguration). None of them
 * rings for what may lie there for days, such as a dead letter: it would take back every deployment meanwhile.
 */
export const STACK_ROLLBACK_ALARMS = [
  ...INGEST_ROLLBACK_ALARMS,
  "consumer-failing",
  "events-too-old",
  "poller-silent",
] as const;

/** How long CloudFormation watches after the last change: `poller-silent`, the slowest, rings after 17 minutes. */
export const WATCHED_MINUTES = 20;

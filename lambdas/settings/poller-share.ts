import { POLLER } from "./limits.ts";
import type { PollingSettings } from "./poller-settings.ts";

/** The shards of the index `due` that one of several pollers has: those whose number is `number`, modulo `of`. */
export interface Part {
  /** From 0. */
  readonly number: number;
  readonly of: number;
}

export const WHOLE: Part = { number: 0, of: 1 };

/** What one of the pollers may use up, so that all of them together stay within the stage's settings. */
export interface PollerShare {
  readonly pollers: number;
  readonly requestsPerSecond: number;
  /** Calls at one moment, after a rest. */
  readonly burst: number;
  readonly callsPerRun: number;
  readonly checksAtOnce: number;
  /** Including those whose call is slow. */
  readonly mostAtOnce: number;
}

/**
 * Divides the calls among the pollers. A poller alone makes a second's worth of them at once. Several do not: they begin in
 * the same moment, and none knows of the calls of the others.
 */
export function shareOf(
  polling: Pick<PollingSettings, "pollers" | "requestsPerSecond" | "callsPerRun">,
): PollerShare {
  const { pollers = 1, requestsPerSecond: all, callsPerRun } = polling;
  // Whole calls, so that no second has more than all of them may make.
  const requestsPerSecond = pollers === 1 ? all : Math.max(1, Math.floor(all / pollers));
  const checksAtOnce = Math.max(
    POLLER.concurrency,
    Math.min(POLLER.callsPerSecond, Math.ceil(requestsPerSecond)),
  );
  return {
    pollers,
    requestsPerSecond,
    burst: pollers === 1 ? Math.max(1, all) : 1,
    callsPerRun: Math.max(1, Math.floor(callsPerRun / pollers)),
    checksAtOnce,
    mostAtOnce: checksAtOnce * POLLER.withSlowOnes,
  };
}

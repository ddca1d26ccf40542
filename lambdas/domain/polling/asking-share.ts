import { POLLER } from "../../settings/limits.ts";
import type { PollingSettings } from "../../settings/poller-settings.ts";

const DAY = 24 * 60 * 60 * 1_000;

/**
 * What each application may cost in calls, whatever is wrong with it: `POLLER.ownCallsPerDay`
 * in any day. One number says how much of it is used: each call moves it on by the time in which one call comes back,
 * from now at the earliest, and an application whose number is too far ahead is not asked for.
 */
export function mayBeCheckedAt(
  usedTo: number | null,
  settings: Pick<PollingSettings, "capMs">,
): number {
  return (usedTo ?? 0) - (POLLER.ownCallsAtOnce - 1) * intervalMs(settings);
}

/** The share when one more call was made; epoch milliseconds. */
export function afterCall(
  usedTo: number | null,
  now: number,
  settings: Pick<PollingSettings, "capMs">,
): number {
  return Math.max(usedTo ?? 0, now) + intervalMs(settings);
}

/** A stage whose days are shorter, as the local one's are, checks as often in one of them. */
function intervalMs({ capMs }: Pick<PollingSettings, "capMs">): number {
  const steady = POLLER.ownCallsPerDay - POLLER.ownCallsAtOnce;
  return Math.round(Math.min(DAY, capMs) / steady);
}

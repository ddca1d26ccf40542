import { POLLER } from "../../settings/limits.ts";
import type { PollingSettings } from "../../settings/poller-settings.ts";
import { hasEnded, outcomeOf } from "../application/application-state.ts";
import type { ApplicationState } from "../application/application-state.ts";
import type { CheckMemory, Wait } from "./polling-ports.ts";
import { timeOf } from "../application/stamp.ts";

/**
 * Checks of one application are spread by up to this share of the time between them, so that what
 * was submitted together does not stay together.
 */
const JITTER = 0.1;

/**
 * Events push the next check out so many times at most: an application in which something happens all
 * the time is still checked, every hour by default.
 */
const MOST_RESCHEDULES = 6;

export interface ScheduleContext {
  readonly settings: PollingSettings;
  /** Epoch milliseconds. */
  readonly now: number;
  /** From 0 to 1. */
  readonly random: number;
}

/** When a check that is due is made: it may wait in its place of the index (docs/decisions/0080). Epoch milliseconds. */
export function timeOfCheck<DueAt extends number | null>(
  dueAt: DueAt,
  wait: Wait | null,
): DueAt | number {
  return wait !== null && wait.dueAt === dueAt ? wait.until : dueAt;
}

/**
 * When the next check is, by how long nothing has happened to the application: with the default
 * settings 10 min after its last event, 15 min later, then 30 min, 1 h, 2 h and so on, then daily.
 * An application that is open for months is still checked: nothing times out.
 *
 * @param quietSince - its last event or, without any, its submission; epoch milliseconds.
 */
export function nextCheckAt(
  quietSince: number,
  { settings, now, random }: ScheduleContext,
): number {
  // An event that Alloy dates in the future must not put the checks off until then.
  let at = Math.min(quietSince, now) + settings.firstCheckMs;
  let interval = settings.secondCheckMs;
  while (isTimeFor(at, { settings, now })) {
    // A check of years ago is not counted up day by day.
    const skipped =
      interval === settings.capMs ? Math.max(0, Math.floor((now - at) / interval)) : 0;
    at += (skipped + 1) * interval;
    interval = Math.min(settings.capMs, interval * settings.growth);
  }
  return Math.round(at + random * JITTER * (at - now));
}

/**
 * The later time of a due check, when an event has just happened; null: check now.
 *
 * @param dueAt - since when it has been due, epoch milliseconds.
 */
export function rescheduledTo(
  state: ApplicationState,
  memory: CheckMemory,
  dueAt: number,
  context: ScheduleContext,
): number | null {
  const { lastEventAt } = state;
  if (lastEventAt === null || isRequested(state, memory)) return null;
  if (memory.reschedules >= MOST_RESCHEDULES) return null;
  // A check that stays where it is in the index counts no reschedules: its time does.
  if (context.now - dueAt >= MOST_RESCHEDULES * context.settings.firstCheckMs) return null;
  if (isTimeFor(lastEventAt + context.settings.firstCheckMs, context)) return null;
  return nextCheckAt(lastEventAt, context);
}

/** Whether this check was asked for: by a person, or by an end that Alloy has not confirmed. */
export function isRequested(state: ApplicationState, memory: CheckMemory): boolean {
  if (memory.requestedAt !== null && memory.requestedAt > (memory.checkedAt ?? 0)) return true;
  const isUnconfirmedEnd = hasEnded(state) && outcomeOf(state) === null;
  return isUnconfirmedEnd && (memory.checkedAt ?? 0) < quietSince(state);
}

/** When something last happened to the application, as far as we know; epoch milliseconds. */
export function quietSince(state: ApplicationState): number {
  const answeredAt = state.answer === null ? 0 : timeOf(state.answer.stamp);
  return Math.max(state.lastEventAt ?? 0, state.submittedAt ?? 0, answeredAt);
}

/**
 * The check after one that found nothing amiss; null when it was the last.
 *
 * A final application is looked at once more when Alloy's own retries are over; if that finds nothing
 * new either, it is settled, or looked at rarely for reruns, if the stage asks for it.
 */
export function checkAfterAgreement(
  state: ApplicationState,
  context: ScheduleContext,
): number | null {
  const { settings, now, random } = context;
  const quiet = Math.min(quietSince(state), now);
  if (!hasEnded(state)) return nextCheckAt(quiet, context);
  const last = quiet + settings.finalCheckMs;
  if (now >= last) {
    const { rerunCheckMs } = settings;
    return rerunCheckMs === null ? null : Math.round(now + rerunCheckMs * (1 + random * JITTER));
  }
  return isTimeFor(quiet + settings.firstCheckMs, context) ? last : nextCheckAt(quiet, context);
}

/** Whether the run of this time is the nearest one to a check: the next run comes later than the check by more than this one is early. */
function isTimeFor(
  at: number,
  { settings: { rateMs }, now }: Pick<ScheduleContext, "settings" | "now">,
): boolean {
  return now >= at - rateMs / 2;
}

/** The check after one in which something was missing: soon, and not so soon while it stays missing. */
export function checkAfterGap(
  since: number,
  shortestMs: number,
  longestMs: number,
  now: number,
): number {
  return now + Math.min(longestMs, Math.max(shortestMs, now - since));
}

/**
 * The check after one that found something to put right or to wait for, at every check since that time: soon at first,
 * for what was queued has arrived by then; what did not help is not repeated at that pace.
 *
 * @param soonest - epoch milliseconds.
 */
export function checkAfterUnsettled(
  soonest: number,
  unsettledSince: number | null,
  shortestMs: number,
  now: number,
): number {
  if (unsettledSince === null) return soonest;
  const { longestGapCheckMs } = POLLER;
  return Math.max(soonest, checkAfterGap(unsettledSince, shortestMs, longestGapCheckMs, now));
}

/** The check after one that failed: twice as long after each in a row, up to `POLLER.longestRetryMs`. */
export function checkAfterFailure(
  failedChecks: number,
  { settings, now }: Pick<ScheduleContext, "settings" | "now">,
): number {
  const longest = Math.min(settings.capMs, POLLER.longestRetryMs);
  // 2 to the power of 30 is longer than any.
  const doubled = (settings.firstCheckMs / 2) * 2 ** Math.min(failedChecks - 1, 30);
  return now + Math.min(longest, doubled);
}

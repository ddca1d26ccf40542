import type { ComparisonSettings, OutcomeSubject } from "../../settings/poller-settings.ts";

const MINUTE = 60_000;

/** Windows begin and end on whole steps, so that CloudWatch adds up the same minutes for both. */
const STEP_MS = 5 * MINUTE;

/** What was counted so lately may not be known to CloudWatch yet. */
const PUBLICATION_MS = 3 * MINUTE;

/** A span of time, epoch milliseconds; `to` is outside. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** How many applications came to an outcome. */
export interface OutcomeCounts {
  /** The total over all subjects within a span of whole steps. */
  total(subjects: readonly OutcomeSubject[], span: Span): Promise<number>;
}

/** The newest window that is complete, and the one before with which it is compared. */
export function comparedSpans(
  { windowMs, beforeMs }: Pick<ComparisonSettings, "windowMs" | "beforeMs">,
  now: number,
): { readonly newest: Span; readonly before: Span } {
  const to = Math.floor((now - PUBLICATION_MS) / STEP_MS) * STEP_MS;
  const newest = { from: to - windowMs, to };
  return { newest, before: { from: newest.from - beforeMs, to: newest.to - beforeMs } };
}

/**
 * By how many per cent a count has changed; from none it rises as from one. Zero when neither window
 * holds enough applications to say so.
 */
export function changeInPercent(newest: number, before: number, atLeast: number): number {
  if (Math.max(newest, before) < atLeast) return 0;
  const from = Math.max(before, 1);
  return (100 * (newest - from)) / from;
}

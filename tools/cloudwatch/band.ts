import type { SeriesName, Statistics } from "./measurements.ts";

/** The values that are expected of a metric. */
export interface Band {
  readonly lower: number;
  readonly upper: number;
}

const WEEK_MINUTES = 7 * 24 * 60;

/** CloudWatch trains its model on up to two weeks ("Using CloudWatch anomaly detection"). */
const WEEKS = [1, 2];

/** As far back it looks. */
export const BAND_MEMORY_MINUTES = Math.max(...WEEKS) * WEEK_MINUTES;

/**
 * A stand-in for CloudWatch's model, which nobody outside knows: what was measured in the same window of the two
 * weeks before, with the deviation that counts have by chance (the square root of their mean), or that of the
 * two, when it is larger. Null before there is a week to learn from.
 */
export function expectedBand(
  measurements: Statistics,
  {
    series,
    statistic,
    deviations,
  }: { readonly series: SeriesName; readonly statistic: string; readonly deviations: number },
  from: number,
  to: number,
): Band | null {
  const known = WEEKS.map((weeks) => {
    const before = weeks * WEEK_MINUTES;
    return measurements.statistic(series, statistic, from - before, to - before);
  }).filter((value) => value !== null);
  if (known.length === 0) return null;
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  const spread = Math.max(...known.map((value) => Math.abs(value - mean)), Math.sqrt(mean));
  return { lower: mean - deviations * spread, upper: mean + deviations * spread };
}

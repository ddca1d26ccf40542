/** Middle value; of an even number of values, the lower one of the two. */
export function medianOf(values: readonly number[]): number {
  const sorted = sortedOf(values);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}

/** Bounds of a figure. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** 1.96 standard deviations, for 95 %, of how many of n values are below their true median: sqrt(n) / 2 each. */
const REACH = 1.96 / 2;

/**
 * The interval that holds the true median with 95 % certainty, whatever the values' distribution: it is found by rank
 * alone, so that single slow runs do not move it.
 *
 * Source: the sign test's interval; Conover, "Practical Nonparametric Statistics", 3.2.
 */
export function medianInterval(values: readonly number[]): Interval {
  const sorted = sortedOf(values);
  const last = sorted.length - 1;
  const reach = REACH * Math.sqrt(sorted.length);
  const at = (rank: number) => sorted[Math.min(last, Math.max(0, rank))] ?? Number.NaN;
  return { low: at(Math.floor(last / 2 - reach)), high: at(Math.ceil(last / 2 + reach)) };
}

/** Half of the values lie between these. */
export function quartilesOf(values: readonly number[]): Interval {
  const sorted = sortedOf(values);
  const at = (part: number) => sorted[Math.round((sorted.length - 1) * part)] ?? Number.NaN;
  return { low: at(0.25), high: at(0.75) };
}

/** To so many decimals, two by default: more would be noise. */
export function rounded(value: number, decimals = 2): number {
  return Number(value.toFixed(decimals));
}

/** To so many decimals. */
export function roundedInterval({ low, high }: Interval, decimals = 2): Interval {
  return { low: rounded(low, decimals), high: rounded(high, decimals) };
}

function sortedOf(values: readonly number[]): number[] {
  return [...values].sort((left, right) => left - right);
}

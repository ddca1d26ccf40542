import type { Point } from "./metric-math.ts";

/** A metric, written as `Namespace/Name{Dimension=value}`. */
export type SeriesName = string;

/** What was measured, minute by minute, as CloudWatch would be told. */
export class Measurements {
  readonly #series = new Map<SeriesName, Map<number, number[]>>();
  /** The first and the last minute of each: a window of a day need not be looked through where nothing is. */
  readonly #spans = new Map<SeriesName, readonly [first: number, last: number]>();

  /** Adds values to a minute. */
  put(series: SeriesName, minute: number, ...values: readonly number[]): void {
    const minutes = this.#series.get(series) ?? new Map<number, number[]>();
    const [first, last] = this.#spans.get(series) ?? [minute, minute];
    this.#spans.set(series, [Math.min(first, minute), Math.max(last, minute)]);
    minutes.set(minute, [...(minutes.get(minute) ?? []), ...values]);
    this.#series.set(series, minutes);
  }

  /** Takes away what was measured from a minute on, before something else is put there. */
  forget(series: SeriesName, from: number, to: number = Number.POSITIVE_INFINITY): void {
    const minutes = this.#series.get(series);
    for (const minute of minutes?.keys() ?? []) {
      if (minute >= from && minute < to) minutes?.delete(minute);
    }
  }

  /** The statistic over the minutes from `from` to before `to`; null when nothing was measured. */
  statistic(series: SeriesName, statistic: string, from: number, to: number): Point {
    const minutes = this.#series.get(series);
    if (minutes === undefined) return null;
    const values: number[] = [];
    const [first, last] = this.#spans.get(series) ?? [from, to];
    const end = Math.min(to, last + 1);
    for (let minute = Math.max(from, first); minute < end; minute += 1) {
      const measured = minutes.get(minute);
      if (measured !== undefined) values.push(...measured);
    }
    return values.length === 0 ? null : calculate(statistic, values);
  }

  names(): readonly SeriesName[] {
    return [...this.#series.keys()];
  }
}

function calculate(statistic: string, values: readonly number[]): number {
  switch (statistic) {
    case "Sum":
      return values.reduce((total, value) => total + value, 0);
    case "Maximum":
      return Math.max(...values);
    case "Minimum":
      return Math.min(...values);
    case "Average":
      return values.reduce((total, value) => total + value, 0) / values.length;
    case "SampleCount":
      return values.length;
    default:
      return percentile(Number(/^p(\d+(?:\.\d+)?)$/.exec(statistic)?.[1]), values);
  }
}

/** Between the two nearest values, in proportion. */
function percentile(percent: number, values: readonly number[]): number {
  if (Number.isNaN(percent)) throw new Error("There is no such statistic.");
  const sorted = values.toSorted((a, b) => a - b);
  const rank = (percent / 100) * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(rank)] ?? 0, sorted[Math.ceil(rank)] ?? 0];
  return below + (above - below) * (rank - Math.floor(rank));
}

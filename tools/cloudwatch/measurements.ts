import type { Point } from "./metric-math.ts";

/** A metric, written as `Namespace/Name{Dimension=value}`. */
export type SeriesName = string;

/** Where an alarm has the values of its windows from. */
export interface Statistics {
  /** The statistic over the minutes from `from` to before `to`; null when nothing was measured. */
  statistic(series: SeriesName, statistic: string, from: number, to: number): Point;
}

/** What was measured of one metric: its minutes, from the first one on. Many are asked for at once, and often. */
interface Measured {
  minutes: (readonly number[] | undefined)[];
  first: number;
  /** What its hours come to, counted from the first minute: a window may be a day, and is looked at each minute of days. */
  hours: (Summary | undefined)[];
}

interface Summary {
  readonly count: number;
  readonly sum: number;
  readonly highest: number;
  readonly lowest: number;
}

const HOUR = 60;

/** What was measured of a series of which nothing was. */
const NOTHING = {};

/** The values of a minute in which nothing was measured. */
const NONE: readonly number[] = [];

/** What was measured, minute by minute, as CloudWatch would be told. */
export class Measurements implements Statistics {
  readonly #series: Map<SeriesName, Measured>;
  /** Series that this copy alone reads, so that they may change. */
  readonly #own = new Map<SeriesName, Measured>();

  constructor(measured: ReadonlyMap<SeriesName, Measured> = new Map()) {
    this.#series = new Map(measured);
  }

  /** The same measurements, which change without these. These may not change from then on. */
  copy(): Measurements {
    return new Measurements(this.#series);
  }

  /**
   * What tells whether two worlds have measured the same of a series: the same thing in both, where both are copies that have
   * not changed it. Null: it may still change.
   */
  identityOf(series: SeriesName): object | null {
    return this.#own.has(series) ? null : (this.#series.get(series) ?? NOTHING);
  }

  /** Adds values to a minute. */
  put(series: SeriesName, minute: number, ...values: readonly number[]): void {
    const measured = this.#changeable(series, minute);
    if (minute < measured.first) {
      const before = Array.from<undefined>({ length: measured.first - minute });
      measured.minutes = [...before, ...measured.minutes];
      measured.first = minute;
    }
    const index = minute - measured.first;
    while (measured.minutes.length < index) measured.minutes.push(undefined);
    const before = measured.minutes[index];
    measured.minutes[index] = before === undefined ? values : [...before, ...values];
  }

  /** Takes away what was measured from a minute on, before something else is put there. */
  forget(series: SeriesName, from: number, to: number = Number.POSITIVE_INFINITY): void {
    if (!this.#series.has(series)) return;
    const { minutes, first } = this.#changeable(series, from);
    minutes.fill(undefined, Math.max(0, from - first), Math.max(0, to - first));
  }

  statistic(series: SeriesName, statistic: string, from: number, to: number): Point {
    const measured = this.#series.get(series);
    if (measured === undefined) return null;
    const begin = Math.max(from - measured.first, 0);
    const end = Math.min(to - measured.first, measured.minutes.length);
    // Only a percentile needs its values at once.
    const { count, sum, highest, lowest } = summaryOf(measured, begin, end);
    if (count === 0) return null;
    switch (statistic) {
      case "Sum":
        return sum;
      case "Maximum":
        return highest;
      case "Minimum":
        return lowest;
      case "Average":
        return sum / count;
      case "SampleCount":
        return count;
      default:
        return percentile(
          Number(/^p(\d+(?:\.\d+)?)$/.exec(statistic)?.[1]),
          measured.minutes.slice(begin, end).flatMap((values) => values ?? NONE),
        );
    }
  }

  names(): readonly SeriesName[] {
    return [...this.#series.keys()];
  }

  /** What was measured of a series, to be changed here alone. @param minute - where it begins when it is new. */
  #changeable(series: SeriesName, minute: number) {
    const known = this.#own.get(series);
    if (known !== undefined) {
      if (known.hours.length > 0) known.hours = [];
      return known;
    }
    const { minutes = [], first = minute } = this.#series.get(series) ?? {};
    const own: Measured = { minutes: [...minutes], first, hours: [] };
    this.#own.set(series, own);
    this.#series.set(series, own);
    return own;
  }
}

/** What the minutes come to from index `begin` to before `end`, whole hours by what they came to before. */
function summaryOf(measured: Measured, begin: number, end: number): Summary {
  let [count, sum, highest, lowest] = [0, 0, -Infinity, Infinity];
  for (let index = begin; index < end;) {
    if (index % HOUR === 0 && index + HOUR <= end && end - begin > HOUR) {
      const hour = (measured.hours[index / HOUR] ??= summaryOf(measured, index, index + HOUR));
      count += hour.count;
      sum += hour.sum;
      highest = Math.max(highest, hour.highest);
      lowest = Math.min(lowest, hour.lowest);
      index += HOUR;
      continue;
    }
    for (const value of measured.minutes[index] ?? NONE) {
      count += 1;
      sum += value;
      if (value > highest) highest = value;
      if (value < lowest) lowest = value;
    }
    index += 1;
  }
  return { count, sum, highest, lowest };
}

/** Between the two nearest values, in proportion. */
function percentile(percent: number, values: readonly number[]): number {
  if (Number.isNaN(percent)) throw new Error("There is no such statistic.");
  const sorted = values.toSorted((a, b) => a - b);
  const rank = (percent / 100) * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(rank)] ?? 0, sorted[Math.ceil(rank)] ?? 0];
  return below + (above - below) * (rank - Math.floor(rank));
}

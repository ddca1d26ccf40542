import type { Point } from "./metric-math.ts";

/** A metric, written as `Namespace/Name{Dimension=value}`. */
export type SeriesName = string;

/** Where an alarm has the values of its windows from. */
export interface Statistics {
  /** The statistic over the minutes from `from` to before `to`; null when nothing was measured. */
  statistic(series: SeriesName, statistic: string, from: number, to: number): Point;
}

/** What was measured of one metric. */
interface Measured {
  readonly minutes: Map<number, readonly number[]>;
  /** The first and the last minute: a window of a day need not be looked through where nothing is. */
  first: number;
  last: number;
}

/** What was measured, minute by minute, as CloudWatch would be told. */
export class Measurements implements Statistics {
  readonly #series: Map<SeriesName, Measured>;
  /** Series that another copy reads too, so that they are copied before they change. */
  readonly #shared: Set<SeriesName>;

  constructor(measured: ReadonlyMap<SeriesName, Measured> = new Map()) {
    this.#series = new Map(measured);
    this.#shared = new Set(measured.keys());
  }

  /** The same measurements, which change without these. These may not change from then on. */
  copy(): Measurements {
    return new Measurements(this.#series);
  }

  /** Adds values to a minute. */
  put(series: SeriesName, minute: number, ...values: readonly number[]): void {
    const measured = this.#own(series) ?? { minutes: new Map(), first: minute, last: minute };
    measured.first = Math.min(measured.first, minute);
    measured.last = Math.max(measured.last, minute);
    const before = measured.minutes.get(minute);
    measured.minutes.set(minute, before === undefined ? values : [...before, ...values]);
    this.#series.set(series, measured);
  }

  /** Takes away what was measured from a minute on, before something else is put there. */
  forget(series: SeriesName, from: number, to: number = Number.POSITIVE_INFINITY): void {
    const minutes = this.#own(series)?.minutes;
    for (const minute of minutes?.keys() ?? []) {
      if (minute >= from && minute < to) minutes?.delete(minute);
    }
  }

  statistic(series: SeriesName, statistic: string, from: number, to: number): Point {
    const measured = this.#series.get(series);
    if (measured === undefined) return null;
    const { minutes, first, last } = measured;
    const end = Math.min(to, last + 1);
    const begin = Math.max(from, first);
    const values: number[] = [];
    for (let minute = begin; minute < end; minute += 1) {
      const here = minutes.get(minute);
      if (here === undefined) continue;
      for (const value of here) values.push(value);
    }
    return values.length === 0 ? null : calculate(statistic, values);
  }

  names(): readonly SeriesName[] {
    return [...this.#series.keys()];
  }

  /** What was measured of a series, to be changed here alone. */
  #own(series: SeriesName): Measured | undefined {
    const measured = this.#series.get(series);
    if (measured === undefined || !this.#shared.delete(series)) return measured;
    const own = { ...measured, minutes: new Map(measured.minutes) };
    this.#series.set(series, own);
    return own;
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

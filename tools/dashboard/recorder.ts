import { randomLcg, randomLogNormal } from "d3-random";
import type { MetricName } from "../../lambdas/settings/metrics.ts";
import { Measurements } from "../cloudwatch/measurements.ts";
import type { SeriesName } from "../cloudwatch/measurements.ts";
import { seriesOf } from "../cloudwatch/series.ts";

/** Puts down what is measured in a simulated day; times in minutes, as fractions. */
export class Recorder {
  readonly day = new Measurements();
  readonly series: ReturnType<typeof seriesOf>;
  /** Uniform over [0, 1), the same numbers for the same seed. */
  readonly random: () => number;

  constructor(stage: string, seed: number) {
    this.series = seriesOf(stage);
    this.random = randomLcg(seed);
  }

  put(name: SeriesName, at: number, ...values: readonly number[]): void {
    this.day.put(name, Math.floor(at), ...values);
  }

  /** One of our metrics. */
  count(
    name: MetricName,
    at: number,
    value = 1,
    dimensions: Readonly<Record<string, string>> = {},
  ): void {
    this.put(this.series.ours(name, dimensions), at, value);
  }

  /** A time that is now shorter, now longer than usual. */
  spread(median: number, sigma = 0.35): number {
    return randomLogNormal.source(this.random)(Math.log(median), sigma)();
  }
}

import { GetMetricDataCommand, paginateListMetrics } from "@aws-sdk/client-cloudwatch";
import type { MetricDataResult } from "@aws-sdk/client-cloudwatch";
import { seriesName } from "../../cloudwatch/alarms.ts";
import type { MetricAlarm, WatchedMetric } from "../../cloudwatch/alarms.ts";
import { FURTHER_WINDOWS } from "../../cloudwatch/evaluate.ts";
import type { SeriesName, Statistics } from "../../cloudwatch/measurements.ts";
import type { Point } from "../../cloudwatch/metric-math.ts";
import type { Clients } from "./clients.ts";

/** `GetMetricData`'s most queries. */
const QUERIES_PER_CALL = 500;

/** One call has one beginning: most alarms look back less than this. */
const USUAL_MINUTES = 120;

const MINUTE_MS = 60_000;

/** What an alarm wants to know of a metric. */
interface Wanted extends WatchedMetric {
  readonly periodMinutes: number;
  readonly minutes: number;
}

/**
 * What the emulator has measured of all that these alarms look at, in the windows that CloudWatch would cut.
 *
 * @param now - what is measured in this second counts.
 */
export async function readStatistics(
  cloudWatch: Clients["cloudWatch"],
  alarms: readonly MetricAlarm[],
  now: number,
): Promise<Statistics> {
  const measured = await measuredSeries(cloudWatch);
  const wanted = [...wantedOf(alarms).values()].filter(({ series }) => measured.has(series));
  const values = new Map<string, ReadonlyMap<number, number>>();
  for (const [minutes, alike] of Map.groupBy(wanted, (one) => one.minutes)) {
    for (let start = 0; start < alike.length; start += QUERIES_PER_CALL) {
      const asked = alike.slice(start, start + QUERIES_PER_CALL);
      const { MetricDataResults = [] } = await cloudWatch.send(
        new GetMetricDataCommand({
          StartTime: new Date(now - minutes * MINUTE_MS),
          EndTime: new Date(now + 1_000),
          MetricDataQueries: asked.map(queryOf),
        }),
      );
      const byId = new Map(MetricDataResults.map((result) => [result.Id, result]));
      for (const [index, one] of asked.entries()) {
        values.set(
          keyOf(one.series, one.statistic, one.periodMinutes),
          valuesOf(byId.get(`m${index}`)),
        );
      }
    }
  }
  return {
    statistic: (series, statistic, from, to): Point =>
      values.get(keyOf(series, statistic, to - from))?.get(from) ?? null,
  };
}

/** Most metrics of AWS are never measured here: to ask for them each time would be the larger part of the work. */
async function measuredSeries(client: Clients["cloudWatch"]): Promise<ReadonlySet<SeriesName>> {
  const series = new Set<SeriesName>();
  for await (const { Metrics = [] } of paginateListMetrics({ client }, {})) {
    for (const { Namespace = "", MetricName = "", Dimensions = [] } of Metrics) {
      const dimensions = Dimensions.map(({ Name = "", Value }) => ({ Name, Value }));
      series.add(seriesName(Namespace, MetricName, dimensions));
    }
  }
  return series;
}

function wantedOf(alarms: readonly MetricAlarm[]): ReadonlyMap<string, Wanted> {
  const wanted = new Map<string, Wanted>();
  for (const { metrics, periodMinutes, evaluationPeriods, memoryMinutes } of alarms) {
    const needed = (evaluationPeriods + FURTHER_WINDOWS) * periodMinutes + memoryMinutes;
    for (const metric of metrics) {
      const key = keyOf(metric.series, metric.statistic, periodMinutes);
      const minutes = Math.max(needed, USUAL_MINUTES, wanted.get(key)?.minutes ?? 0);
      wanted.set(key, { ...metric, periodMinutes, minutes });
    }
  }
  return wanted;
}

function keyOf(series: SeriesName, statistic: string, periodMinutes: number): string {
  return `${statistic} of ${series} each ${periodMinutes}`;
}

function queryOf({ namespace, name, dimensions, statistic, periodMinutes }: Wanted, index: number) {
  const Dimensions = dimensions.map(({ Name, Value }) => ({ Name, Value: String(Value) }));
  return {
    Id: `m${index}`,
    MetricStat: {
      Metric: { Namespace: namespace, MetricName: name, Dimensions },
      Period: periodMinutes * 60,
      Stat: statistic,
    },
  };
}

/** By the minute at which the window begins. */
function valuesOf({ Timestamps = [], Values = [] }: MetricDataResult = {}) {
  return new Map(
    Timestamps.map((time, index) => [time.getTime() / MINUTE_MS, Values[index] ?? 0] as const),
  );
}

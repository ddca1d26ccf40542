import * as v from "valibot";
import { referredId } from "../template/template.ts";
import type { StackTemplate } from "../template/template.ts";
import { BAND_MEMORY_MINUTES, expectedBand } from "./band.ts";
import type { Band } from "./band.ts";
import { MISSING_DATA } from "./judge.ts";
import type { Judge } from "./judge.ts";
import type { SeriesName, Statistics } from "./measurements.ts";
import { parseMetricMath } from "./metric-math.ts";
import type { Point } from "./metric-math.ts";

/** A template whose alarms are evaluated, and the stage in their names. */
export interface AlarmedTemplate extends Pick<StackTemplate, "ofType"> {
  readonly stage: { readonly stage: string };
}

/** One alarm on metrics, ready to be evaluated. */
export interface MetricAlarm extends Judge {
  readonly id: string;
  readonly logicalId: string;
  readonly periodMinutes: number;
  /** The value of one window. */
  readonly valueIn: (measurements: Statistics, from: number, to: number) => Point;
  readonly metrics: readonly WatchedMetric[];
  /** How far back it looks beyond its windows. */
  readonly memoryMinutes: number;
  /** The comparison that it makes with its value. */
  readonly limit: string;
}

/** A metric that an alarm looks at, with the statistic of it. */
export interface WatchedMetric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: v.InferOutput<typeof DimensionsSchema>;
  readonly statistic: string;
  readonly series: SeriesName;
}

const DimensionsSchema = v.optional(
  v.array(v.object({ Name: v.string(), Value: v.unknown() })),
  [],
);

const StatSchema = v.object({
  Id: v.string(),
  MetricStat: v.object({
    Metric: v.object({
      Namespace: v.string(),
      MetricName: v.string(),
      Dimensions: DimensionsSchema,
    }),
    Period: v.number(),
    Stat: v.string(),
  }),
});

const ExpressionSchema = v.object({ Id: v.string(), Expression: v.string() });

const AlarmSchema = v.object({
  AlarmName: v.string(),
  ComparisonOperator: v.string(),
  Threshold: v.optional(v.number()),
  ThresholdMetricId: v.optional(v.string()),
  EvaluationPeriods: v.number(),
  DatapointsToAlarm: v.number(),
  TreatMissingData: v.optional(v.picklist(MISSING_DATA), "missing"),
  Metrics: v.optional(v.array(v.union([StatSchema, ExpressionSchema]))),
  Namespace: v.optional(v.string()),
  MetricName: v.optional(v.string()),
  Dimensions: DimensionsSchema,
  Statistic: v.optional(v.string()),
  ExtendedStatistic: v.optional(v.string()),
  Period: v.optional(v.number()),
});

const COMPARISONS: Readonly<Record<string, (value: number, threshold: number) => boolean>> = {
  GreaterThanOrEqualToThreshold: (value, threshold) => value >= threshold,
  GreaterThanThreshold: (value, threshold) => value > threshold,
  LessThanThreshold: (value, threshold) => value < threshold,
  LessThanOrEqualToThreshold: (value, threshold) => value <= threshold,
};

/** What an alarm's `ComparisonOperator` does. */
export function comparisonOf(operator: string): (value: number, threshold: number) => boolean {
  const compare = COMPARISONS[operator];
  if (compare === undefined) throw new Error(`No alarm here compares with ${operator}.`);
  return compare;
}
/** How far a value is outside of a band; negative inside. */
const OUTSIDE: Readonly<Record<string, (value: number, band: Band) => number>> = {
  GreaterThanUpperThreshold: (value, { upper }) => value - upper,
  LessThanLowerThreshold: (value, { lower }) => lower - value,
  LessThanLowerOrGreaterThanUpperThreshold: (value, { lower, upper }) =>
    Math.max(lower - value, value - upper),
};

/** The alarms on metrics of a template. */
export function metricAlarmsOf(stack: AlarmedTemplate): readonly MetricAlarm[] {
  return stack.ofType("AWS::CloudWatch::Alarm").map((resource) => {
    const alarm = v.parse(AlarmSchema, resource.Properties);
    const known = {
      id: alarmIdOf(stack, alarm.AlarmName),
      logicalId: resource.logicalId,
      evaluationPeriods: alarm.EvaluationPeriods,
      datapointsToAlarm: alarm.DatapointsToAlarm,
      missingData: alarm.TreatMissingData,
    };
    const { ComparisonOperator: operator, Threshold: threshold, Metrics: metrics } = alarm;
    const outside = OUTSIDE[operator];
    if (alarm.ThresholdMetricId !== undefined && outside !== undefined) {
      const breaches = (value: number) => value > 0;
      return {
        ...known,
        breaches,
        limit: operator,
        ...outsideOfBand(metrics ?? [], alarm.ThresholdMetricId, outside),
      };
    }
    if (threshold === undefined) throw new Error(`${alarm.AlarmName} has no threshold.`);
    const compare = comparisonOf(operator);
    const breaches = (value: number) => compare(value, threshold);
    return {
      ...known,
      breaches,
      limit: `${operator} ${threshold}`,
      ...(metrics === undefined ? oneMetric(alarm) : calculated(metrics)),
    };
  });
}

type Queries = readonly (
  | v.InferOutput<typeof StatSchema>
  | v.InferOutput<typeof ExpressionSchema>
)[];

/** An alarm on `ANOMALY_DETECTION_BAND(metric, deviations)`: its value is how far the metric is outside. */
function outsideOfBand(
  queries: Queries,
  bandId: string,
  outside: (value: number, band: Band) => number,
): Watched {
  const [metric, ...others] = queries.filter((query) => "MetricStat" in query);
  const band = queries.find((query) => query.Id === bandId);
  const parts = /^ANOMALY_DETECTION_BAND\((\w+), ([\d.]+)\)$/.exec(
    band !== undefined && "Expression" in band ? band.Expression : "",
  );
  if (metric === undefined || others.length > 0 || parts?.[1] !== metric.Id) {
    throw new Error("An alarm on a band has one metric, and the band of it.");
  }
  const { Metric, Stat, Period } = metric.MetricStat;
  const one = watched(Metric.Namespace, Metric.MetricName, Metric.Dimensions, Stat);
  const { series, statistic } = one;
  const deviations = Number(parts[2]);
  return {
    periodMinutes: Period / 60,
    memoryMinutes: BAND_MEMORY_MINUTES,
    metrics: [one],
    valueIn: (measurements, from, to) => {
      const value = measurements.statistic(series, statistic, from, to);
      const expected = expectedBand(measurements, { series, statistic, deviations }, from, to);
      return value === null || expected === null ? null : outside(value, expected);
    },
  };
}

type Watched = Pick<MetricAlarm, "periodMinutes" | "memoryMinutes" | "metrics" | "valueIn">;

function oneMetric(alarm: v.InferOutput<typeof AlarmSchema>): Watched {
  const { Namespace = "", MetricName = "", Dimensions, Period = 0 } = alarm;
  const metric = watched(
    Namespace,
    MetricName,
    Dimensions,
    alarm.Statistic ?? alarm.ExtendedStatistic ?? "",
  );
  return {
    periodMinutes: Period / 60,
    memoryMinutes: 0,
    metrics: [metric],
    valueIn: (measurements, from, to) =>
      measurements.statistic(metric.series, metric.statistic, from, to),
  };
}

function watched(
  namespace: string,
  name: string,
  dimensions: WatchedMetric["dimensions"],
  statistic: string,
): WatchedMetric {
  const series = seriesName(namespace, name, dimensions);
  return { namespace, name, dimensions, statistic, series };
}

function calculated(metrics: Queries): Watched {
  const stats = metrics.filter((one) => "MetricStat" in one);
  const [expression, ...others] = metrics.filter((one) => "Expression" in one);
  const periods = new Set(stats.map(({ MetricStat }) => MetricStat.Period));
  if (expression === undefined || others.length > 0 || periods.size !== 1) {
    throw new Error("An alarm on metric math has one expression, over windows of one length.");
  }
  const [period = 0] = periods;
  const calculate = parseMetricMath(expression.Expression);
  const known = new Map(
    stats.map(({ Id, MetricStat: { Metric, Stat } }) => [
      Id,
      watched(Metric.Namespace, Metric.MetricName, Metric.Dimensions, Stat),
    ]),
  );
  return {
    periodMinutes: period / 60,
    memoryMinutes: 0,
    metrics: [...known.values()],
    valueIn: (measurements, from, to) =>
      calculate((id) => {
        const metric = known.get(id);
        if (metric === undefined)
          throw new Error(`The expression names ${id}, which is no metric.`);
        return measurements.statistic(metric.series, metric.statistic, from, to);
      }),
  };
}

/** `AWS/SQS/ApproximateAgeOfOldestMessage{QueueName=EventQueue}`, whatever CloudFormation calls it. */
export function seriesName(
  namespace: string,
  metricName: string,
  dimensions: readonly { readonly Name: string; readonly Value: unknown }[],
): SeriesName {
  const parts = dimensions.map(({ Name, Value }) => `${Name}=${plainValue(Value)}`).toSorted();
  return `${namespace}/${metricName}{${parts.join(",")}}`;
}

/** A reference's logical id, without the digits that CDK puts behind an id that nobody has pinned. */
function plainValue(value: unknown): string {
  return (referredId(value) ?? String(value)).replace(/[0-9A-F]{8}$/, "");
}

/** The id of an alarm: its name without the stack's. */
export function alarmIdOf({ stage }: AlarmedTemplate, alarmName: string): string {
  return alarmName.replace(`AlloyJourneyWebhooks-${stage.stage}-`, "");
}

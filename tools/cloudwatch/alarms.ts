import * as v from "valibot";
import { listOf, objectsIn, referredId } from "../template/synthesise.ts";
import type { Synthesised, TemplateResource } from "../template/synthesise.ts";
import type { Measurements, SeriesName } from "./measurements.ts";
import { parseMetricMath } from "./metric-math.ts";
import type { Point } from "./metric-math.ts";

/** One alarm on metrics, ready to be evaluated. */
export interface MetricAlarm {
  readonly id: string;
  readonly logicalId: string;
  readonly periodMinutes: number;
  readonly evaluationPeriods: number;
  readonly datapointsToAlarm: number;
  readonly missingBreaches: boolean;
  readonly breaches: (value: number) => boolean;
  /** The value of one window. */
  readonly valueIn: (measurements: Measurements, from: number, to: number) => Point;
  readonly series: readonly SeriesName[];
}

/** One alarm over other alarms. */
export interface CompositeAlarm {
  readonly id: string;
  readonly logicalId: string;
  readonly rule: (isRinging: (logicalId: string) => boolean) => boolean;
  /** The logical id of the alarm that holds back its actions. */
  readonly suppressor: string | null;
  readonly suppressorWaitMinutes: number;
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
  Threshold: v.number(),
  EvaluationPeriods: v.number(),
  DatapointsToAlarm: v.number(),
  TreatMissingData: v.picklist(["breaching", "notBreaching"]),
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

/** The alarms on metrics of a template. */
export function metricAlarmsOf(stack: Synthesised): readonly MetricAlarm[] {
  return stack.ofType("AWS::CloudWatch::Alarm").map((resource) => {
    const alarm = v.parse(AlarmSchema, resource.Properties);
    const compare = comparisonOf(alarm.ComparisonOperator);
    const { Metrics: metrics } = alarm;
    return {
      id: alarmIdOf(stack, alarm.AlarmName),
      logicalId: resource.logicalId,
      evaluationPeriods: alarm.EvaluationPeriods,
      datapointsToAlarm: alarm.DatapointsToAlarm,
      missingBreaches: alarm.TreatMissingData === "breaching",
      breaches: (value) => compare(value, alarm.Threshold),
      ...(metrics === undefined ? oneMetric(alarm) : calculated(metrics)),
    };
  });
}

type Watched = Pick<MetricAlarm, "periodMinutes" | "series" | "valueIn">;

function oneMetric(alarm: v.InferOutput<typeof AlarmSchema>): Watched {
  const { Namespace = "", MetricName = "", Dimensions, Period = 0 } = alarm;
  const series = seriesName(Namespace, MetricName, Dimensions);
  const statistic = alarm.Statistic ?? alarm.ExtendedStatistic ?? "";
  return {
    periodMinutes: Period / 60,
    series: [series],
    valueIn: (measurements, from, to) => measurements.statistic(series, statistic, from, to),
  };
}

function calculated(
  metrics: readonly (v.InferOutput<typeof StatSchema> | v.InferOutput<typeof ExpressionSchema>)[],
): Watched {
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
      {
        series: seriesName(Metric.Namespace, Metric.MetricName, Metric.Dimensions),
        statistic: Stat,
      },
    ]),
  );
  return {
    periodMinutes: period / 60,
    series: [...known.values()].map(({ series }) => series),
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

const CompositeSchema = v.object({
  AlarmName: v.string(),
  AlarmRule: v.unknown(),
  ActionsSuppressor: v.optional(v.unknown()),
  ActionsSuppressorWaitPeriod: v.optional(v.number(), 0),
});

/** The alarms over alarms of a template. */
export function compositeAlarmsOf(stack: Synthesised): readonly CompositeAlarm[] {
  return stack.ofType("AWS::CloudWatch::CompositeAlarm").map((resource: TemplateResource) => {
    const alarm = v.parse(CompositeSchema, resource.Properties);
    return {
      id: alarmIdOf(stack, alarm.AlarmName),
      logicalId: resource.logicalId,
      rule: parseRule(ruleText(alarm.AlarmRule)),
      suppressor: referredId(alarm.ActionsSuppressor) ?? null,
      suppressorWaitMinutes: alarm.ActionsSuppressorWaitPeriod / 60,
    };
  });
}

function alarmIdOf({ stage }: Synthesised, alarmName: string): string {
  return alarmName.replace(`AlloyJourneyWebhooks-${stage.stage}-`, "");
}

/** The rule as text, with logical ids in place of ARNs. */
function ruleText(rule: unknown): string {
  if (typeof rule === "string") return rule;
  const [outer] = objectsIn(rule);
  const [, parts] = listOf(outer?.["Fn::Join"]);
  return listOf(parts)
    .map((part) => (typeof part === "string" ? part : (referredId(part) ?? "")))
    .join("");
}

/** Understands `ALARM("…")`, `NOT`, `AND`, `OR` and parentheses. */
function parseRule(text: string): CompositeAlarm["rule"] {
  const tokens = text.match(/ALARM\("[^"]+"\)|AND|OR|NOT|\(|\)/g) ?? [];
  let position = 0;
  const peek = () => tokens[position];
  const take = () => tokens[position++] ?? "";

  function any(): CompositeAlarm["rule"] {
    let left = all();
    while (peek() === "OR") {
      take();
      const [a, b] = [left, all()];
      left = (isRinging) => a(isRinging) || b(isRinging);
    }
    return left;
  }
  function all(): CompositeAlarm["rule"] {
    let left = one();
    while (peek() === "AND") {
      take();
      const [a, b] = [left, one()];
      left = (isRinging) => a(isRinging) && b(isRinging);
    }
    return left;
  }
  function one(): CompositeAlarm["rule"] {
    const token = take();
    if (token === "NOT") {
      const inner = one();
      return (isRinging) => !inner(isRinging);
    }
    if (token === "(") {
      const inner = any();
      take();
      return inner;
    }
    const [, logicalId] = /^ALARM\("([^"]+)"\)$/.exec(token) ?? [];
    if (logicalId === undefined) throw new Error(`The rule ${text} is not understood at ${token}.`);
    return (isRinging) => isRinging(logicalId);
  }

  const rule = any();
  if (position < tokens.length) throw new Error(`The rule ${text} goes on after its end.`);
  return rule;
}

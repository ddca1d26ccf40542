import { Duration } from "aws-cdk-lib";
import { MathExpression, Metric } from "aws-cdk-lib/aws-cloudwatch";
import type { IMetric } from "aws-cdk-lib/aws-cloudwatch";
import { METRIC_NAMESPACE, STAGE_DIMENSION } from "../../lambdas/settings/metrics.ts";
import type { MetricName } from "../../lambdas/settings/metrics.ts";
import type { StageConfiguration } from "../config/stage-configuration.ts";

export type Statistic =
  | "Sum"
  | "Maximum"
  | "Minimum"
  | "Average"
  | "SampleCount"
  | "p50"
  | "p90"
  | "p99";

/** One of the metrics that the Lambdas write. */
export function ourMetric(
  stage: StageConfiguration,
  name: MetricName,
  statistic: Statistic,
  period: Duration = Duration.minutes(1),
  dimensions: Readonly<Record<string, string>> = {},
): Metric {
  return new Metric({
    namespace: METRIC_NAMESPACE,
    metricName: name,
    dimensionsMap: { [STAGE_DIMENSION]: stage.stage, ...dimensions },
    statistic,
    period,
  });
}

/**
 * A calculation with metrics, over windows of one length. A metric in it that may be silent goes through
 * `FILL(…, 0)`; its window is then at least five minutes long, since CloudWatch would take the newest
 * minute, whose value is still on its way, for a zero.
 */
export function calculation(
  label: string,
  expression: string,
  period: Duration,
  metrics: Readonly<Record<string, Metric>>,
): IMetric {
  const inWindow = Object.entries(metrics).map(([name, metric]) => [name, metric.with({ period })]);
  return new MathExpression({
    label,
    expression,
    usingMetrics: Object.fromEntries(inWindow),
    period,
  });
}

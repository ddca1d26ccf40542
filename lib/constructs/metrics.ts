import { Duration } from "aws-cdk-lib";
import { Metric } from "aws-cdk-lib/aws-cloudwatch";
import { METRIC_NAMESPACE, STAGE_DIMENSION } from "../../lambdas/settings.ts";
import type { MetricName } from "../../lambdas/settings.ts";
import type { StageConfiguration } from "../stage-configuration.ts";

type Statistic = "Sum" | "Maximum" | "Minimum" | "Average" | "p50" | "p90" | "p99";

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

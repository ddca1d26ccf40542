import { ALLOY_ATTEMPTS_MS, COUNTED_OUTCOMES, METRICS } from "../../lambdas/settings.ts";
import type { StageConfiguration } from "../../lib/stage-configuration.ts";
import { isRecord, listOf, synthesise } from "../template/synthesise.ts";
import type { TemplateCount } from "./bill.ts";

const MONTH_MS = 30 * 24 * 60 * 60 * 1_000;

/** Counts what is paid by the month in the template of a stage. */
export function countTemplate(stage: StageConfiguration): TemplateCount {
  const template = synthesise(stage);
  const metricsOf = (properties: unknown) => {
    const queries = isRecord(properties) ? listOf(properties["Metrics"]) : [];
    // An alarm on metric math pays for each metric that it reads.
    return Math.max(
      1,
      queries.filter((query) => isRecord(query) && query["MetricStat"] !== undefined).length,
    );
  };
  return {
    alarmMetrics: template
      .ofType("AWS::CloudWatch::Alarm")
      .reduce((sum, { Properties }) => sum + metricsOf(Properties), 0),
    customMetrics: customMetricsOf(stage),
    compositeAlarms: template.ofType("AWS::CloudWatch::CompositeAlarm").length,
    dashboards: template.ofType("AWS::CloudWatch::Dashboard").length,
    secrets: template.ofType("AWS::SecretsManager::Secret").length,
    pollerRunsPerMonth: MONTH_MS / stage.polling.rateMs,
  };
}

/** One for each name; for those that come only by a dimension, one for each of its values. */
function customMetricsOf({ journeys }: StageConfiguration): number {
  // Two of the names come by a dimension alone.
  const names = Object.keys(METRICS).length - 2;
  const byOutcome = COUNTED_OUTCOMES.length;
  const byAttempt = ALLOY_ATTEMPTS_MS.length;
  // A counted Journey has each outcome and the time to decision for itself.
  return names + byOutcome + byAttempt + journeys.length * (byOutcome + 1);
}

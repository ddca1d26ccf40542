import { Unit } from "aws-cdk-lib/aws-cloudwatch";
import { FilterPattern, MetricFilter } from "aws-cdk-lib/aws-logs";
import type { ILogGroup } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { METRIC_NAMESPACE, METRICS, STAGE_DIMENSION } from "../../lambdas/settings/metrics.ts";

/** The field of the access log that holds the stage's name. */
export const STAGE_FIELD = "stage";

/**
 * Counts what API Gateway's authorizer refuses, which ingest never sees, under the metric by which ingest counts what
 * it refuses itself: so the same alarm rings, the same figures stand on the dashboard, and the poller knows.
 *
 * An answer without an integration behind it is API Gateway's own: 401 to a token that is none, 403 to one without
 * the scope.
 */
export function countTokenRefusals(scope: Construct, accessLog: ILogGroup): void {
  const hasStatus = (status: string) => FilterPattern.stringValue("$.status", "=", status);
  new MetricFilter(scope, "TokenRefusals", {
    logGroup: accessLog,
    filterPattern: FilterPattern.all(
      FilterPattern.any(hasStatus("401"), hasStatus("403")),
      FilterPattern.stringValue("$.integrationStatus", "=", "-"),
    ),
    metricNamespace: METRIC_NAMESPACE,
    metricName: METRICS.credentialsRejected,
    metricValue: "1",
    unit: Unit.COUNT,
    dimensions: { [STAGE_DIMENSION]: `$.${STAGE_FIELD}` },
  });
}

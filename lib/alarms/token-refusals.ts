import type { ILogGroup } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { METRICS } from "../../lambdas/settings/metrics.ts";
import { countAccessLog } from "./access-log.ts";

/**
 * Counts what API Gateway's authorizer refuses, which ingest never sees, under the metric by which ingest counts what
 * it refuses itself: so the same alarm rings, the same figures stand on the dashboard, and the poller knows.
 *
 * An answer without an integration behind it is API Gateway's own: 401 to a token that is none, 403 to one without
 * the scope.
 */
export function countTokenRefusals(scope: Construct, accessLog: ILogGroup): void {
  countAccessLog(scope, "TokenRefusals", {
    accessLog,
    metricName: METRICS.credentialsRejected,
    conditions: {
      status: 'status = "401" || status = "403"',
      integrationStatus: 'integrationStatus = "-"',
    },
  });
}

import { AccessLogField, AccessLogFormat } from "aws-cdk-lib/aws-apigateway";
import { Unit } from "aws-cdk-lib/aws-cloudwatch";
import { FilterPattern, MetricFilter } from "aws-cdk-lib/aws-logs";
import type { ILogGroup } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { METRIC_NAMESPACE, STAGE_DIMENSION } from "../../lambdas/settings/metrics.ts";
import type { MetricName } from "../../lambdas/settings/metrics.ts";
import type { StageConfiguration } from "../config/stage-configuration.ts";

/** Those that filters read. None of them can have a space, so each keeps its place whatever a caller sends. */
const FILTERED = {
  requestId: AccessLogField.contextRequestId(),
  sourceIp: AccessLogField.contextIdentitySourceIp(),
  status: AccessLogField.contextStatus(),
  responseLatency: AccessLogField.contextResponseLatency(),
  integrationStatus: AccessLogField.contextIntegrationStatus(),
} as const;

/** The field with the stage's name, behind those: a metric that is made from a log takes its dimension from there. */
const STAGE_FIELD = "stage";

export type AccessLogConditions = Readonly<Partial<Record<keyof typeof FILTERED, string>>>;

/**
 * Who called, how it ended, how long it took; no credential and no body. The caller is Alloy or an attacker and no
 * customer, so the address and the agent may stand there: of a run of guesses nothing else is left. CloudWatch says when.
 *
 * Fields with spaces between them: the names would be half of a line (docs/decisions/0082). What a caller may fill with
 * spaces, quotes and brackets is behind all that is counted.
 */
export function accessLogFormat({ stage, auth }: StageConfiguration): AccessLogFormat {
  return AccessLogFormat.custom(
    [
      ...Object.values(FILTERED),
      stage,
      `"${AccessLogField.contextIdentityUserAgent()}"`,
      // Without an authorizer it says nothing, in each line.
      ...(auth === "secret" ? [] : ['"$context.authorizer.error"']),
      // The last field may have spaces.
      "$context.integrationErrorMessage",
    ].join(" "),
  );
}

/**
 * Counts lines of the access log: each is 1 of a metric.
 *
 * @param conditions - on fields, in the syntax of CloudWatch Logs, with the field's name. None: each value counts.
 */
export function countAccessLog(
  scope: Construct,
  id: string,
  {
    accessLog,
    metricName,
    conditions,
  }: {
    readonly accessLog: ILogGroup;
    readonly metricName: MetricName;
    readonly conditions: AccessLogConditions;
  },
): MetricFilter {
  const wanted: Readonly<Record<string, string>> = conditions;
  const fields = [...Object.keys(FILTERED), STAGE_FIELD].map((name) => wanted[name] ?? name);
  return new MetricFilter(scope, id, {
    logGroup: accessLog,
    filterPattern: FilterPattern.literal(`[${[...fields, "..."].join(", ")}]`),
    metricNamespace: METRIC_NAMESPACE,
    metricName,
    metricValue: "1",
    unit: Unit.COUNT,
    dimensions: { [STAGE_DIMENSION]: `$${STAGE_FIELD}` },
  });
}

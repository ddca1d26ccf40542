import { Duration } from "aws-cdk-lib";
import { ComparisonOperator } from "aws-cdk-lib/aws-cloudwatch";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import type { ILogGroup } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { TIMEOUTS_MS } from "../../lambdas/settings/limits.ts";
import { NEAR_TIMEOUT } from "../proofs/time-limits.ts";
import type { AlertTopics, Severity } from "./alert-topics.ts";
import { dashboardLink, logsLink } from "./console-links.ts";
import { makeAlarms } from "./runbook-alarm.ts";

/** What breaks, and for whom, when a function is in trouble. Required: there is no function without it. */
export interface FunctionImpact {
  readonly alerts: AlertTopics;
  /** When Lambda refuses to run it. */
  readonly throttled: { readonly severity: Severity; readonly impact: string };
  /** When it hardly fits its time limit. */
  readonly nearTimeout: { readonly impact: string };
  /** How often it runs at least; what runs rarely has no value in most minutes. @default 1 minute */
  readonly period?: Duration;
}

/** The function that is watched. */
interface WatchedFunction {
  readonly name: "ingest" | "consumer" | "poller";
  readonly function: IFunction;
  readonly logGroup: ILogGroup;
}

const { GREATER_THAN_THRESHOLD } = ComparisonOperator;

/** Makes the two alarms that every function has. */
export function makeFunctionAlarms(
  scope: Construct,
  { name, function: lambda, logGroup }: WatchedFunction,
  { alerts, throttled, nearTimeout, period = Duration.minutes(1) }: FunctionImpact,
): void {
  const links = [logsLink(`Logs of ${name}`, logGroup), dashboardLink(scope)];
  const limitMs = TIMEOUTS_MS[name];

  makeAlarms(scope, { alerts, links }, [
    {
      id: `${name}-throttled`,
      severity: throttled.severity,
      fact: `Lambda refused to run ${name} in two of the last five windows of ${period.toHumanString()}.`,
      impact: throttled.impact,
      because: "one refused start is what a burst does; two windows are a limit.",
      metric: lambda.metricThrottles({ statistic: "Sum", period }),
      threshold: 0,
      comparison: GREATER_THAN_THRESHOLD,
      datapoints: 2,
      of: 5,
    },

    {
      id: `${name}-near-timeout`,
      severity: "ticket",
      fact: `One run of ${name} in a hundred takes more than ${NEAR_TIMEOUT * 100} % of its ${limitMs / 1_000} s, in three of the last five windows of ${period.toHumanString()}.`,
      impact: nearTimeout.impact,
      because: "above this share of the limit, the next slow call ends in a time-out.",
      metric: lambda.metricDuration({ statistic: "p99", period }),
      threshold: NEAR_TIMEOUT * limitMs,
      comparison: GREATER_THAN_THRESHOLD,
      datapoints: 3,
      of: 5,
    },
  ]);
}

import { Duration } from "aws-cdk-lib";
import { Metric } from "aws-cdk-lib/aws-cloudwatch";
import type { TableV2 } from "aws-cdk-lib/aws-dynamodb";
import type { Construct } from "constructs";
import type { AlertTopics } from "./alert-topics.ts";
import { dashboardLink } from "./console-links.ts";
import { calculation } from "./metrics.ts";
import { RunbookAlarm } from "./runbook-alarm.ts";

/** What the functions ask of the tables. DynamoDB counts its own errors by operation. */
const OPERATIONS = ["PutItem", "UpdateItem", "DeleteItem", "Query"];

export interface TableAlarmsProps {
  readonly alerts: AlertTopics;
  readonly applications: TableV2;
  readonly idempotency: TableV2;
}

/** Makes the alarms about the tables, both in one: what to do is the same. */
export function makeTableAlarms(scope: Construct, props: TableAlarmsProps): void {
  const { alerts, applications, idempotency } = props;
  const tables = { applications, idempotency };
  const links = [dashboardLink(scope)];

  new RunbookAlarm(scope, "tables-throttled", {
    alerts,
    severity: "ticket",
    fact: "DynamoDB throttled requests in three of five windows of five minutes.",
    impact: "events are retried and late. An on-demand table should not throttle.",
    links,
    metric: sumOf(
      "throttled requests",
      Object.entries(tables).flatMap(([name, table]) =>
        ["ReadThrottleEvents", "WriteThrottleEvents"].map((metricName) => [
          `${name}${metricName}`,
          ofTable(table, metricName),
        ]),
      ),
    ),
    threshold: 1,
    datapoints: 3,
    of: 5,
  });

  new RunbookAlarm(scope, "tables-failing", {
    alerts,
    severity: "ticket",
    fact: "DynamoDB answered at least one request with an error of its own.",
    impact: "events are retried and late; if this continues, they are dead-lettered.",
    links,
    metric: sumOf(
      "errors of DynamoDB",
      Object.entries(tables).flatMap(([name, table]) =>
        OPERATIONS.map((operation) => [
          `${name}${operation}`,
          ofTable(table, "SystemErrors", { Operation: operation }),
        ]),
      ),
    ),
    threshold: 1,
  });
}

function sumOf(label: string, entries: readonly (readonly [string, Metric])[]) {
  const expression = entries.map(([name]) => `FILL(${name}, 0)`).join(" + ");
  return calculation(label, expression, Duration.minutes(5), Object.fromEntries(entries));
}

function ofTable(
  table: TableV2,
  metricName: string,
  dimensions: Record<string, string> = {},
): Metric {
  return new Metric({
    namespace: "AWS/DynamoDB",
    metricName,
    dimensionsMap: { TableName: table.tableName, ...dimensions },
    statistic: "Sum",
  });
}

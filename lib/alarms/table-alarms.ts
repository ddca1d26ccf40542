import { Duration } from "aws-cdk-lib";
import { Metric } from "aws-cdk-lib/aws-cloudwatch";
import type { TableV2 } from "aws-cdk-lib/aws-dynamodb";
import type { Construct } from "constructs";
import { TABLE } from "../../lambdas/settings/names.ts";
import type { AlertTopics } from "./alert-topics.ts";
import { dashboardLink } from "./console-links.ts";
import { calculation } from "./metrics.ts";
import { makeAlarms } from "./runbook-alarm.ts";

/** What the functions may ask of each table. DynamoDB counts its own errors by operation. */
const OPERATIONS = {
  applications: ["GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"],
  // The daily statement reads in batches.
  idempotency: ["GetItem", "PutItem", "UpdateItem", "DeleteItem", "BatchGetItem"],
} as const;

const READS = "ReadThrottleEvents";
const WRITES = "WriteThrottleEvents";

/** A table's own count leaves out its indexes, whose partitions run hot by themselves. People alone read `external`. */
const THROTTLED_INDEXES = [
  [TABLE.dueIndex, READS],
  [TABLE.dueIndex, WRITES],
  [TABLE.gapIndex, READS],
  [TABLE.gapIndex, WRITES],
  [TABLE.externalIndex, WRITES],
] as const;

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

  makeAlarms(scope, { alerts, links }, [
    {
      id: "tables-throttled",
      severity: "ticket",
      fact: "DynamoDB throttled requests to a table or one of its indexes, in three of five windows of five minutes.",
      impact: "events are retried and late. An on-demand table should not throttle.",
      because: "three of five windows of five minutes are no burst.",
      metric: sumOf("throttled requests", [
        ...Object.entries(tables).flatMap(([name, table]) =>
          [READS, WRITES].map(
            (metricName) => [`${name}${metricName}`, ofTable(table, metricName)] as const,
          ),
        ),
        ...THROTTLED_INDEXES.map(
          ([index, metricName]) =>
            [
              `${index}${metricName}`,
              ofTable(applications, metricName, { GlobalSecondaryIndexName: index }),
            ] as const,
        ),
      ]),
      threshold: 1,
      datapoints: 3,
      of: 5,
    },

    {
      id: "tables-failing",
      severity: "ticket",
      fact: "DynamoDB answered at least one request with an error of its own.",
      impact: "events are retried and late; if this continues, they are dead-lettered.",
      because: "each such error makes an event wait for a retry, so one is enough.",
      metric: sumOf(
        "errors of DynamoDB",
        (["applications", "idempotency"] as const).flatMap((name) =>
          OPERATIONS[name].map((operation) => [
            `${name}${operation}`,
            ofTable(tables[name], "SystemErrors", { Operation: operation }),
          ]),
        ),
      ),
      threshold: 1,
    },
  ]);
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

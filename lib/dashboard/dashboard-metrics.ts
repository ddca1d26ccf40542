import { Duration } from "aws-cdk-lib";
import { MathExpression, Metric } from "aws-cdk-lib/aws-cloudwatch";
import type { IMetric } from "aws-cdk-lib/aws-cloudwatch";
import type { TableV2 } from "aws-cdk-lib/aws-dynamodb";
import { MEMORY_MB } from "../../lambdas/settings/limits.ts";
import { METRICS } from "../../lambdas/settings/metrics.ts";
import type { MetricName } from "../../lambdas/settings/metrics.ts";
import { TABLE } from "../../lambdas/settings/names.ts";
import type { StageConfiguration } from "../config/stage-configuration.ts";
import type { ApplicationStore } from "../constructs/application-store.ts";
import { SHOWN_PERIOD } from "./dashboard-widgets.ts";
import type { EventConsumer } from "../constructs/event-consumer.ts";
import type { EventQueue } from "../constructs/event-queue.ts";
import type { EventRoutes } from "../constructs/event-routes.ts";
import { calculation, ourMetric } from "../alarms/metrics.ts";
import type { NodeFunction } from "../constructs/node-function.ts";
import type { ScheduledPoller } from "../constructs/scheduled-poller.ts";
import type { WebhookIngest } from "../constructs/webhook-ingest.ts";

/** Whose metrics are shown. */
export interface Parts {
  readonly stage: StageConfiguration;
  readonly queue: EventQueue;
  readonly store: ApplicationStore;
  readonly routes: EventRoutes;
  readonly ingest: WebhookIngest;
  readonly consumer: EventConsumer;
  readonly poller: ScheduledPoller;
}

/** The poller's word comes once in its period; a shorter window would often be empty. */
export function pollingPeriod({ polling: { rateMs } }: StageConfiguration): Duration {
  return Duration.millis(Math.max(rateMs, SHOWN_PERIOD.toMilliseconds()));
}

/** CloudWatch's own green, orange and red. */
export const COLOURS = { good: "#2ca02c", warning: "#ff7f0e", bad: "#d62728" } as const;

export const MAXIMUM = { statistic: "Maximum", period: SHOWN_PERIOD } as const;

/** Counts of ours, added up. */
export function sumsOf(stage: StageConfiguration) {
  return (name: MetricName, label: string, color?: string): Metric =>
    ourMetric(stage, name, "Sum", SHOWN_PERIOD).with({ label, ...withColour(color) });
}

/**
 * A count of the poller's, which writes no zeros: zero where a run ended and said nothing, and nothing where no run ended.
 * The label is the metric's.
 */
export function whereLooked(stage: StageConfiguration, metric: Metric, id: string): IMetric {
  const { period, label = "", color } = metric;
  return new MathExpression({
    label,
    ...withColour(color),
    // A calculation has no value where one of its parts has none.
    expression: `FILL(${id}, 0) + 0 * ${id}Runs`,
    period,
    usingMetrics: {
      [id]: metric,
      [`${id}Runs`]: ourMetric(stage, METRICS.pollerRuns, "Sum", period),
    },
  });
}

/** Without a colour of its own a line gets CloudWatch's next one. */
export function withColour(color: string | undefined): { readonly color?: string } {
  return color === undefined ? {} : { color };
}

export function ofApi({ api }: WebhookIngest, metricName: string, statistic: string): Metric {
  return new Metric({
    namespace: "AWS/ApiGateway",
    metricName,
    dimensionsMap: { ApiId: api.apiId },
    statistic,
    period: SHOWN_PERIOD,
  });
}

export function ofTable({ tableName }: TableV2, metricName: string, index?: string): Metric {
  return new Metric({
    namespace: "AWS/DynamoDB",
    metricName,
    dimensionsMap: {
      TableName: tableName,
      ...(index !== undefined && { GlobalSecondaryIndexName: index }),
    },
    statistic: "Sum",
    period: SHOWN_PERIOD,
  });
}

/** An index's writes are paid like the table's, and counted apart from them. */
export function indexWrites(table: TableV2): IMetric {
  const indexes = [TABLE.dueIndex, TABLE.gapIndex, TABLE.externalIndex];
  return calculation(
    "writes: its indexes",
    indexes.map((index) => `FILL(${index}, 0)`).join(" + "),
    SHOWN_PERIOD,
    Object.fromEntries(
      indexes.map((index) => [index, ofTable(table, "ConsumedWriteCapacityUnits", index)]),
    ),
  );
}

/** What Lambda bills: time, times memory. */
export function compute({ name, function: lambda }: NodeFunction): IMetric {
  const gigabytesPerMs = MEMORY_MB[name] / 1_024 / 1_000;
  return calculation(name, `${name}Ms * ${gigabytesPerMs}`, SHOWN_PERIOD, {
    [`${name}Ms`]: lambda.metricDuration({ statistic: "Sum" }),
  });
}

import { Metric } from "aws-cdk-lib/aws-cloudwatch";
import { GAP_STAGE_DIMENSION, GAP_STAGES, METRICS } from "../../lambdas/settings/metrics.ts";
import type { MetricName } from "../../lambdas/settings/metrics.ts";
import {
  COLOURS,
  compute,
  indexWrites,
  ofApi,
  ofTable,
  pollingPeriod,
  sumsOf,
  whereLooked,
  withColour,
} from "./dashboard-metrics.ts";
import type { Parts } from "./dashboard-metrics.ts";
import { SHOWN_PERIOD } from "./dashboard-widgets.ts";
import type { Section } from "./dashboard-widgets.ts";
import { calculation, ourMetric } from "../alarms/metrics.ts";

/** Do we know what Alloy knows? */
export function polling({ stage }: Parts): Section {
  const period = pollingPeriod(stage);
  const looked = (metric: Metric, name: string) =>
    whereLooked(stage, metric, name[0]?.toLowerCase() + name.slice(1));
  const sum = (name: MetricName, label: string, color?: string) =>
    looked(ourMetric(stage, name, "Sum", period).with({ label, ...withColour(color) }), name);
  const most = (name: MetricName, label: string) =>
    looked(ourMetric(stage, name, "Maximum", period).with({ label }), name);
  return {
    title: "Polling and gaps",
    good: [
      "No application in gap.",
      "No missing or healed events: each one is a lost webhook.",
      "Nothing behind.",
      "Alloy's API answers.",
    ],
    runbooks: ["delivery-gap", "webhooks-repaired", "poller-behind", "alloy-api-failing"],
    graphs: [
      {
        title: "In gap, by stage",
        stacked: true,
        left: GAP_STAGES.map((gapStage, index) =>
          whereLooked(
            stage,
            ourMetric(stage, METRICS.deliveryGaps, "Maximum", period, {
              [GAP_STAGE_DIMENSION]: gapStage,
            }).with({ label: gapStage }),
            `gaps${index}`,
          ),
        ),
        right: [
          calculation("longest that healed, min (right)", "longestMs / 60000", period, {
            longestMs: ourMetric(stage, METRICS.gapDuration, "Maximum"),
          }),
        ],
      },
      {
        title: "Found at Alloy",
        left: [
          sum(METRICS.transitionsUnheard, "changes without a webhook yet"),
          sum(METRICS.eventsMissing, "events missing", COLOURS.warning),
          sum(METRICS.eventsLeft, "events left to the next check"),
          // The consumer's own.
          sumsOf(stage)(METRICS.eventsHealed, "events healed", COLOURS.good),
          sum(METRICS.correctionsQueued, "corrections"),
          sum(METRICS.envelopesRefused, "not queued", COLOURS.bad),
        ],
      },
      {
        title: "Applications",
        left: [
          sum(METRICS.applicationsChecked, "checked", COLOURS.good),
          most(METRICS.applicationsBehind, "behind"),
          sum(METRICS.applicationsStale, "stale"),
          sum(METRICS.applicationsUnknown, "unknown to Alloy"),
        ],
      },
      {
        title: "Calls of Alloy's API",
        left: [
          sum(METRICS.alloyCalls, "calls", COLOURS.good),
          sum(METRICS.alloyCallsFailed, "failed", COLOURS.warning),
          sum(METRICS.alloyCallsUnauthorized, "401", COLOURS.bad),
        ],
      },
    ],
  };
}

/** What is paid for? */
export function cost({ stage, queue, store, ingest, consumer, poller }: Parts): Section {
  const functions = [ingest.function, consumer.function, poller.function];
  const logs = new Map([
    ...functions.map(({ name, logGroup }) => [name, logGroup] as const),
    ["access log", ingest.accessLog] as const,
  ]);
  return {
    title: "Cost drivers",
    good: ["All of them grow only with the webhooks.", "`npm run cost` prices them."],
    runbooks: ["tables-throttled"],
    graphs: [
      {
        title: "DynamoDB units, per 5 min",
        stacked: true,
        left: [
          ofTable(store.applications, "ConsumedWriteCapacityUnits").with({
            label: "writes: applications",
          }),
          indexWrites(store.applications),
          ofTable(store.idempotency, "ConsumedWriteCapacityUnits").with({
            label: "writes: idempotency",
          }),
          ofTable(store.applications, "ConsumedReadCapacityUnits").with({ label: "reads" }),
        ],
      },
      { title: "Lambda: GB-s", stacked: true, left: functions.map(compute) },
      {
        title: "Log bytes",
        stacked: true,
        left: [...logs].map(
          ([label, { logGroupName: LogGroupName }]) =>
            new Metric({
              namespace: "AWS/Logs",
              metricName: "IncomingBytes",
              dimensionsMap: { LogGroupName },
              statistic: "Sum",
              period: SHOWN_PERIOD,
              label,
            }),
        ),
      },
      {
        title: "Requests",
        left: [
          ofApi(ingest, "Count", "Sum").with({ label: "API Gateway" }),
          calculation(
            "Lambda invocations",
            functions.map(({ name }) => `FILL(${name}, 0)`).join(" + "),
            SHOWN_PERIOD,
            Object.fromEntries(
              functions.map(({ name, function: lambda }) => [
                name,
                lambda.metricInvocations({ statistic: "Sum" }),
              ]),
            ),
          ),
          queue.events
            .metricNumberOfMessagesSent({ statistic: "Sum", period: SHOWN_PERIOD })
            .with({ label: "SQS messages" }),
          ourMetric(stage, METRICS.eventsPublished, "Sum", SHOWN_PERIOD).with({
            label: "events published",
          }),
        ],
      },
    ],
  };
}

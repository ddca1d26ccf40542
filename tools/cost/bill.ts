import { INGEST, MEMORY_MB, POLLER } from "../../lambdas/settings/limits.ts";
import type { ConsumerCount, IngestCount } from "./count.ts";
import type { PollerCount } from "./count-poller.ts";
import type { TemplateCount } from "./count-template.ts";
import { PRICES } from "./prices.ts";

/** One line of the bill. */
export interface Line {
  readonly what: string;
  /** In the unit of the price: requests, units, GB, GB-seconds. */
  readonly quantity: number;
  readonly unit: string;
  readonly usd: number;
  /** Where the quantity comes from. */
  readonly from: string;
}

export interface Workload {
  readonly webhooks: number;
  readonly applications: number;
  /** Events in a batch of the consumer; what comes in bursts fills it, what trickles comes alone. */
  readonly batch: number;
}

const MONTH_MS = 30 * 24 * 60 * 60 * 1_000;

/**
 * Durations cannot be counted, so these are assumed, on the dear side: ingest waits for one call to
 * SQS, a batch of ten for three rounds of calls, a run of the poller for Alloy.
 */
const ASSUMED_MS = { ingestRequest: 15, consumerBatch: 200, pollerRun: 3_000 } as const;

/** Of the daily statement: a state, the events of up to 8 KB, and a record each for what was published. */
const STATEMENT_READS = { application: 1.5, publishedEvent: 0.5 } as const;

/**
 * Lambda keeps five pollers on a queue (developer guide: "Scaling with SQS event source mappings"; with a
 * maximum concurrency they do not become fewer), and each waits 20 s for a message.
 */
const IDLE_RECEIVES_PER_MONTH = (5 * MONTH_MS) / 20_000;

/** What grows with the traffic. */
export function trafficLines(
  { webhooks, applications, batch }: Workload,
  ingest: IngestCount,
  consumer: ConsumerCount,
  poller: PollerCount,
): readonly Line[] {
  const batches = webhooks / batch;
  const furtherEvents = webhooks - applications;
  const gbSeconds = (times: number, ms: number, memoryMb: number) =>
    (times * ms * memoryMb) / 1_000 / 1_024;
  const gb = (bytes: number) => bytes / 1e9;
  return [
    line("API Gateway", webhooks, "requests", PRICES.httpApiRequest, "one per webhook"),
    line(
      "Lambda requests",
      webhooks + batches,
      "requests",
      PRICES.lambdaRequest,
      `counted: one per webhook at ingest, one per batch of ${batch} at the consumer`,
    ),
    line(
      "Lambda time",
      gbSeconds(webhooks, ASSUMED_MS.ingestRequest, MEMORY_MB.ingest) +
        gbSeconds(batches, ASSUMED_MS.consumerBatch, MEMORY_MB.consumer),
      "GB-seconds",
      PRICES.lambdaGbSecond,
      `assumed: ${ASSUMED_MS.ingestRequest} ms a webhook, ${ASSUMED_MS.consumerBatch} ms a batch`,
    ),
    line(
      "SQS",
      webhooks * ingest.sends + 2 * batches,
      "requests",
      PRICES.sqsRequest,
      `counted: a send per webhook, a receive and a delete per batch of ${batch}`,
    ),
    line(
      "SQS, routes",
      webhooks * consumer.publishedPerEvent,
      "requests",
      PRICES.sqsRequest,
      "a send into the route's queue per published event; reading it is its reader's",
    ),
    line(
      "DynamoDB writes, events",
      applications * consumer.firstWrites + furtherEvents * consumer.furtherWrites,
      "write units",
      PRICES.dynamoWriteUnit,
      `counted: ${figure(consumer.firstWrites)} for an application's first event, ${figure(consumer.furtherWrites)} for a further one, index entries included`,
    ),
    line(
      "DynamoDB reads, events",
      webhooks * consumer.readsPerEvent,
      "read units",
      PRICES.dynamoReadUnit,
      "counted",
    ),
    line(
      "DynamoDB writes, polling",
      applications * poller.writesPerApplication,
      "write units",
      PRICES.dynamoWriteUnit,
      `counted: ${figure(poller.writesPerApplication)} per application that ends within a day`,
    ),
    line(
      "DynamoDB reads, polling",
      applications * poller.readsPerApplication,
      "read units",
      PRICES.dynamoReadUnit,
      `counted: ${figure(poller.readsPerApplication)} requests per application, each of up to 4 KB`,
    ),
    line(
      "DynamoDB reads, statement",
      applications * STATEMENT_READS.application +
        webhooks * consumer.publishedPerEvent * STATEMENT_READS.publishedEvent,
      "read units",
      PRICES.dynamoReadUnit,
      `assumed: ${STATEMENT_READS.application} for an application that ends within a day, ${STATEMENT_READS.publishedEvent} per published event`,
    ),
    line(
      "EventBridge",
      webhooks * consumer.publishedPerEvent,
      "events",
      PRICES.busEvent,
      `counted: ${figure(consumer.publishedPerEvent)} per event by the stage's routes`,
    ),
    line(
      "Logs",
      gb(
        webhooks * (ingest.logBytes + ingest.accessLogBytes) + batches * consumer.logBytesPerBatch,
      ),
      "GB",
      PRICES.logGb,
      `counted: ${ingest.logBytes} B a webhook at ingest and ${ingest.accessLogBytes} B in the access log, ${consumer.logBytesPerBatch} B a batch`,
    ),
  ];
}

/** What a month's events cost in every month that they are kept: the one line that adds up over the years. */
export function keptLines(
  { webhooks, applications }: Workload,
  consumer: ConsumerCount,
): readonly Line[] {
  // DynamoDB bills 100 bytes of an item besides its own (developer guide: "Item sizes and formats").
  const gb = (items: number, bytes: number) => (items * (bytes + 100)) / 1e9;
  return [
    line(
      "Events and applications",
      gb(webhooks, consumer.eventBytes) + gb(applications, consumer.applicationBytes),
      "GB",
      PRICES.dynamoGbMonth,
      `counted: ${consumer.eventBytes} B an event, ${consumer.applicationBytes} B an application; retention.eventsMs ends it for the events`,
    ),
  ];
}

/** What a stage costs a month at no traffic at all. */
export function standingLines(
  template: TemplateCount,
  { metricsReadPerRun }: Pick<PollerCount, "metricsReadPerRun">,
): readonly Line[] {
  const runs = template.pollerRunsPerMonth;
  return [
    line("Alarms", template.alarmMetrics, "metrics", PRICES.alarmMetric, "counted in the template"),
    line(
      "Composite alarms",
      template.compositeAlarms,
      "alarms",
      PRICES.compositeAlarm,
      "counted in the template",
    ),
    line(
      "Custom metrics",
      template.customMetrics,
      "metrics",
      PRICES.customMetric,
      "lambdas/settings/metrics.ts, by outcome, attempt and counted Journey; more with gaps",
    ),
    line(
      "Dashboards",
      template.dashboards,
      "dashboards",
      PRICES.dashboard,
      "counted in the template",
    ),
    line("Secrets", template.secrets, "secrets", PRICES.secret, "counted in the template"),
    line("Keys", template.keys, "keys", PRICES.kmsKey, "counted in the template"),
    line(
      "Secrets, reads",
      MONTH_MS / INGEST.secretLifetimeMs + MONTH_MS / POLLER.secretLifetimeMs,
      "requests",
      PRICES.secretRead,
      "lambdas/settings/metrics.ts: one warm ingest and the poller",
    ),
    line(
      "SQS, waiting",
      IDLE_RECEIVES_PER_MONTH,
      "requests",
      PRICES.sqsRequest,
      "assumed: five pollers of Lambda's, each waiting 20 s",
    ),
    line(
      "Poller, schedule and requests",
      runs,
      "runs",
      PRICES.scheduledInvocation + PRICES.lambdaRequest,
      "the stage's rate",
    ),
    line(
      "Poller, metrics read",
      runs * metricsReadPerRun,
      "metrics",
      PRICES.metricRead,
      `counted: ${metricsReadPerRun} a run, to see how webhooks fared`,
    ),
    line(
      "Poller, time",
      (runs * ASSUMED_MS.pollerRun * MEMORY_MB.poller) / 1_000 / 1_024,
      "GB-seconds",
      PRICES.lambdaGbSecond,
      `assumed: ${ASSUMED_MS.pollerRun} ms a run`,
    ),
  ];
}

export function totalOf(lines: readonly Line[]): number {
  return lines.reduce((sum, { usd }) => sum + usd, 0);
}

function line(what: string, quantity: number, unit: string, price: number, from: string): Line {
  return { what, quantity, unit, usd: quantity * price, from };
}

function figure(number: number): string {
  return String(Math.round(number * 100) / 100);
}

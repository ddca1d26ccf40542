import { INGEST, MEMORY_MB, POLLER } from "../../lambdas/settings/limits.ts";
import { CONSUMER_MS } from "./arrival.ts";
import type { Arrival } from "./arrival.ts";
import { furtherLogOf } from "./count.ts";
import type { BatchLog, IngestCount } from "./count.ts";
import type { IdleCount, LivesCount } from "./count-lives.ts";
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
  readonly arrival: Arrival;
}

/** What was counted for a bill. */
export interface Counted {
  readonly ingest: IngestCount;
  readonly batchLog: BatchLog;
  /** Write units that an event costs less in a batch with an earlier event of its application. */
  readonly savedTogether: number;
  readonly lives: LivesCount;
  readonly metricsReadPerRun: number;
  readonly template: TemplateCount;
}

/** As much of it as a stage costs without traffic. */
export type Standing = Pick<Counted, "metricsReadPerRun" | "template"> & {
  readonly lives: IdleCount;
};

const MONTH_MS = 30 * 24 * 60 * 60 * 1_000;

/**
 * Durations cannot be counted, so these are assumed, on the dear side: ingest waits for one call to SQS, a run of the
 * poller for Alloy, and the statement reads some thousand items. The consumer's is in `arrival.ts`.
 */
const ASSUMED_MS = { ingestRequest: 15, pollerRun: 3_000, statementRun: 10_000 } as const;

/** Of the daily statement: a state, the events of up to 8 KB, and a record each for what was published. */
const STATEMENT_READS = { application: 1.5, publishedEvent: 0.5 } as const;

/** How complete a day was, and what it used of the error budget. */
const STATEMENT_METRICS = 2;

/**
 * Lambda keeps five pollers on a queue (developer guide: "Scaling with SQS event source mappings"; with a
 * maximum concurrency they do not become fewer), and each waits 20 s for a message.
 */
const IDLE_RECEIVES_PER_MONTH = (5 * MONTH_MS) / 20_000;

/** What grows with the traffic. */
export function trafficLines(
  { webhooks, applications, arrival }: Workload,
  { ingest, batchLog, savedTogether, lives }: Counted,
): readonly Line[] {
  const { meanBatch, sharedPerWebhook, receivesPerWebhook, windowSeconds } = arrival;
  const batches = webhooks / meanBatch;
  const furtherEvents = webhooks - applications;
  const corrections = applications * lives.corrections;
  const gbSeconds = (times: number, ms: number, memoryMb: number) =>
    (times * ms * memoryMb) / 1_000 / 1_024;
  const gb = (bytes: number) => bytes / 1e9;
  return [
    line("API Gateway", webhooks, "requests", PRICES.httpApiRequest, "one per webhook"),
    line(
      "Lambda requests",
      webhooks + batches + corrections,
      "requests",
      PRICES.lambdaRequest,
      `counted: one per webhook at ingest, one per batch of ${figure(meanBatch)} at the consumer`,
    ),
    line(
      "Lambda time",
      gbSeconds(webhooks, ASSUMED_MS.ingestRequest, MEMORY_MB.ingest) +
        gbSeconds(batches, CONSUMER_MS.batch, MEMORY_MB.consumer) +
        gbSeconds(webhooks, CONSUMER_MS.event, MEMORY_MB.consumer),
      "GB-seconds",
      PRICES.lambdaGbSecond,
      `assumed: ${ASSUMED_MS.ingestRequest} ms a webhook at ingest; ${CONSUMER_MS.batch} ms a batch and ${CONSUMER_MS.event} ms an event at the consumer`,
    ),
    line(
      "SQS",
      webhooks * (ingest.sends + receivesPerWebhook) + batches + 3 * corrections,
      "requests",
      PRICES.sqsRequest,
      `counted: a send per webhook, ${figure(receivesPerWebhook)} receives${windowSeconds > 0 ? ` by a window of ${windowSeconds} s` : ""}, a delete per batch`,
    ),
    line(
      "SQS, routes",
      webhooks * lives.publishedPerEvent,
      "requests",
      PRICES.sqsRequest,
      "a send into the route's queue per published event; reading it is its reader's",
    ),
    line(
      "DynamoDB writes, events",
      applications * lives.firstWrites +
        furtherEvents * lives.furtherWrites -
        webhooks * sharedPerWebhook * savedTogether,
      "write units",
      PRICES.dynamoWriteUnit,
      `counted: ${figure(lives.firstWrites)} for an application's first event, ${figure(lives.furtherWrites)} for a further one, index entries included; ${figure(savedTogether)} less for each of the ${Math.round(100 * sharedPerWebhook)} % that come in a batch with an earlier one of their application`,
    ),
    line(
      "DynamoDB reads, events",
      webhooks * lives.readsPerEvent,
      "read units",
      PRICES.dynamoReadUnit,
      "counted",
    ),
    line(
      "DynamoDB writes, polling",
      applications * lives.checkWrites,
      "write units",
      PRICES.dynamoWriteUnit,
      `counted: ${figure(lives.checkWrites)} per application that ends within a day, on the stage's schedule`,
    ),
    line(
      "DynamoDB reads, polling",
      applications * lives.checkReads,
      "read units",
      PRICES.dynamoReadUnit,
      `counted: ${figure(lives.checkReads)} per application that ends within a day`,
    ),
    line(
      "DynamoDB reads, statement",
      applications * STATEMENT_READS.application +
        webhooks * lives.publishedPerEvent * STATEMENT_READS.publishedEvent,
      "read units",
      PRICES.dynamoReadUnit,
      `assumed: ${STATEMENT_READS.application} for an application that ends within a day, ${STATEMENT_READS.publishedEvent} per published event`,
    ),
    line(
      "EventBridge",
      webhooks * lives.publishedPerEvent,
      "events",
      PRICES.busEvent,
      `counted: ${figure(lives.publishedPerEvent)} per event by the stage's routes`,
    ),
    line(
      "Logs",
      gb(
        webhooks * (ingest.logBytes + ingest.accessLogBytes) +
          batches * (lives.logBytesAlone + furtherLogOf(batchLog, meanBatch)) +
          corrections * lives.logBytesAlone,
      ),
      "GB",
      PRICES.logGb,
      `counted: ${ingest.logBytes} B a webhook at ingest and ${ingest.accessLogBytes} B in the access log; ${lives.logBytesAlone} B a batch of one at the consumer, and ${figure(furtherLogOf(batchLog, meanBatch))} B for its further events`,
    ),
  ];
}

/** What a month's events cost in every month that they are kept: the one line that adds up over the years. */
export function keptLines(
  { webhooks, applications }: Workload,
  { lives }: Counted,
): readonly Line[] {
  // DynamoDB bills 100 bytes of an item besides its own (developer guide: "Item sizes and formats").
  const gb = (items: number, bytes: number) => (items * (bytes + 100)) / 1e9;
  return [
    line(
      "Events and applications",
      gb(webhooks, lives.eventBytes) + gb(applications, lives.applicationBytes),
      "GB",
      PRICES.dynamoGbMonth,
      `counted: ${lives.eventBytes} B an event, ${lives.applicationBytes} B an application; retention.eventsMs ends it for the events`,
    ),
  ];
}

/** What a stage costs a month at no traffic at all. */
export function standingLines({ template, lives, metricsReadPerRun }: Standing): readonly Line[] {
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
      lives.idleMetrics + STATEMENT_METRICS / 24,
      "metrics",
      PRICES.customMetric,
      `counted: ${lives.idleMetrics} that each run of the poller writes; ${STATEMENT_METRICS} that the statement writes in one hour of the day`,
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
    line(
      "DynamoDB reads, idle runs",
      runs * lives.idleReads,
      "read units",
      PRICES.dynamoReadUnit,
      `counted: ${lives.idleReads} a run, whether or not anything is due`,
    ),
    line(
      "DynamoDB writes, leases",
      2 * runs,
      "write units",
      PRICES.dynamoWriteUnit,
      "at most: a run in which something is due begins and ends a lease",
    ),
    line(
      "Statement, time",
      (30 * ASSUMED_MS.statementRun * MEMORY_MB.statement) / 1_000 / 1_024,
      "GB-seconds",
      PRICES.lambdaGbSecond,
      `assumed: ${ASSUMED_MS.statementRun} ms a day`,
    ),
  ];
}

/** What a stage costs besides, as soon as there is traffic in every hour, however little. */
export function busyLines({ ingest, lives }: Counted): readonly Line[] {
  return [
    line(
      "Custom metrics, of traffic",
      ingest.metrics + lives.busyMetrics,
      "metrics",
      PRICES.customMetric,
      "counted over the scenarios' lives; each is paid by the hour in which it is written. More with gaps",
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

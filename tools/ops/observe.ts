import { GetMetricDataCommand, paginateDescribeAlarms } from "@aws-sdk/client-cloudwatch";
import type { CompositeAlarm, MetricAlarm, MetricDataResult } from "@aws-sdk/client-cloudwatch";
import { GetQueueAttributesCommand } from "@aws-sdk/client-sqs";

import { METRIC_NAMESPACE, METRICS, STAGE_DIMENSION } from "../../lambdas/settings/metrics.ts";
import type { MetricName } from "../../lambdas/settings/metrics.ts";
import { healthOf } from "./health.ts";
import type { Observed } from "./health.ts";
import type { Status } from "./health-schema.ts";
import type { ConnectedStack } from "./stack.ts";
import { STATUS_METRICS } from "./status-metrics.ts";
import { resourcesOf } from "./verify-resources.ts";

const HOUR_MS = 3_600_000;
const WEEK_MS = 168 * HOUR_MS;

/** CloudWatch keeps minutes for 15 days; three hours are enough to say when the last webhook came. */
const RECENT_MS = 3 * HOUR_MS;

/** Longer than Alloy would wait. */
const ENDPOINT_MS = 10_000;

/**
 * Whether a stack is healthy, why, and what needs attention; it changes nothing, and rings nothing.
 *
 * @param now - epoch milliseconds.
 */
export async function statusOf(stack: ConnectedStack, now: number): Promise<Status> {
  const [alarms, endpoint, queues, metrics] = await Promise.all([
    alarmsOf(stack),
    endpointOf(stack.webhookUrl),
    queuesOf(stack),
    metricsOf(stack, now),
  ]);
  return healthOf({ stack: stack.stackName, now, alarms, endpoint, queues, ...metrics });
}

/** Those in ALARM that notify somebody. */
async function alarmsOf(stack: ConnectedStack): Promise<Observed["alarms"]> {
  const found: Observed["alarms"][number][] = [];
  const pages = paginateDescribeAlarms(
    { client: stack.cloudWatch },
    {
      AlarmNamePrefix: `${stack.stackName}-`,
      StateValue: "ALARM",
      AlarmTypes: ["MetricAlarm", "CompositeAlarm"],
    },
  );
  for await (const { MetricAlarms = [], CompositeAlarms = [] } of pages) {
    for (const alarm of [...MetricAlarms, ...CompositeAlarms]) {
      if (alarm.AlarmActions?.length === 0) continue;
      found.push(asObserved(alarm, stack));
    }
  }
  return found;
}

function asObserved(
  alarm: MetricAlarm | CompositeAlarm,
  { stackName, pageTopicArn }: ConnectedStack,
): Observed["alarms"][number] {
  const { AlarmName = "", AlarmDescription = "", AlarmActions = [] } = alarm;
  // What `describe` in lib/alarms/runbook-alarm.ts writes.
  const [fact = ""] = AlarmDescription.split("\n");
  const [, runbook = null] = /^Runbook: (\S+)$/m.exec(AlarmDescription) ?? [];
  return {
    id: AlarmName.slice(stackName.length + 1),
    severity: AlarmActions.includes(pageTopicArn) ? "page" : "ticket",
    fact,
    since: alarm.StateTransitionedTimestamp?.getTime() ?? null,
    runbook,
    reads: readsOf(alarm),
  };
}

/** The queues and the metrics of ours that an alarm reads; of a composite alarm none. */
function readsOf(alarm: MetricAlarm | CompositeAlarm): readonly string[] {
  if (!("Metrics" in alarm || "MetricName" in alarm)) return [];
  const metrics = [alarm, ...(alarm.Metrics ?? []).map(({ MetricStat }) => MetricStat?.Metric)];
  return metrics.flatMap(({ Namespace, MetricName = "", Dimensions = [] } = {}) =>
    Namespace === METRIC_NAMESPACE
      ? [MetricName]
      : Dimensions.flatMap(({ Name, Value = "" }) => (Name === "QueueName" ? [Value] : [])),
  );
}

/**
 * Asks with a method that no route has. API Gateway answers it with 404 itself: no function runs, no refused credential is
 * counted, and no alarm rings.
 */
async function endpointOf(url: string): Promise<Observed["endpoint"]> {
  const started = performance.now();
  const answer = await fetch(url, { signal: AbortSignal.timeout(ENDPOINT_MS) }).then(
    ({ status }) => ({ answer: status, why: "" }),
    (error: unknown) => ({ answer: null, why: `nothing (${reasonOf(error)})` }),
  );
  return { url, ...answer, ms: Math.round(performance.now() - started) };
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // fetch says "fetch failed"; its cause says which.
  return error.cause instanceof Error ? error.cause.message : error.message;
}

async function queuesOf(stack: ConnectedStack): Promise<Observed["queues"]> {
  const queues = (await resourcesOf(stack)).ofType("AWS::SQS::Queue");
  const lengths = await Promise.all(
    queues.map(async ({ id, name: QueueUrl }) => {
      const { Attributes = {} } = await stack.sqs.send(
        new GetQueueAttributesCommand({
          QueueUrl,
          AttributeNames: ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
        }),
      );
      return {
        id,
        name: QueueUrl.slice(QueueUrl.lastIndexOf("/") + 1),
        waiting: Number(Attributes["ApproximateNumberOfMessages"] ?? 0),
        inFlight: Number(Attributes["ApproximateNumberOfMessagesNotVisible"] ?? 0),
      };
    }),
  );
  return lengths.toSorted((one, other) => (one.id < other.id ? -1 : 1));
}

async function metricsOf(stack: ConnectedStack, now: number) {
  const named = (kind: "gauge" | "counter") =>
    STATUS_METRICS.filter((one) => one.kind === kind).map(({ name }) => name);
  const hour = { period: HOUR_MS / 1_000, stat: "Sum" } as const;
  const minute = { period: 60, stat: "Maximum" } as const;
  const arrivals = [METRICS.webhooksReceived, METRICS.pollerRuns];
  const [sums, sumsBefore, gauges, recent] = await Promise.all([
    read(stack, named("counter"), { from: now - HOUR_MS, to: now, ...hour }),
    read(stack, named("counter"), { from: now - WEEK_MS - HOUR_MS, to: now - WEEK_MS, ...hour }),
    read(stack, named("gauge"), { from: now - HOUR_MS, to: now, ...minute }),
    read(stack, arrivals, { from: now - RECENT_MS, to: now, ...minute }),
  ]);
  const lastPollAt = lastTimeOf(recent.get(METRICS.pollerRuns));
  /** The poller writes no zeros: its last run has said nothing of what an earlier one said. */
  const nowOf = (result: MetricDataResult) =>
    (lastTimeOf(result) ?? 0) < (lastPollAt ?? 0) ? 0 : lastOf(result);
  return {
    values: new Map([
      ...[...sums].map(([name, result]) => [name, sumOf(result)] as const),
      ...[...gauges].map(([name, result]) => [name, nowOf(result)] as const),
    ]),
    lastWeek: new Map([...sumsBefore].map(([name, result]) => [name, sumOf(result)])),
    lastWebhookAt: lastTimeOf(recent.get(METRICS.webhooksReceived)),
    lastPollAt,
  };
}

async function read(
  { cloudWatch, stage }: ConnectedStack,
  names: readonly MetricName[],
  over: {
    readonly from: number;
    readonly to: number;
    readonly period: number;
    readonly stat: "Sum" | "Maximum";
  },
): Promise<ReadonlyMap<MetricName, MetricDataResult>> {
  const { MetricDataResults = [] } = await cloudWatch.send(
    new GetMetricDataCommand({
      StartTime: new Date(over.from),
      EndTime: new Date(over.to),
      MetricDataQueries: names.map((MetricName, index) => ({
        Id: `m${index}`,
        MetricStat: {
          Metric: {
            Namespace: METRIC_NAMESPACE,
            MetricName,
            Dimensions: [{ Name: STAGE_DIMENSION, Value: stage }],
          },
          Period: over.period,
          Stat: over.stat,
        },
      })),
    }),
  );
  return new Map(
    names.map((name, index) => [
      name,
      MetricDataResults.find(({ Id }) => Id === `m${index}`) ?? {},
    ]),
  );
}

/** A window of an hour may touch two of CloudWatch's. */
function sumOf({ Values = [] }: MetricDataResult): number {
  return Values.reduce((total, value) => total + value, 0);
}

function lastOf(result: MetricDataResult): number | null {
  const [newest] = pointsOf(result);
  return newest?.value ?? null;
}

/** The newest minute in which there was any. */
function lastTimeOf(result: MetricDataResult = {}): number | null {
  return pointsOf(result).find(({ value }) => value > 0)?.at ?? null;
}

/** Newest first. */
function pointsOf({ Values = [], Timestamps = [] }: MetricDataResult) {
  return Values.map((value, index) => ({ value, at: Timestamps[index]?.getTime() ?? 0 })).toSorted(
    (one, other) => other.at - one.at,
  );
}

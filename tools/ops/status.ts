import { GetMetricDataCommand, paginateDescribeAlarms } from "@aws-sdk/client-cloudwatch";
import { GetQueueAttributesCommand } from "@aws-sdk/client-sqs";

import { METRIC_NAMESPACE, METRICS, STAGE_DIMENSION } from "../../lambdas/settings/metrics.ts";
import type { MetricName } from "../../lambdas/settings/metrics.ts";
import { fitted } from "../terminal/lines.ts";
import type { ConnectedStack } from "./stack.ts";
import type { Terminal } from "./terminal.ts";
import { resourcesOf } from "./verify-resources.ts";

const HOUR_MS = 3_600_000;

/** Longer than Alloy would wait. */
const ENDPOINT_MS = 10_000;

/** What of the last hour says whether all is well: the metric, and what good looks like. */
const LAST_HOUR: readonly (readonly [name: MetricName, good: string])[] = [
  [METRICS.webhooksReceived, "as in the same hour last week"],
  [METRICS.credentialsRejected, "0"],
  [METRICS.credentialsMissing, "0"],
  [METRICS.credentialsUnusable, "0"],
  [METRICS.addressesUnlisted, "0"],
  [METRICS.storesFailed, "0"],
  [METRICS.eventsRecorded, "close to WebhooksReceived"],
  [METRICS.eventsDuplicate, "below a fifth of WebhooksReceived"],
  [METRICS.eventsUnrecognised, "0"],
  [METRICS.recordsFailed, "0"],
  [METRICS.recordsDeadLettered, "0"],
  [METRICS.eventsHealed, "0"],
  [METRICS.deliveryGaps, "0"],
  [METRICS.pollerRuns, "60 divided by the minutes between two runs"],
  [METRICS.applicationsChecked, "more than ApplicationsBehind"],
  [METRICS.applicationsBehind, "0"],
  [METRICS.runsKnowingNone, "0"],
  [METRICS.applicationsUnchecked, "0"],
  [METRICS.eventsLeft, "0"],
  [METRICS.environmentMixed, "0"],
  [METRICS.statusesUnrecognised, "0"],
  [METRICS.alloyCallsFailed, "0"],
  [METRICS.alloyCallsUnauthorized, "0"],
  [METRICS.investigationsUnlisted, "0"],
];

/** `status`: the alarms, the endpoint, the queues and the last hour, each with what good looks like. */
export async function status(
  stack: ConnectedStack,
  terminal: Terminal,
  now: number,
): Promise<void> {
  const [alarms, endpoint, queues, lastHour] = await Promise.all([
    describeAlarms(stack),
    describeEndpoint(stack.webhookUrl),
    describeQueues(stack),
    describeLastHour(stack, now),
  ]);
  terminal.print(...alarms, "", ...endpoint, "", ...queues, "", ...lastHour);
}

async function describeAlarms({
  cloudWatch,
  stackName,
}: ConnectedStack): Promise<readonly string[]> {
  const names: string[] = [];
  const pages = paginateDescribeAlarms(
    { client: cloudWatch },
    {
      AlarmNamePrefix: `${stackName}-`,
      StateValue: "ALARM",
      AlarmTypes: ["MetricAlarm", "CompositeAlarm"],
    },
  );
  for await (const { MetricAlarms = [], CompositeAlarms = [] } of pages) {
    const alarms = [...MetricAlarms, ...CompositeAlarms];
    names.push(...alarms.map(({ AlarmName = "" }) => `  ${AlarmName.slice(stackName.length + 1)}`));
  }
  return ["Alarms (good: none)", ...(names.length === 0 ? ["  none"] : names)];
}

/** Asks as somebody whom it does not know: 401 says that all before the credential works. */
async function describeEndpoint(webhookUrl: string): Promise<readonly string[]> {
  const started = performance.now();
  const answer = await fetch(webhookUrl, {
    method: "POST",
    body: "{}",
    signal: AbortSignal.timeout(ENDPOINT_MS),
  }).then(
    (response) => String(response.status),
    (error: unknown) => `no answer: ${reasonOf(error)}`,
  );
  const elapsedMs = Math.round(performance.now() - started);
  return ["Endpoint (good: 401, below 1000 ms)", `  ${answer}, ${elapsedMs} ms, ${webhookUrl}`];
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // fetch says "fetch failed"; its cause says which.
  return error.cause instanceof Error ? error.cause.message : error.message;
}

async function describeQueues(stack: ConnectedStack): Promise<readonly string[]> {
  const queues = (await resourcesOf(stack)).ofType("AWS::SQS::Queue");
  const lines = await Promise.all(
    queues.map(async ({ id, name: QueueUrl }) => {
      const { Attributes = {} } = await stack.sqs.send(
        new GetQueueAttributesCommand({
          QueueUrl,
          AttributeNames: ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
        }),
      );
      const waiting = Attributes["ApproximateNumberOfMessages"] ?? "?";
      const taken = Attributes["ApproximateNumberOfMessagesNotVisible"] ?? "?";
      return `  ${fitted(id, 32)} ${waiting.padStart(7)} waiting ${taken.padStart(7)} in flight`;
    }),
  );
  const title = "Queues (good: EventQueue near 0, every DeadLetterQueue 0)";
  return [title, ...lines.toSorted()];
}

async function describeLastHour(stack: ConnectedStack, now: number): Promise<readonly string[]> {
  const { MetricDataResults = [] } = await stack.cloudWatch.send(
    new GetMetricDataCommand({
      StartTime: new Date(now - HOUR_MS),
      EndTime: new Date(now),
      MetricDataQueries: LAST_HOUR.map(([MetricName], index) => ({
        Id: `m${index}`,
        MetricStat: {
          Metric: {
            Namespace: METRIC_NAMESPACE,
            MetricName,
            Dimensions: [{ Name: STAGE_DIMENSION, Value: stack.stage }],
          },
          Period: HOUR_MS / 1_000,
          Stat: "Sum",
        },
      })),
    }),
  );
  const lines = LAST_HOUR.map(([name, good], index) => {
    const { Values = [] } = MetricDataResults.find(({ Id }) => Id === `m${index}`) ?? {};
    // A window of an hour may touch two of CloudWatch's.
    const sum = Values.reduce((total, value) => total + value, 0);
    return `  ${name.padEnd(24)} ${String(sum).padStart(7)}   good: ${good}`;
  });
  return ["The last hour", ...lines];
}

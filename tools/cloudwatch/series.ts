import { METRIC_NAMESPACE, METRICS, STAGE_DIMENSION } from "../../lambdas/settings/metrics.ts";
import type { MetricName } from "../../lambdas/settings/metrics.ts";
import type { OutcomeSubject } from "../../lambdas/settings/poller-settings.ts";
import { seriesName } from "./alarms.ts";
import type { SeriesName } from "./measurements.ts";

/** The functions, as the template calls them. */
const FUNCTIONS = {
  ingest: "IntakeIngestFunction",
  consumer: "ProcessingConsumerFunction",
  poller: "PollingPollerFunction",
} as const;

/** Their log groups, and API Gateway's. */
const LOGS = {
  ingest: "IntakeIngestLogs",
  consumer: "ProcessingConsumerLogs",
  poller: "PollingPollerLogs",
  access: "IntakeAccessLog",
} as const;

export type FunctionName = keyof typeof FUNCTIONS;

/** Names of series, as the alarms of a stage's template call them. */
export function seriesOf(stage: string) {
  return {
    ours: (name: MetricName, dimensions: Readonly<Record<string, string>> = {}): SeriesName => {
      const all = Object.entries({ ...dimensions, [STAGE_DIMENSION]: stage });
      return seriesName(
        METRIC_NAMESPACE,
        name,
        all.map(([Name, Value]) => ({ Name, Value })),
      );
    },
    queue: (metric: string, queue: string): SeriesName => `AWS/SQS/${metric}{QueueName=${queue}}`,
    lambda: (metric: string, name: FunctionName): SeriesName =>
      `AWS/Lambda/${metric}{FunctionName=${FUNCTIONS[name]}}`,
    rule: (metric: string, route: string): SeriesName =>
      `AWS/Events/${metric}{EventBusName=EventBus,RuleName=AlloyJourneyWebhooks-${stage}-${route}}`,
    deployments: `AWS/Events/TriggeredRules{RuleName=AlloyJourneyWebhooks-${stage}-deployment}`,
    api: (metric: string): SeriesName => `AWS/ApiGateway/${metric}{ApiId=IntakeApi}`,
    schedule: (metric: string): SeriesName =>
      `AWS/Scheduler/${metric}{ScheduleGroup=PollingScheduleGroup}`,
    table: (metric: string, table: string): SeriesName =>
      `AWS/DynamoDB/${metric}{TableName=${table}}`,
    index: (metric: string, table: string, index: string): SeriesName =>
      `AWS/DynamoDB/${metric}{GlobalSecondaryIndexName=${index},TableName=${table}}`,
    log: (name: FunctionName | "access"): SeriesName =>
      `AWS/Logs/IncomingBytes{LogGroupName=${LOGS[name]}}`,
    operation: (operation: string, table: string): SeriesName =>
      `AWS/DynamoDB/SystemErrors{Operation=${operation},TableName=${table}}`,
    outcome: ({ outcome, journey }: OutcomeSubject): SeriesName => {
      const by = journey === null ? "" : `Journey=${journey},`;
      return `${METRIC_NAMESPACE}/${METRICS.applicationsByOutcome}{${by}Outcome=${outcome},Stage=${stage}}`;
    },
    change: (rule: string): SeriesName =>
      `${METRIC_NAMESPACE}/${METRICS.outcomeChange}{Rule=${rule},Stage=${stage}}`,
  };
}

export type Series = ReturnType<typeof seriesOf>;

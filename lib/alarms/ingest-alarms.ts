import { Duration } from "aws-cdk-lib";
import type { HttpApi } from "aws-cdk-lib/aws-apigatewayv2";
import { ComparisonOperator, Metric } from "aws-cdk-lib/aws-cloudwatch";
import type { Construct } from "constructs";
import { ALLOY_SWITCH_OFF_FAILURES, TIMEOUTS_MS } from "../../lambdas/settings/limits.ts";
import { METRICS } from "../../lambdas/settings/metrics.ts";
import type { StageConfiguration } from "../config/stage-configuration.ts";
import type { AlertTopics, Severity } from "./alert-topics.ts";
import { dashboardLink, logsLink } from "./console-links.ts";
import { ourMetric } from "./metrics.ts";
import type { NodeFunction } from "../constructs/node-function.ts";
import { makeAlarms, ONE_OF_TWO } from "./runbook-alarm.ts";

/** How many of Alloy's 100 failures in a row have passed, and who is notified. */
const SWITCH_OFF: readonly (readonly [id: string, failures: number, severity: Severity])[] = [
  ["switch-off-near-25", 25, "ticket"],
  ["switch-off-near-50", 50, "page"],
  ["switch-off-near-75", 75, "page"],
];

/** A fifth of the time that Alloy gives: above it a bad minute becomes a failure. */
const SLOW_MS = TIMEOUTS_MS.alloyWebhook / 5;

export interface IngestAlarmsProps {
  readonly stage: StageConfiguration;
  readonly alerts: AlertTopics;
  readonly api: HttpApi;
  readonly function: NodeFunction;
  /** Whether a poller counts Alloy's failures in a row. */
  readonly isPolled: boolean;
}

/** Makes the alarms about what Alloy is answered. */
export function makeIngestAlarms(scope: Construct, props: IngestAlarmsProps): void {
  const { stage, alerts, api } = props;
  const links = [logsLink("Logs of ingest", props.function.logGroup), dashboardLink(scope)];

  makeAlarms(scope, { alerts, links }, [
    {
      id: "ingest-failing",
      severity: "page",
      fact: "API Gateway answered webhooks of Alloy with 5xx in two of the last five minutes.",
      impact:
        "each webhook waits for Alloy's retry, and after 100 failures in a row Alloy disables the endpoint.",
      because:
        "a single bad minute is no incident, because Alloy repeats the webhook a second later.",
      metric: new Metric({
        namespace: "AWS/ApiGateway",
        metricName: "5xx",
        dimensionsMap: { ApiId: api.apiId },
        statistic: "Sum",
        period: Duration.minutes(1),
      }),
      threshold: 1,
      datapoints: 2,
      of: 5,
    },

    ...(props.isPolled ? SWITCH_OFF : []).map(([id, failures, severity]) => ({
      id,
      severity,
      fact: `At least ${failures} answers to Alloy in a row were not 200.`,
      impact: `after ${ALLOY_SWITCH_OFF_FAILURES} failures within 72 hours Alloy disables the endpoint, and no webhook arrives until a person enables it.`,
      because:
        "a quarter, a half and three quarters of the failures in a row after which Alloy disables the endpoint. The poller counts them once a run.",
      metric: ourMetric(
        stage,
        METRICS.failuresInARow,
        "Maximum",
        Duration.millis(stage.polling.rateMs),
      ),
      threshold: failures,
    })),

    {
      id: "credentials-rejected",
      severity: "ticket",
      fact: "At least five requests in five minutes had no valid credential.",
      impact:
        "if the requests are Alloy's, no webhook arrives, and each counts towards Alloy's switch-off of the endpoint; if not, somebody tries to get in.",
      because:
        "strangers try single requests; five in five minutes are a rotation that went wrong, or an attack.",
      metric: ourMetric(stage, METRICS.credentialsRejected, "Sum", Duration.minutes(5)),
      threshold: 5,
      ...ONE_OF_TWO,
    },

    {
      id: "credentials-missing",
      severity: "page",
      fact: "A request arrived while no credential was configured: the webhook secret has none, or the route has no authorizer.",
      impact:
        "ingest answers every webhook of Alloy with 401, which counts towards Alloy's switch-off of the endpoint.",
      because: "without a credential every webhook is refused, so one request is enough.",
      metric: ourMetric(stage, METRICS.credentialsMissing, "Sum", Duration.minutes(5)),
      threshold: 1,
    },

    {
      id: "credentials-unusable",
      severity: "ticket",
      fact: "The webhook secret has an entry that ingest refuses: it is weak, or has a wrong format.",
      impact:
        "if Alloy uses that entry, each webhook gets 401 and counts towards Alloy's switch-off of the endpoint.",
      because:
        "ingest reads the secret every five minutes, so one refusal is seen again as long as it lasts.",
      metric: ourMetric(stage, METRICS.credentialsUnusable, "Sum", Duration.minutes(5)),
      threshold: 1,
      ...ONE_OF_TWO,
    },

    {
      id: "ingest-slow",
      severity: "ticket",
      fact: `One webhook in a hundred takes ingest more than ${SLOW_MS / 1_000} s, in three of the last five minutes.`,
      impact:
        "Alloy gives up after 10 s. Its retries add load, and each failure counts towards its switch-off of the endpoint.",
      because: "a fifth of the time that Alloy gives: above it a bad minute becomes a failure.",
      metric: props.function.function.metricDuration({
        statistic: "p99",
        period: Duration.minutes(1),
      }),
      threshold: SLOW_MS,
      comparison: ComparisonOperator.GREATER_THAN_THRESHOLD,
      datapoints: 3,
      of: 5,
    },
  ]);
}

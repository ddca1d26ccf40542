import { Duration } from "aws-cdk-lib";
import { ComparisonOperator, MathExpression } from "aws-cdk-lib/aws-cloudwatch";
import type { EventBus } from "aws-cdk-lib/aws-events";
import { PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { CfnEventInvokeConfig } from "aws-cdk-lib/aws-lambda";
import { CfnSchedule } from "aws-cdk-lib/aws-scheduler";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { EMPTY_ALLOY_API_SECRET, METRICS } from "../../lambdas/settings.ts";
import type { PollerSettings } from "../../lambdas/settings.ts";
import type { StageConfiguration } from "../stage-configuration.ts";
import type { AlertTopics } from "./alert-topics.ts";
import type { ApplicationStore } from "./application-store.ts";
import { dashboardLink, logsLink } from "./console-links.ts";
import { SecureQueue } from "./event-queue.ts";
import type { EventQueue } from "./event-queue.ts";
import { FillableSecret } from "./fillable-secret.ts";
import { ourMetric } from "./metrics.ts";
import { NodeFunction } from "./node-function.ts";
import { RunbookAlarm } from "./runbook-alarm.ts";

/** Alloy's own status of a webhook cannot be asked for; this many moves without one are no accident. */
const SILENT_TRANSITIONS = 3;

export interface ScheduledPollerProps {
  readonly stage: StageConfiguration;
  readonly key: IKey | undefined;
  readonly queue: EventQueue;
  readonly store: ApplicationStore;
  readonly bus: EventBus;
  readonly alerts: AlertTopics;
}

/** Asks Alloy about the applications that are due, on a schedule. */
export class ScheduledPoller extends Construct {
  readonly function: NodeFunction;
  readonly secret: FillableSecret;
  readonly deadLetters: IQueue;

  constructor(scope: Construct, id: string, props: ScheduledPollerProps) {
    super(scope, id);
    const { stage, key, queue, store, bus } = props;

    this.secret = new FillableSecret(this, "AlloyApiSecret", {
      stage,
      key,
      logicalId: "AlloyApiSecret",
      description: "Token and secret of Alloy's API, for Get Journey Application",
      empty: EMPTY_ALLOY_API_SECRET,
    });

    this.function = new NodeFunction(this, "Poller", {
      stage,
      name: "poller",
      description: "Compares due applications with Alloy and queues the events that are missing",
      key,
      environment: {
        EVENT_QUEUE_URL: queue.events.queueUrl,
        DEAD_LETTER_QUEUE_URL: queue.deadLetters.queueUrl,
        APPLICATION_TABLE_NAME: store.applications.tableName,
        EVENT_BUS_NAME: bus.eventBusName,
        ALLOY_API_SECRET_ARN: this.secret.secretArn,
        POLLER_SETTINGS: JSON.stringify(pollerSettings(stage)),
      },
    });
    this.function.allow(["sqs:SendMessage", "sqs:GetQueueAttributes"], queue.events.queueArn);
    this.function.allow(["sqs:GetQueueAttributes"], queue.deadLetters.queueArn);
    this.function.allow(["secretsmanager:GetSecretValue"], this.secret.secretArn);
    this.function.allow(["events:PutEvents"], bus.eventBusArn);
    this.function.allowKey(key);
    store.grantPoll(this.function);

    this.deadLetters = new SecureQueue(this, "DeadLetters", {
      stage,
      key,
      logicalId: "ScheduleDeadLetterQueue",
    });
    this.#makeSchedule(props);
    this.#makeAlarms(props);
  }

  #makeSchedule({ stage, key }: ScheduledPollerProps): void {
    const { functionArn, functionName } = this.function.function;
    const role = new Role(this, "ScheduleRole", {
      assumedBy: new ServicePrincipal("scheduler.amazonaws.com"),
      description: "Lets EventBridge Scheduler start the poller",
    });
    const allow = (action: string, resource: string) =>
      role.addToPolicy(new PolicyStatement({ actions: [action], resources: [resource] }));
    allow("lambda:InvokeFunction", functionArn);
    allow("sqs:SendMessage", this.deadLetters.queueArn);
    if (key !== undefined) {
      allow("kms:Decrypt", key.keyArn);
      allow("kms:GenerateDataKey", key.keyArn);
    }

    const rate = Duration.millis(stage.polling.rateMs);
    const minutes = rate.toMinutes();
    const schedule = new CfnSchedule(this, "Schedule", {
      description: "Starts the poller",
      scheduleExpression: `rate(${minutes} ${minutes === 1 ? "minute" : "minutes"})`,
      flexibleTimeWindow: { mode: "OFF" },
      target: {
        arn: functionArn,
        roleArn: role.roleArn,
        // The next tick does what this one did not: a start that is late by a period is void.
        retryPolicy: {
          maximumEventAgeInSeconds: rate.toSeconds(),
          maximumRetryAttempts: 2,
        },
        deadLetterConfig: { arn: this.deadLetters.queueArn },
      },
    });
    schedule.node.addDependency(role);

    // The same for a run that threw: the next tick repeats it, and the failure is kept.
    this.function.allow(["sqs:SendMessage"], this.deadLetters.queueArn);
    new CfnEventInvokeConfig(this, "AsyncInvocations", {
      functionName,
      qualifier: "$LATEST",
      maximumRetryAttempts: 0,
      maximumEventAgeInSeconds: rate.toSeconds(),
      destinationConfig: { onFailure: { destination: this.deadLetters.queueArn } },
    });
  }

  #makeAlarms({ stage, alerts }: ScheduledPollerProps): void {
    const rate = Duration.millis(stage.polling.rateMs);
    const links = [logsLink("Logs of poller", this.function.logGroup), dashboardLink(this)];

    new RunbookAlarm(this, "delivery-gap", {
      alerts,
      severity: "page",
      fact: "Alloy has events of at least one application that are not in effect here, past the threshold.",
      impact: "people wait for a decision that Alloy has made and our systems do not know.",
      links,
      metric: ourMetric(stage, METRICS.deliveryGaps, "Maximum", rate),
      threshold: 1,
    });

    new RunbookAlarm(this, "webhooks-silent", {
      alerts,
      severity: "page",
      fact: `For 30 minutes no webhook came, while the poller saw at least ${SILENT_TRANSITIONS} moves at Alloy.`,
      impact:
        "decisions arrive by polling alone, hours late. Alloy's webhook is off, or our address, certificate or API is.",
      links,
      metric: new MathExpression({
        label: "moves at Alloy without a webhook",
        // A metric that never came is a zero too: it works at zero traffic.
        expression: `IF(FILL(received, 0) == 0, FILL(seen, 0), 0)`,
        usingMetrics: {
          seen: ourMetric(stage, METRICS.transitionsSeen, "Sum", Duration.minutes(30)),
          received: ourMetric(stage, METRICS.webhooksReceived, "Sum", Duration.minutes(30)),
        },
        period: Duration.minutes(30),
      }),
      threshold: SILENT_TRANSITIONS,
    });

    new RunbookAlarm(this, "poller-silent", {
      alerts,
      severity: "page",
      fact: `The poller has not ended a run in three of its periods (${rate.toMinutes()} min each).`,
      impact: "a lost webhook stays lost, and no other alarm about lost webhooks can fire.",
      links,
      metric: ourMetric(stage, METRICS.pollerRuns, "Sum", rate),
      threshold: 1,
      comparison: ComparisonOperator.LESS_THAN_THRESHOLD,
      of: 3,
      missingData: "silence",
    });
  }
}

/** What the poller needs to know of its stage. */
function pollerSettings({
  environment,
  alloy,
  events,
  polling,
  gaps,
}: StageConfiguration): PollerSettings {
  const { rateMs: _, ...pace } = polling;
  return {
    environment,
    alloyBaseUrl: alloy.baseUrl,
    ignoredEventTypes: events.handled.allBut,
    polling: pace,
    gaps,
  };
}

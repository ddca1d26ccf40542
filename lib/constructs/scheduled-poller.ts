import { Duration, Stack } from "aws-cdk-lib";
import type { HttpApi } from "aws-cdk-lib/aws-apigatewayv2";
import type { EventBus } from "aws-cdk-lib/aws-events";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { CfnEventInvokeConfig } from "aws-cdk-lib/aws-lambda";
import { CfnSchedule, CfnScheduleGroup } from "aws-cdk-lib/aws-scheduler";
import { Construct } from "constructs";
import { EMPTY_ALLOY_API_SECRET } from "../../lambdas/settings/names.ts";
import {
  DELIVERY_GAP_DETAIL_TYPE,
  INVESTIGATION_GAP_DETAIL_TYPE,
} from "../../lambdas/settings/routes.ts";
import { pollerSettings } from "../config/function-settings.ts";
import type { StageConfiguration } from "../config/stage-configuration.ts";
import type { AlertTopics } from "../alarms/alert-topics.ts";
import type { ApplicationStore } from "./application-store.ts";
import { SecureQueue } from "./event-queue.ts";
import type { EventQueue } from "./event-queue.ts";
import { FillableSecret } from "./fillable-secret.ts";
import type { FunctionNetwork } from "./function-network.ts";
import { NodeFunction } from "./node-function.ts";
import { makeSchedulerRole } from "./scheduler-role.ts";
import { makePollerAlarms } from "../alarms/poller-alarms.ts";

export interface ScheduledPollerProps {
  readonly stage: StageConfiguration;
  readonly key: IKey | undefined;
  readonly queue: EventQueue;
  readonly store: ApplicationStore;
  readonly bus: EventBus;
  /** Whose answers to Alloy it reads, by their metrics. */
  readonly api: HttpApi;
  readonly alerts: AlertTopics;
  /** Where the function runs. @default - in Lambda's own network */
  readonly network?: FunctionNetwork | undefined;
}

/** Asks Alloy about the applications that are due, on a schedule. */
export class ScheduledPoller extends Construct {
  readonly function: NodeFunction;
  readonly secret: FillableSecret;
  readonly deadLetters: SecureQueue;
  readonly scheduleGroup: CfnScheduleGroup;

  constructor(scope: Construct, id: string, props: ScheduledPollerProps) {
    super(scope, id);
    const { stage, key, queue, store, bus, api, alerts } = props;

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
      impact: {
        alerts,
        period: Duration.millis(stage.polling.rateMs),
        throttled: {
          severity: "ticket",
          impact:
            "one run of the poller is skipped; the next scheduled run checks for lost webhooks again.",
        },
        nearTimeout: {
          impact: "a run at the time limit does not count; the next run starts where it stopped.",
        },
      },
      environment: {
        EVENT_QUEUE_URL: queue.events.queueUrl,
        APPLICATION_TABLE_NAME: store.applications.tableName,
        EVENT_BUS_NAME: bus.eventBusName,
        PAYLOAD_BUCKET_NAME: store.payloads.bucketName,
        API_ID: api.apiId,
        ALLOY_API_SECRET_ARN: this.secret.secretArn,
      },
      settings: pollerSettings(stage),
      network: props.network,
    });
    queue.events.allowSender(this.function.role);
    this.function.allow(["sqs:GetQueueAttributes"], queue.events.queueArn);
    this.function.allow(["secretsmanager:GetSecretValue"], this.secret.secretArn);
    // CloudWatch knows no resource to read metrics of, and no condition.
    this.function.allow(["cloudwatch:GetMetricData"], "*");
    this.function.allowEvents(bus, [DELIVERY_GAP_DETAIL_TYPE, INVESTIGATION_GAP_DETAIL_TYPE]);
    this.function.allowKey(key);
    store.grantPoll(this.function);

    this.deadLetters = new SecureQueue(this, "DeadLetters", {
      stage,
      key,
      logicalId: "ScheduleDeadLetterQueue",
    });
    this.scheduleGroup = this.#makeSchedule(props);
    makePollerAlarms(this, {
      stage,
      alerts,
      function: this.function,
      deadLetters: this.deadLetters,
      events: queue.events,
      scheduleGroup: this.scheduleGroup,
    });
  }

  /** Returns the group that the schedule is in: Scheduler counts its failures by group. */
  #makeSchedule({ stage, key }: ScheduledPollerProps): CfnScheduleGroup {
    const { functionArn, functionName } = this.function.function;
    const { stackName } = Stack.of(this);
    const role = makeSchedulerRole(this, "ScheduleRole", {
      description: "Lets EventBridge Scheduler start the poller",
      function: this.function.function,
      deadLetters: this.deadLetters,
      key,
    });

    const rate = Duration.millis(stage.polling.rateMs);
    const minutes = rate.toMinutes();
    const group = new CfnScheduleGroup(this, "ScheduleGroup", { name: stackName });
    const { pollers = 1 } = stage.polling;
    for (let poller = 0; poller < pollers; poller += 1) {
      const schedule = new CfnSchedule(this, poller === 0 ? "Schedule" : `Schedule${poller}`, {
        groupName: group.ref,
        description: poller === 0 ? "Starts the poller" : `Starts poller ${poller}`,
        scheduleExpression: `rate(${minutes} ${minutes === 1 ? "minute" : "minutes"})`,
        flexibleTimeWindow: { mode: "OFF" },
        target: {
          arn: functionArn,
          roleArn: role.roleArn,
          // Which shards of the index `due` it has. The first one needs no number.
          ...(poller > 0 && { input: JSON.stringify({ poller }) }),
          // The next tick does what this one did not: a start that is late by a period is void.
          retryPolicy: {
            maximumEventAgeInSeconds: rate.toSeconds(),
            maximumRetryAttempts: 2,
          },
          deadLetterConfig: { arn: this.deadLetters.queueArn },
        },
      });
      schedule.node.addDependency(role);
    }

    // The same for a run that threw: the next tick repeats it, and the failure is kept.
    this.deadLetters.allowSender(this.function.role);
    new CfnEventInvokeConfig(this, "AsyncInvocations", {
      functionName,
      qualifier: "$LATEST",
      maximumRetryAttempts: 0,
      maximumEventAgeInSeconds: rate.toSeconds(),
      destinationConfig: { onFailure: { destination: this.deadLetters.queueArn } },
    });
    return group;
  }
}

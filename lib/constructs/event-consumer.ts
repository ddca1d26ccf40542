import { Duration } from "aws-cdk-lib";
import type { EventBus } from "aws-cdk-lib/aws-events";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { EventSourceMapping } from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import { CONCURRENCY, QUEUE } from "../../lambdas/settings.ts";
import type { ConsumerSettings } from "../../lambdas/settings.ts";
import { perRoute } from "../per-route.ts";
import type { StageConfiguration } from "../stage-configuration.ts";
import type { AlertTopics } from "./alert-topics.ts";
import type { ApplicationStore } from "./application-store.ts";
import { dashboardLink, logsLink, queueLink } from "./console-links.ts";
import type { EventQueue } from "./event-queue.ts";
import { NodeFunction } from "./node-function.ts";
import { RunbookAlarm } from "./runbook-alarm.ts";

export interface EventConsumerProps {
  readonly stage: StageConfiguration;
  readonly key: IKey | undefined;
  readonly queue: EventQueue;
  readonly store: ApplicationStore;
  readonly bus: EventBus;
  readonly alerts: AlertTopics;
}

/** Takes batches from the queue: records, merges, publishes. */
export class EventConsumer extends Construct {
  readonly function: NodeFunction;

  constructor(scope: Construct, id: string, props: EventConsumerProps) {
    super(scope, id);
    const { stage, key, queue, store, bus } = props;

    this.function = new NodeFunction(this, "Consumer", {
      stage,
      name: "consumer",
      description: "Records each event once, moves its application's state, publishes the effect",
      key,
      environment: {
        EVENT_QUEUE_URL: queue.events.queueUrl,
        DEAD_LETTER_QUEUE_URL: queue.deadLetters.queueUrl,
        APPLICATION_TABLE_NAME: store.applications.tableName,
        IDEMPOTENCY_TABLE_NAME: store.idempotency.tableName,
        EVENT_BUS_NAME: bus.eventBusName,
        PAYLOAD_BUCKET_NAME: store.payloads.bucketName,
        CONSUMER_SETTINGS: JSON.stringify(consumerSettings(stage)),
      },
    });
    this.function.allow(
      [
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:ChangeMessageVisibility",
        "sqs:GetQueueAttributes",
      ],
      queue.events.queueArn,
    );
    // What cannot succeed goes there at once, with its reason.
    this.function.allow(["sqs:SendMessage"], queue.deadLetters.queueArn);
    this.function.allow(["events:PutEvents"], bus.eventBusArn);
    this.function.allowKey(key);
    store.grantConsume(this.function);

    new EventSourceMapping(this, "Source", {
      target: this.function.function,
      eventSourceArn: queue.events.queueArn,
      batchSize: QUEUE.batchSize,
      // Off by default, and then a returned failure would be taken for success.
      reportBatchItemFailures: true,
      maxConcurrency: CONCURRENCY.eventSource,
    });

    this.#makeAlarms(props);
  }

  #makeAlarms({ queue, alerts }: EventConsumerProps): void {
    new RunbookAlarm(this, "dead-letters-not-empty", {
      alerts,
      severity: "page",
      fact: "At least one event is in the dead-letter queue.",
      impact:
        "what Alloy decided about an application has not reached the teams behind the bus, and will not until someone redrives it.",
      links: [
        queueLink("Dead letters", queue.deadLetters),
        logsLink("Logs of consumer", this.function.logGroup),
        dashboardLink(this),
      ],
      // Not what was sent there, which leaves out moves by redrive; not what is in flight, which flaps.
      metric: queue.deadLetters.metricApproximateNumberOfMessagesVisible({
        statistic: "Maximum",
        period: Duration.minutes(1),
      }),
      threshold: 1,
    });
  }
}

/** What the consumer needs to know of its stage. */
function consumerSettings(stage: StageConfiguration): ConsumerSettings {
  return {
    environment: stage.environment,
    journeys: stage.journeys,
    ignoredEventTypes: stage.events.handled.allBut,
    routes: perRoute((route) => {
      const { publish, publishLate } = stage.routes[route];
      return { publish, publishLate };
    }),
    firstCheckMs: stage.polling.firstCheckMs,
    eventRetentionMs: stage.retention.eventsMs,
  };
}

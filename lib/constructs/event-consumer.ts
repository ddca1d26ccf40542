import { Duration } from "aws-cdk-lib";
import type { EventBus } from "aws-cdk-lib/aws-events";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { EventSourceMapping } from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import { QUEUE } from "../../lambdas/settings/limits.ts";
import { ROUTE_TITLES } from "../../lambdas/settings/routes.ts";
import { consumerExecutionsFor } from "../config/expected.ts";
import { consumerSettings, countsByFilters } from "../config/function-settings.ts";
import type { StageConfiguration } from "../config/stage-configuration.ts";
import type { AlertTopics } from "../alarms/alert-topics.ts";
import type { ApplicationStore } from "./application-store.ts";
import { makeConsumerAlarms } from "../alarms/consumer-alarms.ts";
import { UsualCounts } from "../alarms/usual-counts.ts";
import type { EventQueue } from "./event-queue.ts";
import type { FunctionNetwork } from "./function-network.ts";
import { NodeFunction } from "./node-function.ts";
import { pinLogicalId } from "./stateful.ts";

export interface EventConsumerProps {
  readonly stage: StageConfiguration;
  readonly key: IKey | undefined;
  readonly queue: EventQueue;
  readonly store: ApplicationStore;
  readonly bus: EventBus;
  readonly alerts: AlertTopics;
  /** Where the function runs. @default - in Lambda's own network */
  readonly network?: FunctionNetwork | undefined;
}

/** Takes batches from the queue: records, merges, publishes. */
export class EventConsumer extends Construct {
  readonly function: NodeFunction;

  constructor(scope: Construct, id: string, props: EventConsumerProps) {
    super(scope, id);
    const { stage, key, queue, store, bus, alerts } = props;
    const { batchWindowSeconds = 0 } = stage;

    this.function = new NodeFunction(this, "Consumer", {
      stage,
      name: "consumer",
      description: "Records each event once, moves its application's state, publishes the effect",
      key,
      impact: {
        alerts,
        throttled: {
          severity: "ticket",
          impact: "events are late; after six refusals SQS dead-letters an event.",
        },
        nearTimeout: {
          impact: "SQS delivers a batch that reached the time limit again, so its events are late.",
        },
      },
      environment: {
        EVENT_QUEUE_URL: queue.events.queueUrl,
        DEAD_LETTER_QUEUE_URL: queue.deadLetters.queueUrl,
        APPLICATION_TABLE_NAME: store.applications.tableName,
        IDEMPOTENCY_TABLE_NAME: store.idempotency.tableName,
        EVENT_BUS_NAME: bus.eventBusName,
        PAYLOAD_BUCKET_NAME: store.payloads.bucketName,
      },
      settings: consumerSettings(stage),
      network: props.network,
    });
    if (countsByFilters(stage)) {
      const { logGroup } = this.function;
      // The filters first: short lines without them would count nothing.
      this.function.function.node.addDependency(
        new UsualCounts(this, "UsualCounts", { stage: stage.stage, logGroup }),
      );
    }
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
    queue.deadLetters.allowSender(this.function.role);
    this.function.allowEvents(bus, Object.values(ROUTE_TITLES));
    this.function.allowKey(key);
    store.grantConsume(this.function);

    const source = new EventSourceMapping(this, "Source", {
      target: this.function.function,
      eventSourceArn: queue.events.queueArn,
      batchSize: QUEUE.batchSize,
      // Off by default, and then a returned failure would be taken for success.
      reportBatchItemFailures: true,
      maxConcurrency: consumerExecutionsFor(stage),
      ...(batchWindowSeconds > 0 && { maxBatchingWindow: Duration.seconds(batchWindowSeconds) }),
    });
    // Lambda refuses a second mapping of the same queue and function, which a replacement begins with.
    pinLogicalId(source, "ProcessingSourceA968FB9E");

    makeConsumerAlarms(this, { stage, alerts, queue, function: this.function });
  }
}

import type { IKey } from "aws-cdk-lib/aws-kms";
import { Construct } from "constructs";
import { AlertTopics } from "../alarms/alert-topics.ts";
import { stageOf } from "../config/stage-props.ts";
import type { StageProps } from "../config/stage-props.ts";
import { Encryption } from "./encryption.ts";
import { EventQueue } from "./event-queue.ts";
import type { FunctionNetwork } from "./function-network.ts";
import { PayloadBucket } from "./payload-bucket.ts";
import { markFootprint, markWholePipeline } from "./stateful.ts";
import { WebhookIngest } from "./webhook-ingest.ts";

/** The settings of a stage that an intake has; it has no poller, no routes and no table. */
export interface WebhookIntakeProps
  extends
    Pick<
      StageProps,
      | "stage"
      | "environment"
      | "auth"
      | "allowList"
      | "alarms"
      | "retention"
      | "encryption"
      | "domain"
      | "removal"
      | "concurrency"
      | "rollout"
    >,
    FunctionNetwork {}

/**
 * Ingest and its queue alone, for a stack of your own: Alloy's webhooks are authenticated, stored and answered, and your
 * own consumer takes the envelopes from the queue (docs/contracts.md#queue-message). What comes behind is yours: nothing
 * here recognises a duplicate, and nothing asks Alloy for what is missing.
 */
export class WebhookIntake extends Construct {
  /** What to paste into Alloy's Settings > Webhooks. */
  readonly webhookUrl: string;
  /** The queue and the one for dead letters. */
  readonly queue: EventQueue;
  /** Bodies that are too large for the queue. */
  readonly payloads: PayloadBucket;
  readonly ingest: WebhookIngest;
  /** Where its alarms go. */
  readonly alerts: AlertTopics;
  /** Under which everything is; undefined when AWS manages the keys. */
  readonly dataKey: IKey | undefined;

  constructor(
    scope: Construct,
    id: string,
    { vpc, vpcSubnets, securityGroups, ...props }: WebhookIntakeProps,
  ) {
    super(scope, id);
    markWholePipeline(this, false);
    const stage = stageOf(props);
    markFootprint(this, stage);
    const { alertsKey, dataKey: key } = new Encryption(this, "Encryption", { stage });
    this.dataKey = key;
    this.alerts = new AlertTopics(this, "Alerts", { stage, key: alertsKey });
    this.payloads = new PayloadBucket(this, "Payloads", { stage, key });
    this.queue = new EventQueue(this, "Queue", { stage, key });
    this.ingest = new WebhookIngest(this, "Intake", {
      stage,
      key,
      queue: this.queue,
      payloads: this.payloads,
      alerts: this.alerts,
      isPolled: false,
      network: { vpc, vpcSubnets, securityGroups },
    });
    this.webhookUrl = this.ingest.webhookUrl;
  }
}

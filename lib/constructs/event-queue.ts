import { Duration } from "aws-cdk-lib";
import type { IKey } from "aws-cdk-lib/aws-kms";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { QUEUE, REDELIVERY_MS, TIMEOUTS_MS } from "../../lambdas/settings.ts";
import type { StageConfiguration } from "../stage-configuration.ts";
import { pinLogicalId, removalPolicyOf } from "./stateful.ts";

export interface SecureQueueProps {
  readonly stage: StageConfiguration;
  readonly key: IKey | undefined;
  /** Fixed, so that no move of code replaces the queue and what is in it. */
  readonly logicalId: string;
  /** Takes what was received in vain. @default - this queue is one for dead letters itself */
  readonly deadLetters?: IQueue;
}

/** A standard queue as all of ours are: encrypted, TLS only, kept as long as SQS keeps. */
export class SecureQueue extends Queue {
  constructor(scope: Construct, id: string, props: SecureQueueProps) {
    const { stage, key, deadLetters } = props;
    super(scope, id, {
      encryption: key === undefined ? QueueEncryption.SQS_MANAGED : QueueEncryption.KMS,
      ...(key !== undefined && { encryptionMasterKey: key }),
      enforceSSL: true,
      retentionPeriod: Duration.millis(
        deadLetters === undefined
          ? REDELIVERY_MS.deadLetterRetention
          : REDELIVERY_MS.queueRetention,
      ),
      visibilityTimeout: Duration.millis(TIMEOUTS_MS.visibility),
      ...(deadLetters !== undefined && {
        deadLetterQueue: { queue: deadLetters, maxReceiveCount: QUEUE.maxReceives },
      }),
      removalPolicy: removalPolicyOf(stage),
    });
    pinLogicalId(this, props.logicalId);
  }
}

export interface EventQueueProps {
  readonly stage: StageConfiguration;
  readonly key: IKey | undefined;
}

/** The queue between "stored" and "done", and the one for what cannot be done. */
export class EventQueue extends Construct {
  readonly events: IQueue;
  readonly deadLetters: IQueue;

  constructor(scope: Construct, id: string, props: EventQueueProps) {
    super(scope, id);
    this.deadLetters = new SecureQueue(this, "DeadLetters", {
      ...props,
      logicalId: "DeadLetterQueue",
    });
    this.events = new SecureQueue(this, "Events", {
      ...props,
      logicalId: "EventQueue",
      deadLetters: this.deadLetters,
    });
  }
}

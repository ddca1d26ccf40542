import { Duration, Lazy, Stack } from "aws-cdk-lib";
import type { IRole } from "aws-cdk-lib/aws-iam";
import { AnyPrincipal, Effect, PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { QUEUE, REDELIVERY_MS, TIMEOUTS_MS } from "../../lambdas/settings/limits.ts";
import type { StageConfiguration } from "../config/stage-configuration.ts";
import { batchWindowMsOf } from "../proofs/time-limits.ts";
import { pinLogicalId, removalPolicyOf } from "./stateful.ts";

export interface SecureQueueProps {
  readonly stage: StageConfiguration;
  readonly key: IKey | undefined;
  /** Fixed, so that no move of code replaces the queue and what is in it. */
  readonly logicalId: string;
  /** Takes messages that failed on every receive. @default - this queue is one for dead letters itself */
  readonly deadLetters?: IQueue;
  /** How long Lambda holds what it has received before it invokes: the visibility timeout is longer by that. @default 0 */
  readonly batchWindowMs?: number;
}

/**
 * Marks the roles of people who may put messages back: a tag on the role, or on its session. Roles that IAM Identity
 * Center makes are people's anyway.
 */
export const OPERATOR_TAG = { key: "alloy-journey-webhooks", value: "operator" } as const;

/**
 * A standard queue as all of ours are: encrypted, TLS only, kept as long as SQS keeps, and closed to senders that it
 * does not know. The right to send to every queue of the account is common, and here it would make an application
 * approved (docs/decisions/0021).
 */
export class SecureQueue extends Queue {
  readonly #senders: string[] = [];

  constructor(scope: Construct, id: string, props: SecureQueueProps) {
    const { stage, key, deadLetters, batchWindowMs = 0 } = props;
    super(scope, id, {
      encryption: key === undefined ? QueueEncryption.SQS_MANAGED : QueueEncryption.KMS,
      ...(key !== undefined && { encryptionMasterKey: key }),
      enforceSSL: true,
      retentionPeriod: Duration.millis(
        deadLetters === undefined
          ? REDELIVERY_MS.deadLetterRetention
          : REDELIVERY_MS.queueRetention,
      ),
      visibilityTimeout: Duration.millis(TIMEOUTS_MS.visibility + batchWindowMs),
      ...(deadLetters !== undefined && {
        deadLetterQueue: { queue: deadLetters, maxReceiveCount: QUEUE.maxReceives },
      }),
      removalPolicy: removalPolicyOf(stage),
    });
    pinLogicalId(this, props.logicalId);
    const { account, partition } = Stack.of(this);
    const people = `arn:${partition}:iam::${account}:role/aws-reserved/sso.amazonaws.com/*`;
    this.addToResourcePolicy(
      new PolicyStatement({
        sid: "KnownSendersOnly",
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: ["sqs:SendMessage"],
        resources: [this.queueArn],
        conditions: {
          ArnNotLike: {
            "aws:PrincipalArn": Lazy.list({ produce: () => [...this.#senders, people] }),
          },
          StringNotEquals: { [`aws:PrincipalTag/${OPERATOR_TAG.key}`]: OPERATOR_TAG.value },
          // A service is let in by its rule alone, below.
          Bool: { "aws:PrincipalIsAWSService": "false" },
        },
      }),
    );
  }

  /** Lets a role of ours send. */
  allowSender(role: IRole): void {
    role.addToPrincipalPolicy(
      new PolicyStatement({ actions: ["sqs:SendMessage"], resources: [this.queueArn] }),
    );
    this.#senders.push(role.roleArn);
  }

  /** Lets EventBridge send for one rule, or for one bus. */
  allowEventBridge(sourceArn: string): void {
    this.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal("events.amazonaws.com")],
        actions: ["sqs:SendMessage"],
        resources: [this.queueArn],
        conditions: { ArnEquals: { "aws:SourceArn": sourceArn } },
      }),
    );
  }
}

export interface EventQueueProps {
  readonly stage: StageConfiguration;
  readonly key: IKey | undefined;
}

/** The queue between "stored" and "done", and the one for what cannot be done. */
export class EventQueue extends Construct {
  readonly events: SecureQueue;
  readonly deadLetters: SecureQueue;

  constructor(scope: Construct, id: string, props: EventQueueProps) {
    super(scope, id);
    this.deadLetters = new SecureQueue(this, "DeadLetters", {
      ...props,
      logicalId: "DeadLetterQueue",
    });
    this.events = new SecureQueue(this, "Events", {
      ...props,
      logicalId: "EventQueue",
      batchWindowMs: batchWindowMsOf(props.stage),
      deadLetters: this.deadLetters,
    });
  }
}

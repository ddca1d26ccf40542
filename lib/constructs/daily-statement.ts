import { Duration } from "aws-cdk-lib";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { Key, KeySpec, KeyUsage } from "aws-cdk-lib/aws-kms";
import { CfnEventInvokeConfig } from "aws-cdk-lib/aws-lambda";
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  ObjectLockRetention,
} from "aws-cdk-lib/aws-s3";
import { CfnSchedule } from "aws-cdk-lib/aws-scheduler";
import { Construct } from "constructs";
import { STATEMENTS } from "../../lambdas/settings/names.ts";
import type { AlertTopics } from "../alarms/alert-topics.ts";
import { makeStatementAlarms } from "../alarms/statement-alarms.ts";
import { statementSettings } from "../config/function-settings.ts";
import type { StageConfiguration } from "../config/stage-configuration.ts";
import type { ApplicationStore } from "./application-store.ts";
import type { EventQueue } from "./event-queue.ts";
import type { FunctionNetwork } from "./function-network.ts";
import { NodeFunction } from "./node-function.ts";
import { makeSchedulerRole } from "./scheduler-role.ts";
import type { ScheduledPoller } from "./scheduled-poller.ts";
import { pinLogicalId, removalPolicyOf } from "./stateful.ts";

export interface DailyStatementProps {
  readonly stage: StageConfiguration;
  readonly key: IKey | undefined;
  readonly queue: EventQueue;
  readonly store: ApplicationStore;
  /** Whose schedule group and dead letters it shares. */
  readonly poller: ScheduledPoller;
  readonly alerts: AlertTopics;
  /** Where the function runs. @default - in Lambda's own network */
  readonly network?: FunctionNetwork | undefined;
}

/** Signs each day how many applications agree with Alloy, and keeps that where nobody can change it (docs/statement.md). */
export class DailyStatement extends Construct {
  readonly function: NodeFunction;
  readonly bucket: Bucket;
  /** Signs, and does nothing else. */
  readonly signingKey: Key;

  constructor(scope: Construct, id: string, props: DailyStatementProps) {
    super(scope, id);
    const { stage, key, queue, store, alerts } = props;
    this.signingKey = new Key(this, "SigningKey", {
      description: `Signs the daily statements of ${stage.stage}`,
      keySpec: KeySpec.ECC_NIST_P256,
      keyUsage: KeyUsage.SIGN_VERIFY,
      removalPolicy: removalPolicyOf(stage),
    });
    pinLogicalId(this.signingKey, "StatementKey");
    this.bucket = this.#makeBucket(props);

    this.function = new NodeFunction(this, "Statement", {
      stage,
      name: "statement",
      description: "Signs how many applications of the day agree with Alloy",
      key,
      impact: null,
      environment: {
        APPLICATION_TABLE_NAME: store.applications.tableName,
        IDEMPOTENCY_TABLE_NAME: store.idempotency.tableName,
        STATEMENT_BUCKET_NAME: this.bucket.bucketName,
        STATEMENT_KEY_ARN: this.signingKey.keyArn,
      },
      settings: statementSettings(stage),
      network: props.network,
    });
    store.grantState(this.function);
    this.function.allow(["kms:Sign"], this.signingKey.keyArn);
    this.function.allow(
      ["s3:GetObject", "s3:PutObject"],
      this.bucket.arnForObjects(`${STATEMENTS.prefix}*`),
    );
    this.function.allow(["s3:ListBucket"], this.bucket.bucketArn);
    this.function.allowKey(key);
    this.#makeSchedule(props);
    makeStatementAlarms(this, { stage, alerts, function: this.function, events: queue.events });
  }

  #makeBucket({ stage, key }: DailyStatementProps): Bucket {
    const kept = Duration.millis(stage.retention.statementsMs);
    const bucket = new Bucket(this, "Statements", {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      encryption: key === undefined ? BucketEncryption.S3_MANAGED : BucketEncryption.KMS,
      ...(key !== undefined && { encryptionKey: key, bucketKeyEnabled: true }),
      versioned: true,
      objectLockEnabled: true,
      // Not even the account's root removes one before its time. Nothing of a stage that destroys outlives it.
      ...(stage.removal === "retain" && {
        objectLockDefaultRetention: ObjectLockRetention.compliance(kept),
      }),
      removalPolicy: removalPolicyOf(stage),
      lifecycleRules: [
        {
          expiration: kept,
          noncurrentVersionExpiration: Duration.days(1),
          abortIncompleteMultipartUploadAfter: Duration.days(1),
        },
      ],
    });
    pinLogicalId(bucket, "StatementBucket");
    return bucket;
  }

  #makeSchedule({ key, poller }: DailyStatementProps): void {
    const { functionArn, functionName } = this.function.function;
    const role = makeSchedulerRole(this, "Starter", {
      description: "Lets EventBridge Scheduler start the daily statement",
      function: this.function.function,
      deadLetters: poller.deadLetters,
      key,
    });
    const daily = new CfnSchedule(this, "Daily", {
      groupName: poller.scheduleGroup.ref,
      description: "Starts the daily statement",
      scheduleExpression: `cron(${STATEMENTS.minutesAfterMidnight} 0 * * ? *)`,
      scheduleExpressionTimezone: "UTC",
      flexibleTimeWindow: { mode: "OFF" },
      target: {
        arn: functionArn,
        roleArn: role.roleArn,
        // Within the day: the next one has a statement of its own.
        retryPolicy: {
          maximumEventAgeInSeconds: Duration.hours(20).toSeconds(),
          maximumRetryAttempts: 10,
        },
        deadLetterConfig: { arn: poller.deadLetters.queueArn },
      },
    });
    daily.node.addDependency(role);

    // A run that threw is repeated: what it has read is read again, and what is kept stays.
    poller.deadLetters.allowSender(this.function.role);
    new CfnEventInvokeConfig(this, "AsyncInvocations", {
      functionName,
      qualifier: "$LATEST",
      maximumRetryAttempts: 2,
      maximumEventAgeInSeconds: Duration.hours(6).toSeconds(),
      destinationConfig: { onFailure: { destination: poller.deadLetters.queueArn } },
    });
  }
}

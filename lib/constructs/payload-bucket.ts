import { Duration } from "aws-cdk-lib";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { BlockPublicAccess, Bucket, BucketEncryption } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import { PAYLOAD_PREFIXES } from "../../lambdas/settings/names.ts";
import type { StageConfiguration } from "../config/stage-configuration.ts";
import type { NodeFunction } from "./node-function.ts";
import { pinLogicalId, removalPolicyOf } from "./stateful.ts";

export interface PayloadBucketProps {
  readonly stage: StageConfiguration;
  readonly key: IKey | undefined;
}

/** Bodies that are too large for one SQS message. */
export class PayloadBucket extends Bucket {
  constructor(scope: Construct, id: string, { stage, key }: PayloadBucketProps) {
    super(scope, id, {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      encryption: key === undefined ? BucketEncryption.S3_MANAGED : BucketEncryption.KMS,
      ...(key !== undefined && { encryptionKey: key, bucketKeyEnabled: true }),
      removalPolicy: removalPolicyOf(stage),
      lifecycleRules: [
        { abortIncompleteMultipartUploadAfter: Duration.days(1) },
        // What is under a legal hold does not end.
        ...[PAYLOAD_PREFIXES.webhook, PAYLOAD_PREFIXES.poll].map((prefix) => ({
          prefix,
          expiration: Duration.millis(stage.retention.payloadsMs),
        })),
      ],
    });
    pinLogicalId(this, "PayloadBucket");
  }

  /** Lets ingest put down a body that is too large for one SQS message. */
  grantClaimCheck(ingest: NodeFunction): void {
    ingest.allow(["s3:PutObject"], this.arnForObjects(`${PAYLOAD_PREFIXES.webhook}*`));
  }
}

import { Stack } from "aws-cdk-lib";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { Key } from "aws-cdk-lib/aws-kms";
import { Construct } from "constructs";
import type { StageConfiguration } from "../stage-configuration.ts";
import { pinLogicalId, removalPolicyOf } from "./stateful.ts";

export interface EncryptionProps {
  readonly stage: StageConfiguration;
}

/**
 * The keys. The alert topics always have one of ours: CloudWatch may not use the key that AWS
 * manages for SNS, and an alarm to a topic under that key is lost without a word.
 */
export class Encryption extends Construct {
  /** Of the alert topics. */
  readonly alertsKey: IKey;
  /** Of everything else; undefined when AWS manages the keys. */
  readonly dataKey: IKey | undefined;

  constructor(scope: Construct, id: string, { stage }: EncryptionProps) {
    super(scope, id);
    const key = new Key(this, "Key", {
      description: `Alloy Journey webhooks, ${stage.stage}`,
      enableKeyRotation: true,
      removalPolicy: removalPolicyOf(stage),
    });
    pinLogicalId(key, "EncryptionKey");
    this.alertsKey = key;
    this.dataKey = stage.encryption === "customer-managed" ? key : undefined;

    allowService(key, "cloudwatch.amazonaws.com");
    if (this.dataKey !== undefined) {
      // EventBridge sends to our encrypted queues, CloudWatch Logs writes encrypted groups.
      allowService(key, "events.amazonaws.com");
      allowService(key, `logs.${Stack.of(this).region}.amazonaws.com`);
    }
  }
}

function allowService(key: Key, service: string): void {
  key.addToResourcePolicy(
    new PolicyStatement({
      principals: [new ServicePrincipal(service)],
      actions: ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:DescribeKey"],
      // In a key's own policy, `*` is this key.
      resources: ["*"],
    }),
  );
}

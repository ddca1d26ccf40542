import { Stack } from "aws-cdk-lib";
import type { Conditions } from "aws-cdk-lib/aws-iam";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { Key } from "aws-cdk-lib/aws-kms";
import { Construct } from "constructs";
import type { StageConfiguration } from "../config/stage-configuration.ts";
import { isLean, pinLogicalId, removalPolicyOf } from "./stateful.ts";

export interface EncryptionProps {
  readonly stage: StageConfiguration;
}

/**
 * The keys. The alert topics have one of ours, unless the stage is lean: CloudWatch may not use the key that AWS
 * manages for SNS, and an alarm to a topic under that key is lost without a word.
 */
export class Encryption extends Construct {
  /** Of the alert topics. */
  readonly alertsKey: IKey | undefined;
  /** Of everything else; undefined when AWS manages the keys. */
  readonly dataKey: IKey | undefined;

  constructor(scope: Construct, id: string, { stage }: EncryptionProps) {
    super(scope, id);
    if (isLean(this) && stage.encryption === "aws-managed") {
      // What an alarm says names nobody: a sandbox can do without a key of its own for it.
      this.alertsKey = undefined;
      this.dataKey = undefined;
      return;
    }
    const { account, partition, region } = Stack.of(this);
    const key = new Key(this, "Key", {
      description: `Alloy Journey webhooks, ${stage.stage}`,
      enableKeyRotation: true,
      removalPolicy: removalPolicyOf(stage),
    });
    pinLogicalId(key, "EncryptionKey");
    this.alertsKey = key;

    const ofThisAccount = { "aws:SourceAccount": account };
    allowService(key, "cloudwatch.amazonaws.com", USE, {
      StringEquals: ofThisAccount,
      ArnLike: { "aws:SourceArn": `arn:${partition}:cloudwatch:${region}:${account}:alarm:*` },
    });
    if (stage.encryption === "aws-managed") {
      this.dataKey = undefined;
      return;
    }
    // As somebody else's key: CDK adds statements of its own to a key's policy, wider than the use.
    this.dataKey = Key.fromKeyArn(this, "DataKey", key.keyArn);
    // To encrypt the bus, and to deliver into our queues, for which it names its account and no rule (EventBridge's
    // guide, "Authorizing EventBridge to use a customer managed key").
    // An archive of the bus also encrypts anew (its guide, "Encrypting EventBridge archives").
    const archiving = stage.archive === undefined ? [] : ["kms:ReEncrypt*"];
    allowService(key, "events.amazonaws.com", [...USE, "kms:DescribeKey", ...archiving], {
      StringEquals: ofThisAccount,
    });
    // To write our log groups (CloudWatch Logs' guide, "Encrypt log data"): the whole set that it asks for.
    allowService(key, `logs.${region}.amazonaws.com`, LOGS_USE, {
      ArnLike: {
        "kms:EncryptionContext:aws:logs:arn": `arn:${partition}:logs:${region}:${account}:log-group:*`,
      },
    });
  }
}

/** What a service does with a key to write and read what is under it. */
const USE = ["kms:Decrypt", "kms:GenerateDataKey"];

const LOGS_USE = [
  "kms:Encrypt",
  "kms:Decrypt",
  "kms:ReEncrypt*",
  "kms:GenerateDataKey*",
  "kms:Describe*",
];

/** Each with conditions: a service acts for every account, and is to use the key for ours alone. */
function allowService(
  key: Key,
  service: string,
  actions: readonly string[],
  conditions: Conditions,
): void {
  key.addToResourcePolicy(
    new PolicyStatement({
      principals: [new ServicePrincipal(service)],
      actions: [...actions],
      // In a key's own policy, `*` is this key.
      resources: ["*"],
      conditions,
    }),
  );
}

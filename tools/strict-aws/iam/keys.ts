import { isRecord, listOf, objectsIn } from "../../template/template.ts";
import { PLACE } from "../../template/resolve.ts";
import type { ArnResolver } from "./arns.ts";
import type { IamCall } from "./call.ts";
import type { DeployedPolicies } from "./policies.ts";

/** Properties under which a resource names its key, wherever a template nests them. */
export const KEY_PROPERTIES = [
  "KmsMasterKeyId",
  "KMSMasterKeyId",
  "KMSMasterKeyID",
  "KmsKeyId",
  "KmsKeyIdentifier",
];

/** The key that a resource of the template is under; undefined when AWS owns it. */
export function keyOf(
  properties: Readonly<Record<string, unknown>>,
  arns: ArnResolver,
): string | undefined {
  for (const one of objectsIn(properties)) {
    for (const name of KEY_PROPERTIES) {
      const [key] = listOf(one[name]);
      if (typeof key === "string" || isRecord(key)) return keyArn(arns.text(key), arns);
    }
  }
  return undefined;
}

function keyArn(key: string, arns: ArnResolver): string {
  return key.startsWith("arn:") ? key : arns.arnOf(key);
}

/**
 * What a service does with a key on behalf of its caller, by the action that was asked for. Sources: "Key management"
 * of SQS and of SNS, "Using server-side encryption with AWS KMS keys" of S3, "Permissions for the KMS key" of Secrets
 * Manager, "Authorizing use of your customer managed key" of DynamoDB.
 */
const ON_BEHALF: Readonly<Record<string, readonly string[]>> = {
  "sqs:SendMessage": ["kms:GenerateDataKey", "kms:Decrypt"],
  "sqs:ReceiveMessage": ["kms:Decrypt"],
  "sns:Publish": ["kms:GenerateDataKey", "kms:Decrypt"],
  "s3:PutObject": ["kms:GenerateDataKey"],
  "s3:GetObject": ["kms:Decrypt"],
  "secretsmanager:GetSecretValue": ["kms:Decrypt"],
  "secretsmanager:PutSecretValue": ["kms:GenerateDataKey", "kms:Decrypt"],
  "dynamodb:GetItem": ["kms:Decrypt"],
  "dynamodb:Query": ["kms:Decrypt"],
  "dynamodb:Scan": ["kms:Decrypt"],
  "dynamodb:BatchGetItem": ["kms:Decrypt"],
  "dynamodb:PutItem": ["kms:Decrypt"],
  "dynamodb:UpdateItem": ["kms:Decrypt"],
  "dynamodb:DeleteItem": ["kms:Decrypt"],
};

/** The calls of KMS that a call brings with it, where its resource is under a key of the template. */
export class KeyUse {
  readonly #keys: ReadonlyMap<string, string>;

  constructor({ stack, arns }: DeployedPolicies) {
    const keyed = stack.resources
      .filter(({ Type }) => KEYED.has(Type))
      .flatMap(({ logicalId, Properties }) => {
        const key = keyOf(Properties, arns);
        return key === undefined ? [] : [[arns.arnOf(logicalId), key] as const];
      });
    this.#keys = new Map(keyed);
  }

  broughtBy(call: IamCall): readonly IamCall[] {
    const [service = ""] = call.action.split(":");
    const key = [...this.#keys].find(([arn]) => isPartOf(call.resource, arn))?.[1];
    if (key === undefined) return [];
    return (ON_BEHALF[call.action] ?? []).map((action) => ({
      caller: call.caller,
      action,
      resource: key,
      conditions: {
        ...sourceOf(call),
        "kms:ViaService": `${service}.${PLACE.region}.amazonaws.com`,
        "kms:CallerAccount": PLACE.account,
      },
    }));
  }
}

const KEYED: ReadonlySet<string> = new Set([
  "AWS::SQS::Queue",
  "AWS::SNS::Topic",
  "AWS::S3::Bucket",
  "AWS::DynamoDB::Table",
  "AWS::DynamoDB::GlobalTable",
  "AWS::SecretsManager::Secret",
]);

/**
 * What KMS knows of the source. EventBridge names its account when it delivers to a queue, and no rule: CDK's own
 * target for queues relies on that. CloudWatch names its alarm too (SNS's guide, "Key management").
 */
function sourceOf({ caller, conditions }: IamCall): IamCall["conditions"] {
  if (!("service" in caller)) return {};
  const { "aws:SourceAccount": account, "aws:SourceArn": arn } = conditions;
  return {
    ...(account !== undefined && { "aws:SourceAccount": account }),
    ...(arn !== undefined && caller.service !== "events.amazonaws.com" && { "aws:SourceArn": arn }),
  };
}

/** Whether an ARN is a resource or a part of it: an index of a table, an object of a bucket. */
export function isPartOf(resource: string, arn: string): boolean {
  return resource === arn || resource.startsWith(`${arn}/`);
}

import { KEY_PROPERTIES } from "../strict-aws/iam/keys.ts";
import { isRecord, listOf, objectsIn, referredId } from "../template/template.ts";
import type { StackTemplate, TemplateResource } from "../template/template.ts";

/** What holds data, or what others hold the address of, and the properties by a change of which it is replaced. */
export const GUARDED: Readonly<Record<string, readonly string[]>> = {
  "AWS::DynamoDB::GlobalTable": ["TableName", "KeySchema", "LocalSecondaryIndexes"],
  "AWS::DynamoDB::Table": ["TableName", "KeySchema", "LocalSecondaryIndexes"],
  "AWS::S3::Bucket": ["BucketName"],
  "AWS::SQS::Queue": ["QueueName", "FifoQueue"],
  "AWS::SNS::Topic": ["TopicName", "FifoTopic"],
  "AWS::SecretsManager::Secret": ["Name"],
  "AWS::KMS::Key": ["KeySpec", "KeyUsage", "MultiRegion"],
  "AWS::Events::EventBus": ["Name"],
  "AWS::ApiGatewayV2::Api": ["ProtocolType"],
  "AWS::ApiGatewayV2::Stage": ["ApiId", "StageName"],
  "AWS::ApiGatewayV2::Route": ["ApiId", "RouteKey"],
  "AWS::ApiGatewayV2::Integration": ["ApiId"],
  "AWS::ApiGatewayV2::DomainName": ["DomainName"],
  "AWS::Lambda::EventSourceMapping": ["EventSourceArn"],
  "AWS::Scheduler::Schedule": ["Name"],
  "AWS::Scheduler::ScheduleGroup": ["Name"],
};

/** What may be switched off of a resource: `start` is what a schedule, or a queue's mapping to its function, does. */
export type Switch =
  | "deletion protection"
  | "point-in-time recovery"
  | "key"
  | "retention"
  | "execute-api name"
  | "start";

/** What a deployment switches off, each by what the template says when it is on. */
const SWITCHES: readonly {
  readonly what: Switch;
  readonly isOn: (resource: TemplateResource) => boolean;
}[] = [
  { what: "deletion protection", isOn: has("DeletionProtectionEnabled", true) },
  { what: "point-in-time recovery", isOn: has("PointInTimeRecoveryEnabled", true) },
  { what: "key", isOn: isUnderKey },
  { what: "retention", isOn: ({ DeletionPolicy: policy }) => isKept(policy) },
  {
    what: "execute-api name",
    isOn: ({ Type, Properties }) =>
      Type === "AWS::ApiGatewayV2::Api" && Properties["DisableExecuteApiEndpoint"] !== true,
  },
  {
    what: "start",
    isOn: ({ Type, Properties }) =>
      (Type === "AWS::Lambda::EventSourceMapping" && Properties["Enabled"] !== false) ||
      (Type === "AWS::Scheduler::Schedule" && Properties["State"] !== "DISABLED"),
  },
];

/** Something that a deployment would do to what holds data, or to what others hold the address of. */
export interface Harm {
  readonly logicalId: string;
  readonly type: string;
  readonly kind: "delete" | "replace" | "switch off" | "refused";
  /** What is switched off. */
  readonly what?: Switch;
  /** A sentence. */
  readonly says: string;
}

/**
 * What a deployment of the next template would delete, replace or switch off of what is deployed. CloudFormation takes
 * another logical id for another resource: a table then begins empty, another API is another URL, and of a stage that
 * retains, the first one stays behind and belongs to nobody.
 */
export function harmDone(deployed: StackTemplate, next: StackTemplate): readonly Harm[] {
  const after = new Map(next.resources.map((resource) => [resource.logicalId, resource]));
  return deployed.resources
    .filter(({ Type }) => Type in GUARDED)
    .flatMap((before) => harmTo(before, after.get(before.logicalId)));
}

function harmTo(before: TemplateResource, after: TemplateResource | undefined): readonly Harm[] {
  const { logicalId, Type } = before;
  const harm = (kind: Harm["kind"], says: string): Harm => ({ logicalId, type: Type, kind, says });
  if (after === undefined) {
    return [
      harm(
        "delete",
        `${logicalId} (${Type}) would be deleted: the template has no such logical id any more.`,
      ),
    ];
  }
  if (after.Type !== Type) {
    return [
      harm(
        "refused",
        `${logicalId} would change from ${Type} to ${after.Type}: CloudFormation refuses to change a type.`,
      ),
    ];
  }
  const replacing = (GUARDED[Type] ?? []).filter(
    (property) => !isSame(before.Properties[property], after.Properties[property]),
  );
  return [
    ...replacing.map((property) =>
      harm("replace", `${logicalId} (${Type}) would be replaced: its ${property} changes.`),
    ),
    ...SWITCHES.filter(({ isOn }) => isOn(before) && !isOn(after)).map(({ what }) => ({
      ...harm("switch off", `${logicalId} (${Type}) would lose its ${what}.`),
      what,
    })),
  ];
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function isKept(policy: string | undefined): boolean {
  return policy === "Retain" || policy === "RetainExceptOnCreate" || policy === "Snapshot";
}

function isUnderKey({ Properties }: TemplateResource): boolean {
  return objectsIn(Properties).some((one) =>
    KEY_PROPERTIES.some((name) => listOf(one[name]).some((key) => referredId(key) !== undefined)),
  );
}

function has(property: string, value: unknown): (resource: TemplateResource) => boolean {
  return ({ Properties }) =>
    objectsIn(Properties).some((one) => isRecord(one) && one[property] === value);
}

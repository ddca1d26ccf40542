import * as v from "valibot";

import { PLACE } from "../../template/resolve.ts";
import type { Caller, IamCall } from "./call.ts";
import type { DeployedPolicies } from "./policies.ts";
import { tableConditions } from "./table-conditions.ts";

/** A call of an SDK or on the wire: the operation as the API names it, and its input. */
export interface AwsRequest {
  readonly operation: string;
  readonly input: unknown;
}

/** What stands in for the deployed resources: by what a call names, the logical id that it stands for. */
export type Names = Pick<ReadonlyMap<string, string>, "get">;

const text = v.optional(v.string(), "");
const entries = v.optional(
  v.array(v.object({ Source: text, DetailType: text, EventBusName: text })),
  [],
);
const tables = v.optional(v.record(v.string(), v.unknown()), {});
const transaction = v.optional(
  v.array(v.record(v.string(), v.looseObject({ TableName: text }))),
  [],
);

const InputSchema = v.object({
  QueueUrl: text,
  SourceArn: text,
  DestinationArn: text,
  TableName: text,
  IndexName: text,
  RequestItems: tables,
  TransactItems: transaction,
  Entries: v.fallback(entries, []),
  Bucket: text,
  // Of S3; DynamoDB's is an object, and no policy of ours looks into it.
  Key: v.fallback(text, ""),
  Prefix: v.optional(v.string()),
  SecretId: text,
  TopicArn: text,
  KeyId: text,
  AlarmName: text,
  StackName: text,
  EventBusName: text,
  Name: v.fallback(text, ""),
  FunctionName: text,
  logGroupName: text,
});

type Input = v.InferOutput<typeof InputSchema>;

interface Asked {
  readonly action: string;
  readonly resource: string;
  readonly conditions?: IamCall["conditions"];
}

/**
 * What IAM is asked when a call arrives. One call can need several rights: those of all its tables, entries and queues.
 *
 * @throws Error at an operation that is not known here: an unknown right is no right.
 */
export function iamCallsOf(
  { operation, input }: AwsRequest,
  caller: Caller,
  place: { readonly deployed: DeployedPolicies; readonly names: Names },
): readonly IamCall[] {
  const isPerson = "holds" in caller;
  return asked(operation, v.parse(InputSchema, input), new Places(place)).map(
    ({ conditions = {}, ...call }) => ({
      caller,
      ...call,
      conditions:
        // No policy of a function looks at attributes: each expression would be a question of its own.
        isPerson && call.action.startsWith("dynamodb:")
          ? tableConditions(operation, input)
          : conditions,
    }),
  );
}

/** What S3 asks about a key that is not there, before it says so (GetObject, "Permissions"). */
export function iamCallOfMissingKey(
  input: unknown,
  caller: Caller,
  place: { readonly deployed: DeployedPolicies; readonly names: Names },
): IamCall {
  const { Bucket, Key } = v.parse(InputSchema, input);
  return {
    caller,
    action: "s3:ListBucket",
    resource: new Places(place).arn(Bucket),
    conditions: { "s3:prefix": Key },
  };
}

function asked(operation: string, input: Input, places: Places): readonly Asked[] {
  const queue = (action: string, name = input.QueueUrl) => ({
    action: `sqs:${action}`,
    resource: places.arn(name),
  });
  const table = (action: string, name = input.TableName) => ({
    action: `dynamodb:${action}`,
    resource: places.arn(name),
  });
  const object = (action: string) => ({
    action: `s3:${action}`,
    resource: `${places.arn(input.Bucket)}/${input.Key}`,
  });
  switch (operation) {
    case "SendMessage":
    case "ReceiveMessage":
    case "DeleteMessage":
    case "ChangeMessageVisibility":
    case "GetQueueAttributes":
    case "GetQueueUrl":
    case "PurgeQueue":
      return [queue(operation)];
    case "SendMessageBatch":
    case "DeleteMessageBatch":
    case "ChangeMessageVisibilityBatch":
      return [queue(operation.replace("Batch", ""))];
    case "ListMessageMoveTasks":
      return [queue(operation, input.SourceArn)];
    case "StartMessageMoveTask":
      // SQS moves under the rights of whoever starts it (SQS's guide, "Configure queue permissions for redrive").
      return [
        queue("StartMessageMoveTask", input.SourceArn),
        queue("ReceiveMessage", input.SourceArn),
        queue("DeleteMessage", input.SourceArn),
        queue("GetQueueAttributes", input.SourceArn),
        ...(input.DestinationArn === "" ? [] : [queue("SendMessage", input.DestinationArn)]),
      ];
    case "GetItem":
    case "PutItem":
    case "UpdateItem":
    case "DeleteItem":
    case "DescribeTable":
    case "DescribeContinuousBackups":
    case "DescribeTimeToLive":
      return [table(operation)];
    case "Query":
    case "Scan": {
      // An index is a resource of its own: the right to its table is none to it.
      const { action, resource } = table(operation);
      const part = input.IndexName === "" ? "" : `/index/${input.IndexName}`;
      return [{ action, resource: `${resource}${part}` }];
    }
    case "BatchGetItem":
    case "BatchWriteItem":
      return Object.keys(input.RequestItems).map((name) => table(operation, name));
    case "TransactWriteItems":
    case "TransactGetItems":
      return input.TransactItems.flatMap((item) =>
        Object.entries(item).map(([kind, { TableName }]) =>
          table(TRANSACTED[kind] ?? kind, TableName),
        ),
      );
    case "PutEvents":
      return busesOf(input).map(([bus, sent]) => ({
        action: "events:PutEvents",
        resource: places.arn(bus),
        conditions: {
          "events:source": [...new Set(sent.map(({ Source }) => Source))],
          "events:detail-type": [...new Set(sent.map(({ DetailType }) => DetailType))],
        },
      }));
    case "DescribeRule":
    case "EnableRule":
    case "DisableRule":
      return [{ action: `events:${operation}`, resource: ruleArn(input.EventBusName, input.Name) }];
    case "GetObject":
    case "HeadObject":
      return [object("GetObject")];
    case "PutObject":
    case "DeleteObject":
      return [object(operation)];
    case "ListObjectsV2":
      return [
        {
          action: "s3:ListBucket",
          resource: places.arn(input.Bucket),
          conditions: input.Prefix === undefined ? {} : { "s3:prefix": input.Prefix },
        },
      ];
    case "Sign":
    case "GetPublicKey":
      return [{ action: `kms:${operation}`, resource: places.arn(input.KeyId) }];
    case "GetBucketEncryption":
      return [{ action: "s3:GetEncryptionConfiguration", resource: places.arn(input.Bucket) }];
    case "GetBucketLifecycleConfiguration":
      return [{ action: "s3:GetLifecycleConfiguration", resource: places.arn(input.Bucket) }];
    case "ListSubscriptionsByTopic":
    case "GetTopicAttributes":
      return [{ action: `sns:${operation}`, resource: places.arn(input.TopicArn) }];
    case "SetAlarmState":
    case "DescribeAlarmHistory":
      return [{ action: `cloudwatch:${operation}`, resource: alarmArn(input.AlarmName) }];
    case "GetSecretValue":
    case "PutSecretValue":
    case "ListSecretVersionIds":
    case "UpdateSecretVersionStage":
      return [{ action: `secretsmanager:${operation}`, resource: places.arn(input.SecretId) }];
    case "GetMetricData":
    case "DescribeAlarms":
      return [{ action: `cloudwatch:${operation}`, resource: "*" }];
    case "DescribeStacks":
    case "ListStackResources":
      return [{ action: `cloudformation:${operation}`, resource: stackArn(input.StackName) }];
    case "GetFunctionConfiguration":
      return [{ action: `lambda:${operation}`, resource: places.arn(input.FunctionName) }];
    case "Invoke":
      return [{ action: "lambda:InvokeFunction", resource: places.arn(input.FunctionName) }];
    case "DescribeLogGroups":
      return [{ action: `logs:${operation}`, resource: "*" }];
    case "FilterLogEvents":
      return [{ action: `logs:${operation}`, resource: places.arn(input.logGroupName) }];
    default:
      throw new Error(`Which rights ${operation} needs is not known here: add it to requests.ts.`);
  }
}

/** The stack by its name, and CloudFormation's id behind it. */
export function stackArn(name: string): string {
  return `arn:aws:cloudformation:${PLACE.region}:${PLACE.account}:stack/${name}/0123abcd`;
}

/** A rule of a bus by both of their names. */
export function ruleArn(bus: string, name: string): string {
  return `arn:aws:events:${PLACE.region}:${PLACE.account}:rule/${bus}/${name}`;
}

/** An alarm by its name. */
export function alarmArn(name: string): string {
  return `arn:aws:cloudwatch:${PLACE.region}:${PLACE.account}:alarm:${name}`;
}

/** What a part of a transaction counts as (DynamoDB's guide, "IAM for transactions"). */
const TRANSACTED: Readonly<Record<string, string>> = {
  Put: "PutItem",
  Update: "UpdateItem",
  Delete: "DeleteItem",
  Get: "GetItem",
  ConditionCheck: "ConditionCheckItem",
};

function busesOf({ Entries }: Input): readonly (readonly [string, Input["Entries"]])[] {
  return [...Map.groupBy(Entries, ({ EventBusName }) => EventBusName)];
}

/** Translates what a call names into ARNs of the template. */
class Places {
  readonly #deployed: DeployedPolicies;
  readonly #names: Names;

  constructor({ deployed, names }: { readonly deployed: DeployedPolicies; readonly names: Names }) {
    this.#deployed = deployed;
    this.#names = names;
  }

  /** By the whole name, or by what ends a URL or an ARN. What the stack does not know is somebody else's. */
  arn(name: string): string {
    const end = name.split(/[:/]/).findLast((part) => part !== "") ?? "";
    const logicalId = this.#names.get(name) ?? this.#names.get(end);
    if (logicalId !== undefined) return this.#deployed.arns.arnOf(logicalId);
    return `arn:aws:unknown:${PLACE.region}:${PLACE.account}:${end}`;
  }
}

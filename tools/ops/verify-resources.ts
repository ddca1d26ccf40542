import { paginateListStackResources } from "@aws-sdk/client-cloudformation";
import { DescribeLogGroupsCommand } from "@aws-sdk/client-cloudwatch-logs";
import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import {
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
} from "@aws-sdk/client-s3";
import type { LifecycleRule } from "@aws-sdk/client-s3";
import { GetTopicAttributesCommand } from "@aws-sdk/client-sns";
import { GetQueueAttributesCommand } from "@aws-sdk/client-sqs";

import { REDELIVERY_MS } from "../../lambdas/settings/limits.ts";
import { PAYLOAD_PREFIXES } from "../../lambdas/settings/names.ts";
import { green } from "../deploy/finding.ts";
import type { Result } from "../deploy/finding.ts";
import type { ConnectedStack } from "./stack.ts";

/** What the stack is made of, as the account has it. */
export interface StackResources {
  /** By logical id, with the name or address that AWS knows it by. */
  ofType(type: string): readonly { readonly id: string; readonly name: string }[];
}

export async function resourcesOf({
  cloudFormation,
  stackName,
}: ConnectedStack): Promise<StackResources> {
  const all: { readonly type: string; readonly id: string; readonly name: string }[] = [];
  for await (const { StackResourceSummaries = [] } of paginateListStackResources(
    { client: cloudFormation },
    { StackName: stackName },
  )) {
    for (const {
      ResourceType: type = "",
      LogicalResourceId: id = "",
      PhysicalResourceId: name = "",
    } of StackResourceSummaries) {
      all.push({ type, id, name });
    }
  }
  return { ofType: (wanted) => all.filter(({ type }) => type === wanted) };
}

/** Looks at each, and names those that are not as they should be. */
async function faultsIn(
  resources: readonly { readonly id: string; readonly name: string }[],
  isFine: (name: string) => Promise<boolean>,
): Promise<readonly string[]> {
  const looked = await Promise.all(
    resources.map(async ({ id, name }) => ((await isFine(name)) ? [] : [id])),
  );
  return looked.flat();
}

/** Whether everything that holds data is encrypted. DynamoDB always is. */
export async function checkEncryption(
  { sqs, s3, sns, dynamo }: ConnectedStack,
  resources: StackResources,
): Promise<Result> {
  const good = "every queue, topic, bucket and table";
  const faults = [
    ...(await faultsIn(resources.ofType("AWS::SQS::Queue"), async (QueueUrl) => {
      const { Attributes = {} } = await sqs.send(
        new GetQueueAttributesCommand({
          QueueUrl,
          AttributeNames: ["KmsMasterKeyId", "SqsManagedSseEnabled"],
        }),
      );
      return Attributes["SqsManagedSseEnabled"] === "true" || Boolean(Attributes["KmsMasterKeyId"]);
    })),
    ...(await faultsIn(resources.ofType("AWS::SNS::Topic"), async (TopicArn) => {
      const { Attributes = {} } = await sns.send(new GetTopicAttributesCommand({ TopicArn }));
      return Boolean(Attributes["KmsMasterKeyId"]);
    })),
    ...(await faultsIn(resources.ofType("AWS::S3::Bucket"), async (Bucket) => {
      const { ServerSideEncryptionConfiguration: rules } = await s3.send(
        new GetBucketEncryptionCommand({ Bucket }),
      );
      return (rules?.Rules ?? []).length > 0;
    })),
    ...(await faultsIn(resources.ofType("AWS::DynamoDB::GlobalTable"), async (TableName) => {
      const { Table } = await dynamo.send(new DescribeTableCommand({ TableName }));
      const status = Table?.SSEDescription?.Status;
      return status === undefined || status === "ENABLED";
    })),
  ];
  if (faults.length === 0) return green("all", good);
  return drifted(`not: ${faults.join(", ")}`, good);
}

/** Whether what must be kept is kept, and what must end ends. */
export async function checkRetention(
  { sqs, s3, dynamo, logs, payloadBucketName }: ConnectedStack,
  resources: StackResources,
): Promise<Result> {
  const good =
    "messages 14 days; tables restorable, with a time to live; logs and large bodies that end, but for those of a legal hold";
  const kept = String(REDELIVERY_MS.queueRetention / 1_000);
  const faults = [
    ...(await faultsIn(resources.ofType("AWS::SQS::Queue"), async (QueueUrl) => {
      const { Attributes = {} } = await sqs.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["MessageRetentionPeriod"] }),
      );
      return Attributes["MessageRetentionPeriod"] === kept;
    })),
    ...(await faultsIn(resources.ofType("AWS::DynamoDB::GlobalTable"), async (TableName) => {
      const { ContinuousBackupsDescription: backups } = await dynamo.send(
        new DescribeContinuousBackupsCommand({ TableName }),
      );
      const { TimeToLiveDescription: ttl } = await dynamo.send(
        new DescribeTimeToLiveCommand({ TableName }),
      );
      const recovery = backups?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus;
      return recovery === "ENABLED" && ttl?.TimeToLiveStatus === "ENABLED";
    })),
    ...(await faultsIn(resources.ofType("AWS::Logs::LogGroup"), async (name) => {
      const { logGroups = [] } = await logs.send(
        new DescribeLogGroupsCommand({ logGroupNamePrefix: name }),
      );
      const own = logGroups.find(({ logGroupName }) => logGroupName === name);
      return own?.retentionInDays !== undefined;
    })),
    ...(await faultsIn(resources.ofType("AWS::S3::Bucket"), async (Bucket) => {
      const { Rules = [] } = await s3
        .send(new GetBucketLifecycleConfigurationCommand({ Bucket }))
        .catch(noneAtAll);
      if (Bucket !== payloadBucketName) return doesEnd(Rules, "");
      const { webhook, poll, held } = PAYLOAD_PREFIXES;
      return doesEnd(Rules, webhook) && doesEnd(Rules, poll) && !doesEnd(Rules, held);
    })),
  ];
  if (faults.length === 0) return green("as deployed", good);
  return drifted(`not: ${faults.join(", ")}`, good);
}

/** Whether a bucket's rules end every object under a prefix. */
function doesEnd(rules: readonly LifecycleRule[], prefix: string): boolean {
  return rules.some((rule) => {
    // The second is how a rule of the template comes back that names nothing but a prefix.
    const { Prefix = "" } = rule.Filter ?? rule;
    const isOn = rule.Status === "Enabled" && rule.Expiration !== undefined;
    return isOn && prefix.startsWith(Prefix);
  });
}

/** S3 answers with an error where no rule is. */
function noneAtAll(error: unknown): { readonly Rules: undefined } {
  if (error instanceof Error && error.name === "NoSuchLifecycleConfiguration") {
    return { Rules: undefined };
  }
  throw error;
}

function drifted(found: string, good: string): Result {
  return {
    state: "red",
    found,
    good,
    fix: "somebody changed it: CloudFormation's drift detection says what; then deploy again",
  };
}

import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { KMSClient } from "@aws-sdk/client-kms";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { SNSClient } from "@aws-sdk/client-sns";

import type { Person } from "../../lib/people.ts";
import type { ConnectedStack } from "../../tools/ops/stack.ts";
import { IamGuard } from "../../tools/strict-aws/iam/guard.ts";
import { guardClient } from "../../tools/strict-aws/iam/guarded-client.ts";
import { callerAs } from "../../tools/strict-aws/iam/peoples-calls.ts";
import type { DeployedPolicies } from "../../tools/strict-aws/iam/policies.ts";
import { isRecord } from "../../tools/template/template.ts";
import type { Contents } from "../../tools/cloud-in-memory/dynalite.ts";
import { startDynamoDb } from "./dynalite.ts";
import { s3Over } from "./memory-s3.ts";
import { cloudFormationOf } from "./cloud-formation.ts";
import { memoryEvents } from "./memory-events.ts";
import { memorySecrets } from "./memory-secrets.ts";
import { MemorySqs } from "./memory-sqs.ts";
import { STACK_NAMES } from "./operator.ts";
import { answered } from "../../tools/cloud-in-memory/clients.ts";

const REGION = { region: "us-east-1" };

/** Of the webhook: two entries, so that one can be removed. */
const SECRET = {
  basic: ["first", "second"].map((which) => ({
    username: which,
    password: `the ${which} password of this test`,
  })),
};

const NO_APPLICATION_DUE = { due: 0, left: 0, checked: 0, applications: [] };

/**
 * A deployed stack as a person in a role has it: IAM judges each call by the template's policies before anything answers.
 * The table is dynalite, the queues are in memory; the other services answer the least that a verb takes.
 */
export async function stackAs(
  person: Person,
  deployed: DeployedPolicies,
  {
    objects = new Map<string, string>(),
    publicKey = new Uint8Array(),
    contents,
  }: {
    readonly objects?: Map<string, string>;
    readonly publicKey?: Uint8Array;
    readonly contents?: Contents;
  } = {},
) {
  const { stack, arns } = deployed;
  const dynamo = await startDynamoDb({ contents });
  // One of its own: the other fills the table, and nobody's rights are asked for that.
  const client = dynamo.connect();
  const sqs = new MemorySqs();
  const functionNames = {
    ingest: arns.text(stack.outputs["IngestFunctionName"]),
    consumer: arns.text(stack.outputs["ConsumerFunctionName"]),
    poller: arns.text(stack.outputs["PollerFunctionName"]),
    statement: arns.text(stack.outputs["StatementFunctionName"]),
  };
  const logging = stack.resources.find(({ logicalId }) => logicalId === functionNames.consumer)
    ?.Properties["LoggingConfig"];
  const LogGroup = isRecord(logging) ? arns.text(logging["LogGroup"]) : "";
  const clients = {
    cloudFormation: cloudFormationOf(stack),
    cloudWatch: answered(new CloudWatchClient(REGION), () => ({})),
    logs: answered(new CloudWatchLogsClient(REGION), () => ({})),
    lambda: answered(new LambdaClient(REGION), () => ({
      LoggingConfig: { LogGroup },
      Payload: { transformToString: () => JSON.stringify(NO_APPLICATION_DUE) },
    })),
    dynamo: client,
    sqs: sqs.client,
    s3: s3Over(objects),
    secrets: memorySecrets(JSON.stringify(SECRET)).client,
    kms: answered(new KMSClient(REGION), () => ({ PublicKey: publicKey })),
    sns: answered(new SNSClient(REGION), () => ({})),
    events: memoryEvents().client,
  };
  const connected: ConnectedStack = {
    ...STACK_NAMES,
    ...clients,
    stage: "production",
    stackName: arns.text(stack.outputs["DashboardName"]),
    statementKeyArn: "StatementKey",
    eventQueueUrl: "EventQueue",
    deadLetterQueueUrl: "DeadLetterQueue",
    idempotencyTableName: dynamo.idempotencyTableName,
    functionNames,
  };
  const names = new Map([
    [dynamo.applicationTableName, "ApplicationTable"],
    [dynamo.idempotencyTableName, "IdempotencyTable"],
    ["payloads", "PayloadBucket"],
    ["statements", "StatementBucket"],
    ["StatementKey", "StatementKey"],
    ["webhook-secret", "WebhookSecret"],
    ["HeldEventQueue", "HeldEventQueue"],
    ...stack.ofType("AWS::SQS::Queue").map(({ logicalId }) => [logicalId, logicalId] as const),
    [arns.text(stack.outputs["DashboardName"]), "EventBus"],
    ["arn:EventQueue", "EventQueue"],
    ["arn:DeadLetterQueue", "DeadLetterQueue"],
  ]);
  const guard = new IamGuard(deployed, { names });
  for (const one of Object.values(clients)) guardClient(one, guard, () => callerAs(person));
  return { connected, sqs, dynamo, denials: guard.denials };
}

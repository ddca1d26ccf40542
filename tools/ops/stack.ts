import { readFileSync } from "node:fs";

import { CloudFormationClient, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { DynamoDB } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { KMSClient } from "@aws-sdk/client-kms";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { S3Client } from "@aws-sdk/client-s3";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SNSClient } from "@aws-sdk/client-sns";
import { SQSClient } from "@aws-sdk/client-sqs";
import * as v from "valibot";

import { SDK_LIMITS } from "../../lambdas/adapters/sdk-limits.ts";
import { runningOutputsFiles } from "../local/outputs-file.ts";
import { OperatorError } from "./operator-error.ts";

/** The outputs that the verbs need (docs/contracts.md#stack-and-outputs). */
const OutputsSchema = v.object({
  EventQueueUrl: v.string(),
  DeadLetterQueueUrl: v.string(),
  ApplicationTableName: v.string(),
  IdempotencyTableName: v.string(),
  PayloadBucketName: v.string(),
  StatementFunctionName: v.string(),
  StatementBucketName: v.string(),
  StatementKeyArn: v.string(),
  WebhookUrl: v.string(),
  WebhookSecretArn: v.string(),
  IngestFunctionName: v.string(),
  ConsumerFunctionName: v.string(),
  PollerFunctionName: v.string(),
  PageTopicArn: v.string(),
  DashboardName: v.string(),
});

const OutputsFileSchema = v.object({
  // Null of a run in one process.
  endpoint: v.string("that run is in one process and has no AWS endpoint"),
  region: v.string(),
  // One that works from this machine.
  webhookUrl: v.string(),
  basic: v.optional(v.object({ username: v.string(), password: v.string() })),
  outputs: OutputsSchema,
});

/** Where the clients call, and as whom. @default - as the SDK finds it */
interface Place {
  readonly endpoint?: string;
  readonly region?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Buckets stand in the path, not in a name that would have to resolve. */
  readonly forcePathStyle?: boolean;
}

/** A stack, and the clients by which it is reached. */
export type ConnectedStack = Readonly<ReturnType<typeof connected>>;

/**
 * Finds the stack.
 *
 * @param options.outputsFile - what `npm start -- --outputs <file>` wrote; when there is none, the stage is
 * looked up in the AWS account of the environment's credentials, and the stage `local` on this machine.
 * @throws OperatorError when there is no such stack or file.
 */
export async function connect(options: {
  readonly stage: string;
  readonly outputsFile: string | null;
}): Promise<ConnectedStack> {
  const { stage } = options;
  if (options.outputsFile === null && stage !== "local") {
    return connected(await outputsOf(stage), {}, null);
  }
  const { endpoint, region, webhookUrl, basic, outputs } =
    options.outputsFile === null ? await newestLocal() : readOutputs(options.outputsFile);
  // The emulator takes any credentials, and must not be shown real ones.
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  const local = { ...outputs, WebhookUrl: webhookUrl };
  const place = { endpoint, region, credentials, forcePathStyle: true };
  return connected(local, place, basic === undefined ? null : basicOf(basic));
}

function connected(
  outputs: v.InferOutput<typeof OutputsSchema>,
  place: Place,
  authorization: string | null,
) {
  const configuration = { ...SDK_LIMITS, ...place };
  return {
    // The dashboard has the stack's name, and the stack the stage's.
    stackName: outputs.DashboardName,
    stage: outputs.DashboardName.replace(/^AlloyJourneyWebhooks-/, ""),
    cloudFormation: new CloudFormationClient(configuration),
    cloudWatch: new CloudWatchClient(configuration),
    logs: new CloudWatchLogsClient(configuration),
    lambda: new LambdaClient(configuration),
    dynamo: new DynamoDB(configuration),
    sqs: new SQSClient(configuration),
    s3: new S3Client(configuration),
    kms: new KMSClient(configuration),
    secrets: new SecretsManagerClient(configuration),
    sns: new SNSClient(configuration),
    events: new EventBridgeClient(configuration),
    eventQueueUrl: outputs.EventQueueUrl,
    deadLetterQueueUrl: outputs.DeadLetterQueueUrl,
    applicationTableName: outputs.ApplicationTableName,
    idempotencyTableName: outputs.IdempotencyTableName,
    payloadBucketName: outputs.PayloadBucketName,
    statementBucketName: outputs.StatementBucketName,
    statementKeyArn: outputs.StatementKeyArn,
    webhookUrl: outputs.WebhookUrl,
    webhookSecretArn: outputs.WebhookSecretArn,
    pageTopicArn: outputs.PageTopicArn,
    /** In an emulator. */
    isLocal: place.endpoint !== undefined,
    /** What a webhook of a local stack authenticates with; null: this tool does not know it. */
    authorization,
    functionNames: {
      ingest: outputs.IngestFunctionName,
      consumer: outputs.ConsumerFunctionName,
      poller: outputs.PollerFunctionName,
      statement: outputs.StatementFunctionName,
    },
  };
}

function basicOf({ username, password }: { readonly username: string; readonly password: string }) {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

async function outputsOf(stage: string): Promise<v.InferOutput<typeof OutputsSchema>> {
  const StackName = `AlloyJourneyWebhooks-${stage}`;
  try {
    const { Stacks = [] } = await new CloudFormationClient(SDK_LIMITS).send(
      new DescribeStacksCommand({ StackName }),
    );
    const pairs = (Stacks[0]?.Outputs ?? []).map(({ OutputKey, OutputValue }) => [
      OutputKey,
      OutputValue,
    ]);
    return v.parse(OutputsSchema, Object.fromEntries(pairs));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new OperatorError(
      `The stack ${StackName} could not be read (${why}). Check --stage, AWS_REGION and your credentials.`,
      { cause: error },
    );
  }
}

/** Of the runs of `npm start` that are up, the newest one with an endpoint to look into. */
async function newestLocal(): Promise<v.InferOutput<typeof OutputsFileSchema>> {
  const files = await runningOutputsFiles();
  const failures: unknown[] = [];
  for (const file of files) {
    try {
      return readOutputs(file);
    } catch (error) {
      failures.push(error);
    }
  }
  throw (
    failures[0] ??
    new OperatorError('No "npm start" is up on this machine, or none has come so far yet.')
  );
}

function readOutputs(file: string): v.InferOutput<typeof OutputsFileSchema> {
  try {
    return v.parse(OutputsFileSchema, JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new OperatorError(
      `The outputs file ${file} could not be read (${why}). To write it: npm start -- --outputs ${file}`,
      { cause: error },
    );
  }
}

import { readFileSync } from "node:fs";

import { CloudFormationClient, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import { SQSClient } from "@aws-sdk/client-sqs";
import type { SQSClientConfig } from "@aws-sdk/client-sqs";
import * as v from "valibot";

import { SDK_LIMITS } from "../../lambdas/adapters/sdk-limits.ts";
import { OperatorError } from "./operator-error.ts";

/** The outputs that the verbs need (design 2.8). */
const OutputsSchema = v.object({
  EventQueueUrl: v.string(),
  DeadLetterQueueUrl: v.string(),
  ApplicationTableName: v.string(),
});

const OutputsFileSchema = v.object({
  endpoint: v.string(),
  region: v.string(),
  outputs: OutputsSchema,
});

export interface ConnectedStack {
  readonly dynamo: DynamoDBClient;
  readonly sqs: SQSClient;
  readonly eventQueueUrl: string;
  readonly deadLetterQueueUrl: string;
  readonly applicationTableName: string;
}

/**
 * Finds the stack.
 *
 * @param outputsFile - what `npm start -- --outputs <file>` wrote; otherwise the stage is looked up in
 * the AWS account of the environment's credentials.
 * @throws OperatorError when there is no such stack or file.
 */
export async function connect(options: {
  readonly stage: string;
  readonly outputsFile: string | undefined;
}): Promise<ConnectedStack> {
  const { outputsFile, stage } = options;
  if (outputsFile === undefined) return connected(await outputsOf(stage), SDK_LIMITS);
  const { endpoint, region, outputs } = readOutputs(outputsFile);
  // The emulator takes any credentials, and must not be shown real ones.
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  return connected(outputs, { ...SDK_LIMITS, endpoint, region, credentials });
}

function connected(
  outputs: v.InferOutput<typeof OutputsSchema>,
  configuration: SQSClientConfig & DynamoDBClientConfig,
): ConnectedStack {
  return {
    dynamo: new DynamoDBClient(configuration),
    sqs: new SQSClient(configuration),
    eventQueueUrl: outputs.EventQueueUrl,
    deadLetterQueueUrl: outputs.DeadLetterQueueUrl,
    applicationTableName: outputs.ApplicationTableName,
  };
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
      `The stack ${StackName} could not be read (${why}). Are --stage, AWS_REGION and the credentials right?`,
      { cause: error },
    );
  }
}

function readOutputs(file: string): v.InferOutput<typeof OutputsFileSchema> {
  try {
    return v.parse(OutputsFileSchema, JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new OperatorError(
      `The outputs file ${file} could not be read (${why}). "npm start -- --outputs ${file}" writes it.`,
      { cause: error },
    );
  }
}

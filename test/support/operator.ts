import { CloudFormationClient } from "@aws-sdk/client-cloudformation";
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

import type { ConnectedStack } from "../../tools/ops/stack.ts";
import type { Agreement, RunTerminal } from "../../tools/ops/terminal.ts";
import { plain } from "../../tools/terminal/lines.ts";
import type { Line } from "../../tools/terminal/lines.ts";
import { MemorySqs } from "./memory-sqs.ts";
import { answered } from "../../tools/cloud-in-memory/clients.ts";

/** A terminal that keeps what it is told. */
export class KeptTerminal implements RunTerminal {
  readonly lines: string[] = [];
  readonly warnings: string[] = [];
  readonly questions: string[] = [];
  readonly steps: string[] = [];
  readonly results: unknown[] = [];
  answer: Agreement = "yes";

  print(...lines: readonly Line[]): void {
    this.lines.push(...lines.map(plain));
  }
  progress(text: string): void {
    this.steps.push(plain(text));
  }
  warn(...lines: readonly Line[]): void {
    this.warnings.push(...lines.map(plain));
  }
  async asks(question: string): Promise<Agreement> {
    this.questions.push(plain(question));
    return this.answer;
  }
  isAttended = true;
  /** What was shown to the person alone, with what stood above it. */
  readonly revealed: { readonly secret: string; readonly above: readonly string[] }[] = [];
  async reveal(secret: string, ...above: readonly string[]): Promise<void> {
    this.revealed.push({ secret, above });
  }
  isInteractive = false;
  redraw(...lines: readonly Line[]): void {
    this.print(...lines);
  }
  use(): void {}
  report(result: unknown): void {
    this.results.push(result);
  }
  end(): void {}
  get text(): string {
    return this.lines.join("\n");
  }
}

const ELSEWHERE = { region: "us-east-1" };

/** Of a stack, all but its clients. */
export const STACK_NAMES = {
  stage: "test",
  stackName: "AlloyJourneyWebhooks-test",
  eventQueueUrl: "events",
  deadLetterQueueUrl: "dead",
  applicationTableName: "applications",
  idempotencyTableName: "records",
  payloadBucketName: "payloads",
  statementBucketName: "statements",
  statementKeyArn: "statement-key",
  webhookSecretArn: "webhook-secret",
  pageTopicArn: "arn:aws:sns:us-east-1:111122223333:page",
  webhookUrl: "http://127.0.0.1:9/",
  isLocal: false,
  authorization: null,
  functionNames: {
    ingest: "ingest",
    consumer: "consumer",
    poller: "poller",
    statement: "statement",
  },
} as const;

/** A stack whose queues are in memory, and whose table is empty; a verb that asks for more fails its test. */
export function aStack(sqs = new MemorySqs()): ConnectedStack {
  return {
    ...STACK_NAMES,
    cloudFormation: new CloudFormationClient(ELSEWHERE),
    cloudWatch: new CloudWatchClient(ELSEWHERE),
    logs: new CloudWatchLogsClient(ELSEWHERE),
    lambda: new LambdaClient(ELSEWHERE),
    dynamo: answered(new DynamoDB(ELSEWHERE), () => ({})),
    sqs: sqs.client,
    s3: new S3Client(ELSEWHERE),
    kms: new KMSClient(ELSEWHERE),
    secrets: new SecretsManagerClient(ELSEWHERE),
    sns: new SNSClient(ELSEWHERE),
    events: new EventBridgeClient(ELSEWHERE),
  };
}

/**
 * A stack whose clients answer each command with what stands under its name; an error is the command's failure.
 *
 * @param sqs - its queues. @default - they answer so, too
 */
export function anAnsweringStack(
  answers: Readonly<Record<string, object>>,
  sqs?: MemorySqs,
): ConnectedStack {
  const queues = new SQSClient(ELSEWHERE);
  const stack = { ...aStack(sqs), dynamo: new DynamoDB(ELSEWHERE) };
  const { cloudFormation, cloudWatch, logs, lambda, dynamo, s3, kms, secrets, sns } = stack;
  const clients = [cloudFormation, cloudWatch, logs, lambda, dynamo, s3, kms, secrets, sns];
  for (const client of [...clients, queues]) {
    answered<object>(client, (_, commandName) => {
      const answer = answers[commandName.replace("Command", "")] ?? {};
      if (answer instanceof Error) throw answer;
      return answer;
    });
  }
  return sqs === undefined ? { ...stack, sqs: queues } : stack;
}

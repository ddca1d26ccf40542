import { CloudFormationClient } from "@aws-sdk/client-cloudformation";
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { LambdaClient } from "@aws-sdk/client-lambda";
import type { ConnectedStack } from "../../tools/ops/stack.ts";
import type { Terminal } from "../../tools/ops/terminal.ts";
import { MemorySqs } from "./memory-sqs.ts";

/** A terminal that keeps what it is told. */
export class KeptTerminal implements Terminal {
  readonly lines: string[] = [];
  readonly warnings: string[] = [];
  readonly questions: string[] = [];
  readonly steps: string[] = [];
  answer = true;

  print(text: string): void {
    this.lines.push(text);
  }
  progress(text: string): void {
    this.steps.push(text);
  }
  warn(text: string): void {
    this.warnings.push(text);
  }
  async agrees(question: string): Promise<boolean> {
    this.questions.push(question);
    return this.answer;
  }
  get text(): string {
    return this.lines.join("\n");
  }
}

const ELSEWHERE = { region: "us-east-1" };

/** A stack whose queues are in memory, and whose table is empty; a verb that asks for more fails its test. */
export function aStack(sqs = new MemorySqs()): ConnectedStack {
  const dynamo = new DynamoDBClient(ELSEWHERE);
  dynamo.middlewareStack.add(() => async () => ({ output: { $metadata: {} }, response: {} }), {
    step: "initialize",
  });
  return {
    stage: "test",
    stackName: "AlloyJourneyWebhooks-test",
    cloudFormation: new CloudFormationClient(ELSEWHERE),
    cloudWatch: new CloudWatchClient(ELSEWHERE),
    logs: new CloudWatchLogsClient(ELSEWHERE),
    lambda: new LambdaClient(ELSEWHERE),
    dynamo,
    sqs: sqs.client,
    eventQueueUrl: "events",
    deadLetterQueueUrl: "dead",
    applicationTableName: "applications",
    webhookUrl: "http://127.0.0.1:9/",
    functionNames: { ingest: "ingest", consumer: "consumer", poller: "poller" },
  };
}

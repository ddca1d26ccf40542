import { brotliDecompressSync } from "node:zlib";

import { paginateListStackResources } from "@aws-sdk/client-cloudformation";
import { paginateFilterLogEvents } from "@aws-sdk/client-cloudwatch-logs";
import { paginateListMetrics } from "@aws-sdk/client-cloudwatch";
import { paginateScan } from "@aws-sdk/client-dynamodb";
import { DeleteObjectCommand, GetObjectCommand, paginateListObjectsV2 } from "@aws-sdk/client-s3";
import { ChangeMessageVisibilityCommand, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import type { Message } from "@aws-sdk/client-sqs";
import { unmarshall } from "@aws-sdk/util-dynamodb";

import { STACK_NAME } from "../../../tools/local/emulator/cdk.ts";
import type { makeDriver } from "./driver.ts";

/** Long enough to see each message of a queue once. */
const LOOK_SECONDS = 60;

/**
 * Looks for a text in everything that the stack's resources keep: items with their bodies, objects, messages of every
 * queue, entries of every log group, names and dimensions of metrics. Afterwards each message is where it was.
 *
 * @returns the logical ids of the resources that have it, in order; `metrics` for a metric.
 */
export async function storesWith(
  text: string,
  { clients }: ReturnType<typeof makeDriver>,
): Promise<readonly string[]> {
  const found = new Set<string>();
  const resources = paginateListStackResources(
    { client: clients.cloudFormation },
    { StackName: STACK_NAME },
  );
  for await (const { StackResourceSummaries = [] } of resources) {
    for (const {
      LogicalResourceId = "",
      PhysicalResourceId = "",
      ResourceType,
    } of StackResourceSummaries) {
      for await (const kept of keptIn(ResourceType ?? "", PhysicalResourceId)) {
        if (kept.includes(text)) found.add(LogicalResourceId);
      }
    }
  }
  for await (const page of paginateListMetrics({ client: clients.cloudWatch }, {})) {
    if (JSON.stringify(page.Metrics ?? []).includes(text)) found.add("metrics");
  }
  return [...found].toSorted();

  async function* lookedAt(QueueUrl: string): AsyncGenerator<readonly Message[]> {
    const { sqs } = clients;
    const seen: (string | undefined)[] = [];
    for (let empty = 0; empty < 2;) {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: 10,
          VisibilityTimeout: LOOK_SECONDS,
          MessageAttributeNames: ["All"],
        }),
      );
      empty = Messages.length === 0 ? empty + 1 : 0;
      seen.push(...Messages.map(({ ReceiptHandle }) => ReceiptHandle));
      yield Messages;
    }
    for (const ReceiptHandle of seen) {
      const visible = { QueueUrl, ReceiptHandle, VisibilityTimeout: 0 };
      await sqs.send(new ChangeMessageVisibilityCommand(visible));
    }
  }

  async function* keptIn(type: string, name: string): AsyncGenerator<string> {
    switch (type) {
      case "AWS::DynamoDB::GlobalTable":
        for await (const { Items = [] } of paginateScan(
          { client: clients.dynamo },
          { TableName: name },
        )) {
          for (const item of Items.map((one) => unmarshall(one))) yield itemText(item);
        }
        return;
      case "AWS::S3::Bucket": {
        const client = clients.s3;
        for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: name })) {
          for (const { Key = "" } of Contents) {
            const { Body } = await client.send(new GetObjectCommand({ Bucket: name, Key }));
            yield `${Key} ${await Body?.transformToString()}`;
          }
        }
        return;
      }
      case "AWS::SQS::Queue":
        for await (const messages of lookedAt(name)) yield JSON.stringify(messages);
        return;
      case "AWS::Logs::LogGroup":
        for await (const { events = [] } of paginateFilterLogEvents(
          { client: clients.logs },
          { logGroupName: name },
        )) {
          yield JSON.stringify(events);
        }
    }
  }
}

function itemText(item: Readonly<Record<string, unknown>>): string {
  const { body } = item;
  const whole = body instanceof Uint8Array ? brotliDecompressSync(body).toString() : "";
  return `${JSON.stringify(item)} ${whole}`;
}

/** Of the day of which another test makes one. */
export async function deleteStatements({
  clients,
  output,
}: ReturnType<typeof makeDriver>): Promise<void> {
  const Bucket = output("StatementBucketName");
  for await (const { Contents = [] } of paginateListObjectsV2({ client: clients.s3 }, { Bucket })) {
    for (const { Key } of Contents) await clients.s3.send(new DeleteObjectCommand({ Bucket, Key }));
  }
}

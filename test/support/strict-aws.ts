import { createHash, randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";

import { CreateTableCommand } from "@aws-sdk/client-dynamodb";
import * as v from "valibot";

import { MemoryQueue } from "../../tools/cloud-in-memory/queue.ts";
import { IamGuard } from "../../tools/strict-aws/iam/guard.ts";
import type { DeployedPolicies } from "../../tools/strict-aws/iam/policies.ts";
import { readRequest, startStrictProxy } from "../../tools/strict-aws/strict-proxy.ts";
import { recognise } from "../../tools/strict-aws/wire.ts";
import type { Recognised, WireRequest } from "../../tools/strict-aws/wire.ts";
import { TABLES } from "../../tools/cloud-in-memory/dynalite.ts";
import { startDynamoDb } from "./dynalite.ts";
import { startLocalServer } from "./local-server.ts";

const TABLE_IDS: ReadonlyMap<string, string> = new Map([
  ["applications", "ApplicationTable"],
  ["idempotency", "IdempotencyTable"],
]);

const SendSchema = v.object({ QueueUrl: v.string(), MessageBody: v.string() });
const BatchSchema = v.object({
  QueueUrl: v.string(),
  Entries: v.array(v.object({ Id: v.string(), MessageBody: v.string() })),
});
const HandleSchema = v.object({
  QueueUrl: v.string(),
  ReceiptHandle: v.string(),
  VisibilityTimeout: v.number(),
});
const QueueSchema = v.object({ QueueUrl: v.string() });
const EventsSchema = v.object({
  Entries: v.array(v.object({ DetailType: v.string(), Detail: v.string() })),
});
const SecretSchema = v.object({ SecretId: v.string() });
const ObjectSchema = v.object({ Bucket: v.string(), Key: v.string() });

type Answer = Readonly<Record<string, unknown>> | Uint8Array;

/**
 * Starts an AWS on a port of 127.0.0.1 that grants what the template's policies grant, and takes what AWS's limits
 * take. DynamoDB is dynalite, the queues are `MemoryQueue`; the bus, bucket, secrets and metrics are kept here.
 *
 * @param deployed - whose policies are asked, and whose names the resources have.
 * @param secrets - by the logical id of the secret.
 * @param now - epoch milliseconds.
 */
export async function startStrictAws(
  deployed: DeployedPolicies,
  secrets: Readonly<Record<string, unknown>>,
  now: () => number,
) {
  const dynamo = await startDynamoDb();
  for (const table of TABLES) {
    const TableName = TABLE_IDS.get(table.TableName);
    await dynamo.client.send(new CreateTableCommand({ ...table, TableName }));
  }
  // Longer than any test.
  const patience = { retentionMs: 3_600_000, visibilityMs: 600_000 };
  const queue = () => new MemoryQueue({ now, newId: randomUUID, ...patience });
  const deadLetters = queue();
  const events = queue();
  const objects = new Map<string, Uint8Array>();
  const published: { readonly title: string; readonly detail: unknown }[] = [];
  const refused: string[] = [];

  const queueAt = (url: string) => (url.endsWith("/DeadLetterQueue") ? deadLetters : events);
  const sent = (url: string, body: string) => ({
    MessageId: queueAt(url).send(body),
    MD5OfMessageBody: createHash("md5").update(body).digest("hex"),
  });

  /** Null: there is no such object. @throws Error at an operation that is not known here. */
  function answerOf({ operation, input }: Recognised, body: Uint8Array): Answer | null {
    switch (operation) {
      case "SendMessage": {
        const { QueueUrl, MessageBody } = v.parse(SendSchema, input);
        return sent(QueueUrl, MessageBody);
      }
      case "SendMessageBatch": {
        const { QueueUrl, Entries } = v.parse(BatchSchema, input);
        const Successful = Entries.map(({ Id, MessageBody }) => ({
          Id,
          ...sent(QueueUrl, MessageBody),
        }));
        return { Successful, Failed: [] };
      }
      case "ChangeMessageVisibility": {
        const { QueueUrl, ReceiptHandle, VisibilityTimeout } = v.parse(HandleSchema, input);
        queueAt(QueueUrl).changeVisibility(ReceiptHandle, VisibilityTimeout);
        return {};
      }
      case "GetQueueAttributes": {
        const held = queueAt(v.parse(QueueSchema, input).QueueUrl).messages().length;
        return { Attributes: { ApproximateNumberOfMessages: String(held) } };
      }
      case "PutEvents": {
        const { Entries } = v.parse(EventsSchema, input);
        for (const { DetailType: title, Detail } of Entries) {
          published.push({ title, detail: JSON.parse(Detail) });
        }
        return { FailedEntryCount: 0, Entries: Entries.map(() => ({ EventId: randomUUID() })) };
      }
      case "GetSecretValue": {
        const { SecretId } = v.parse(SecretSchema, input);
        const [, secret] = Object.entries(secrets).find(([id]) => SecretId.includes(id)) ?? [];
        return { SecretString: JSON.stringify(secret) };
      }
      case "PutObject": {
        objects.set(v.parse(ObjectSchema, input).Key, body);
        return new Uint8Array();
      }
      case "GetObject":
        return objects.get(v.parse(ObjectSchema, input).Key) ?? null;
      case "GetMetricData":
        return { MetricDataResults: [] };
      default:
        throw new Error(`${operation} is not known here.`);
    }
  }

  async function answer(asked: WireRequest, response: ServerResponse): Promise<void> {
    const request = recognise(asked);
    if (request === null) throw new Error(`The proxy let ${asked.url} through.`);
    if (request.service === "dynamodb") {
      const { status, headers, body } = await dynamo.answer(asked);
      response.writeHead(status, headers).end(body);
      return;
    }
    const answered = answerOf(request, asked.body);
    if (answered === null) {
      // The one thing that is asked for and may be gone is an object.
      response.writeHead(404, { "content-type": "application/xml" });
      response.end("<Error><Code>NoSuchKey</Code></Error>");
      return;
    }
    response.writeHead(200, { "content-type": "application/x-amz-json-1.1" });
    response.end(answered instanceof Uint8Array ? answered : JSON.stringify(answered));
  }

  const server = await startLocalServer((incoming, response) => {
    readRequest(incoming)
      .then((asked) => answer(asked, response))
      .catch((error: unknown) => {
        refused.push(String(error));
        response.destroy();
      });
  });
  const names = new Map(
    ["EventBus", "PayloadBucket", "WebhookSecret", "AlloyApiSecret"].map((id) => [
      deployed.arns.refOf(id),
      id,
    ]),
  );
  const guard = new IamGuard(deployed, { names });
  const proxy = await startStrictProxy({
    target: server.url,
    guard,
    callerOf: (role) => ({ role }),
    onRefused: (sentence) => refused.push(sentence),
  });
  return {
    endpoint: proxy.url,
    events,
    deadLetters,
    objects,
    published,
    /** All that IAM or a documented limit refused, as sentences, and whatever broke here. */
    refused,
    async close() {
      await proxy.close();
      await server.close();
      await dynamo.close();
    },
  };
}

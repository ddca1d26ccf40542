import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import {
  DynamoDBClient,
  ListTablesCommand,
  PutItemCommand,
  ScanCommand,
} from "@aws-sdk/client-dynamodb";
import { CloudWatchClient, GetMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { PutEventsCommand, EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { SendMessageBatchCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { Caller } from "../../tools/strict-aws/iam/call.ts";
import { roleOf } from "../../tools/strict-aws/iam/declared-calls.ts";
import { IamGuard } from "../../tools/strict-aws/iam/guard.ts";
import { startStrictProxy } from "../../tools/strict-aws/strict-proxy.ts";
import type { StrictProxy } from "../../tools/strict-aws/strict-proxy.ts";
import { sandboxPolicies } from "../support/iam.ts";
import { startLocalServer } from "../support/local-server.ts";
import type { LocalServer } from "../support/local-server.ts";

const NAMES = new Map([
  ["events", "EventQueue"],
  ["payloads", "PayloadBucket"],
  ["applications", "ApplicationTable"],
  ["bus", "EventBus"],
]);
const QUEUE_URL = "https://sqs.us-east-1.amazonaws.com/123456789012/events";

let aws: LocalServer;
let proxy: StrictProxy;
let guard: IamGuard;
const arrived: string[] = [];
const refused: string[] = [];

beforeAll(async () => {
  aws = await startLocalServer((request, response) => {
    arrived.push(`${request.method} ${request.url}`);
    request.resume();
    if (request.headers["x-amz-target"]?.toString().endsWith("SendMessageBatch") === true) {
      response.end(JSON.stringify({ Successful: [{ Id: "whole", MessageId: "1" }] }));
      return;
    }
    response.writeHead(request.url?.includes("gone") === true ? 404 : 200);
    response.end("<Error><Code>NoSuchKey</Code></Error>");
  });
  guard = new IamGuard(sandboxPolicies(), { names: NAMES });
  proxy = await startStrictProxy({
    target: new URL(aws.baseUrl).origin,
    guard,
    callerOf: (accessKeyId): Caller =>
      accessKeyId === "ingest" || accessKeyId === "consumer" || accessKeyId === "poller"
        ? { role: roleOf(accessKeyId, sandboxPolicies()) }
        : { person: accessKeyId, policy: { Version: "2012-10-17", Statement: [] } },
    onRefused: (sentence) => refused.push(sentence),
  });
});

afterAll(async () => {
  await proxy.close();
  await aws.close();
});

const as = (accessKeyId: string) => ({
  endpoint: proxy.url,
  region: "us-east-1",
  credentials: { accessKeyId, secretAccessKey: "secret" },
  maxAttempts: 1,
  forcePathStyle: true,
});

/** What a call came to: the name of its error, and what got through to the other side. */
async function outcomeOf(call: Promise<unknown>) {
  const before = arrived.length;
  const error: unknown = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  return {
    error: error instanceof Error ? error.name : null,
    isForwarded: arrived.length > before,
  };
}

describe("a proxy that asks IAM", () => {
  it("lets through what the role may do, and answers as the service does what it may not", async () => {
    const send = (by: string) =>
      new SQSClient(as(by)).send(
        new SendMessageCommand({ QueueUrl: QUEUE_URL, MessageBody: "{}" }),
      );
    const put = (by: string, source: string) =>
      new EventBridgeClient(as(by)).send(
        new PutEventsCommand({
          Entries: [
            {
              EventBusName: "bus",
              Source: source,
              DetailType: "Journey Application Approved",
              Detail: "{}",
            },
          ],
        }),
      );
    const scan = () =>
      new DynamoDBClient(as("consumer")).send(new ScanCommand({ TableName: "applications" }));
    const metrics = (by: string) =>
      new CloudWatchClient(as(by)).send(
        new GetMetricDataCommand({
          StartTime: new Date(0),
          EndTime: new Date(1),
          MetricDataQueries: [{ Id: "one", Expression: "1" }],
        }),
      );

    expect(await outcomeOf(send("ingest"))).toMatchObject({ isForwarded: true });
    expect(await outcomeOf(send("consumer"))).toEqual({
      error: "AccessDenied",
      isForwarded: false,
    });
    expect(await outcomeOf(put("consumer", "alloy.journeys"))).toMatchObject({ isForwarded: true });
    expect(await outcomeOf(put("consumer", "somebody"))).toEqual({
      error: "AccessDeniedException",
      isForwarded: false,
    });
    expect(await outcomeOf(scan())).toEqual({ error: "AccessDeniedException", isForwarded: false });
    expect(await outcomeOf(metrics("consumer"))).toEqual({
      error: "AccessDeniedException",
      isForwarded: false,
    });
    expect(await outcomeOf(metrics("poller"))).toMatchObject({ isForwarded: true });
  });

  it("answers 404 for a missing body to whoever may list, and 403 to the others", async () => {
    const read = (by: string, key: string) =>
      new S3Client(as(by)).send(new GetObjectCommand({ Bucket: "payloads", Key: key }));

    expect((await outcomeOf(read("consumer", "webhooks/gone"))).error).toBe("NoSuchKey");
    expect((await outcomeOf(read("ingest", "webhooks/gone"))).error).toBe("AccessDenied");
    expect((await outcomeOf(read("consumer", "other/gone"))).error).toBe("AccessDenied");
  });

  it("tells what it refused, and to whom", () => {
    const consumer = roleOf("consumer", sandboxPolicies());

    expect(refused.length).toBeGreaterThan(3);
    expect(refused.join("\n")).toContain(`${consumer} dynamodb:Scan arn:aws:dynamodb:`);
  });

  it("refuses what carries no signature, what cannot be read, and what a web page of others asks", async () => {
    const authorization =
      "AWS4-HMAC-SHA256 Credential=consumer/20261126/us-east-1/dynamodb/aws4_request";
    const headers = { authorization, "x-amz-target": "DynamoDB_20120810.GetItem" };

    const unsigned = await fetch(proxy.url);
    const unreadable = await fetch(proxy.url, { method: "POST", headers, body: "{" });
    const page = await fetch(proxy.url, { headers: { origin: "https://example.com" } });

    expect([unsigned.status, unreadable.status, page.status]).toEqual([400, 400, 403]);
    expect(refused.at(-1)).toContain("it is no request that is known here");
  });

  it("grants nothing to an operation of which it does not know the rights", async () => {
    const list = new DynamoDBClient(as("consumer")).send(new ListTablesCommand({}));

    expect(await outcomeOf(list)).toEqual({ error: "AccessDeniedException", isForwarded: false });
    expect(refused.at(-1)).toContain("Which rights ListTables needs is not known here");
  });
});

describe("a proxy that holds AWS's limits", () => {
  const anEntry = {
    EventBusName: "bus",
    Source: "alloy.journeys",
    DetailType: "Journey Application Approved",
    Detail: "{}",
  };
  const aQuery = (_: unknown, index: number) => ({ Id: `q${index}`, Expression: "1" });

  it.each([
    [
      "an eleventh entry of a PutEvents",
      "ValidationException",
      () =>
        new EventBridgeClient(as("consumer")).send(
          new PutEventsCommand({ Entries: Array.from({ length: 11 }, () => anEntry) }),
        ),
    ],
    [
      "a message of more than 1 MiB",
      "InvalidParameterValue",
      () =>
        new SQSClient(as("ingest")).send(
          new SendMessageCommand({ QueueUrl: QUEUE_URL, MessageBody: "x".repeat(1_048_577) }),
        ),
    ],
    [
      "an empty key of an item",
      "ValidationException",
      () =>
        new DynamoDBClient(as("consumer")).send(
          new PutItemCommand({
            TableName: "applications",
            Item: { pk: { S: "" }, sk: { S: "a" } },
          }),
        ),
    ],
    [
      "an object's key of more than 1,024 bytes",
      "KeyTooLongError",
      () =>
        new S3Client(as("consumer")).send(
          new GetObjectCommand({ Bucket: "payloads", Key: `webhooks/${"x".repeat(1_024)}` }),
        ),
    ],
    [
      "query 501 of a GetMetricData",
      // As the SDK names CloudWatch's ValidationError.
      "ValidationException",
      () =>
        new CloudWatchClient(as("poller")).send(
          new GetMetricDataCommand({
            StartTime: new Date(0),
            EndTime: new Date(1),
            MetricDataQueries: Array.from({ length: 501 }, aQuery),
          }),
        ),
    ],
  ])("refuses %s by %s", async (_, error, call) => {
    const before = refused.length;

    expect(await outcomeOf(call())).toEqual({ error, isForwarded: false });
    expect(refused).toHaveLength(before + 1);
  });

  it("refuses of a batch the entry alone, and passes the others on", async () => {
    const before = arrived.length;
    const sent = await new SQSClient({ ...as("poller"), md5: false }).send(
      new SendMessageBatchCommand({
        QueueUrl: QUEUE_URL,
        Entries: [
          { Id: "broken", MessageBody: "\u0000" },
          { Id: "whole", MessageBody: "{}" },
        ],
      }),
    );

    expect(sent.Successful?.map(({ Id }) => Id)).toEqual(["whole"]);
    expect(sent.Failed).toMatchObject([{ Id: "broken", Code: "InvalidMessageContents" }]);
    expect(arrived).toHaveLength(before + 1);
  });
});

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
import { afterAll, describe, expect, it } from "vitest";

import type { Caller } from "../../tools/strict-aws/iam/call.ts";
import { roleOf } from "../../tools/strict-aws/iam/declared-calls.ts";
import { IamGuard } from "../../tools/strict-aws/iam/guard.ts";
import { startStrictProxy } from "../../tools/strict-aws/strict-proxy.ts";
import { sandboxPolicies } from "../support/iam.ts";
import { startLocalServer } from "../support/local-server.ts";

const NAMES = new Map([
  ["events", "EventQueue"],
  ["payloads", "PayloadBucket"],
  ["applications", "ApplicationTable"],
  ["bus", "EventBus"],
]);
const QUEUE_URL = "https://sqs.us-east-1.amazonaws.com/123456789012/events";

const arrived: string[] = [];
const refused: string[] = [];

const aws = await startLocalServer((request, response) => {
  arrived.push(`${request.method} ${request.url}`);
  request.resume();
  if (request.headers["x-amz-target"]?.toString().endsWith("SendMessageBatch") === true) {
    response.end(JSON.stringify({ Successful: [{ Id: "whole", MessageId: "1" }] }));
    return;
  }
  response.writeHead(request.url?.includes("gone") === true ? 404 : 200);
  response.end("<Error><Code>NoSuchKey</Code></Error>");
});
afterAll(aws.close);
const guard = new IamGuard(sandboxPolicies(), { names: NAMES });
const proxy = await startStrictProxy({
  target: aws.url,
  guard,
  callerOf: (accessKeyId): Caller =>
    accessKeyId === "ingest" || accessKeyId === "consumer" || accessKeyId === "poller"
      ? { role: roleOf(accessKeyId, sandboxPolicies()) }
      : { person: accessKeyId, policy: { Version: "2012-10-17", Statement: [] } },
  onRefused: (sentence) => refused.push(sentence),
});
afterAll(() => proxy.close());

const as = (accessKeyId: string) => ({
  endpoint: proxy.url,
  region: "us-east-1",
  credentials: { accessKeyId, secretAccessKey: "secret" },
  maxAttempts: 1,
  forcePathStyle: true,
});

/** What a call came to: the name of its error, and whether it got through to the other side. */
async function outcomeOf(call: Promise<unknown>) {
  const before = arrived.length;
  const error = await call.then(
    () => null,
    (reason: unknown) => (reason instanceof Error ? reason.name : String(reason)),
  );
  return { error, isForwarded: arrived.length > before };
}

const send = (by: string, MessageBody = "{}") =>
  new SQSClient(as(by)).send(new SendMessageCommand({ QueueUrl: QUEUE_URL, MessageBody }));

const putEvents = (by: string, { source = "alloy.journeys", entries = 1 } = {}) => {
  const entry = {
    EventBusName: "bus",
    Source: source,
    DetailType: "Journey Application Approved",
    Detail: "{}",
  };
  const Entries = Array.from({ length: entries }, () => entry);
  return new EventBridgeClient(as(by)).send(new PutEventsCommand({ Entries }));
};

const readObject = (by: string, key: string) =>
  new S3Client(as(by)).send(new GetObjectCommand({ Bucket: "payloads", Key: key }));

const readMetrics = (by: string, queries = 1) =>
  new CloudWatchClient(as(by)).send(
    new GetMetricDataCommand({
      StartTime: new Date(0),
      EndTime: new Date(1),
      MetricDataQueries: Array.from({ length: queries }, (_, index) => ({
        Id: `q${index}`,
        Expression: "1",
      })),
    }),
  );

const consumersTable = () => new DynamoDBClient(as("consumer"));
const scan = () => consumersTable().send(new ScanCommand({ TableName: "applications" }));

describe("a proxy that asks IAM", () => {
  it.each([
    ["ingest may send a message", () => send("ingest")],
    ["the consumer may publish in our name", () => putEvents("consumer")],
    ["the poller may read metrics", () => readMetrics("poller")],
  ])("lets through what the role may do: %s", async (_, call) => {
    expect(await outcomeOf(call())).toMatchObject({ isForwarded: true });
  });

  it.each([
    ["AccessDenied", "the consumer may send none", () => send("consumer")],
    [
      "AccessDeniedException",
      "nor publish in another name",
      () => putEvents("consumer", { source: "somebody" }),
    ],
    ["AccessDeniedException", "nor go through the table", scan],
    ["AccessDeniedException", "nor read metrics", () => readMetrics("consumer")],
  ])("answers %s, as the service does, to what it may not: %s", async (error, _, call) => {
    expect(await outcomeOf(call())).toEqual({ error, isForwarded: false });
  });

  it.each([
    ["NoSuchKey", "consumer", "webhooks/gone"],
    ["AccessDenied", "ingest", "webhooks/gone"],
    ["AccessDenied", "consumer", "other/gone"],
  ])("answers %s for a missing body to %s, which asks for %s", async (error, by, key) => {
    expect((await outcomeOf(readObject(by, key))).error).toBe(error);
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
    const list = consumersTable().send(new ListTablesCommand({}));

    expect(await outcomeOf(list)).toEqual({ error: "AccessDeniedException", isForwarded: false });
    expect(refused.at(-1)).toContain("Which rights ListTables needs is not known here");
  });
});

describe("a proxy with a fault of AWS's switched on", () => {
  it("answers by it as the service does, passes nothing on, and calls it no refusal", async () => {
    const before = refused.length;
    const faulty = await startStrictProxy({
      target: aws.url,
      guard,
      callerOf: (): Caller => ({ role: roleOf("consumer", sandboxPolicies()) }),
      onRefused: (sentence) => refused.push(sentence),
      faultOf: ({ service }) =>
        service === "dynamodb"
          ? { status: 400, code: "ThrottlingException", message: "too many" }
          : null,
    });
    const to = { ...as("consumer"), endpoint: faulty.url };
    const put = new DynamoDBClient(to).send(
      new PutItemCommand({
        TableName: "applications",
        Item: { pk: { S: "APPLICATION#JA-1" }, sk: { S: "STATE" } },
      }),
    );

    expect(await outcomeOf(put)).toEqual({ error: "ThrottlingException", isForwarded: false });
    expect(refused.length).toBe(before);
    await faulty.close();
  });
});

describe("a proxy that holds AWS's limits", () => {
  it.each([
    [
      "an eleventh entry of a PutEvents",
      "ValidationException",
      () => putEvents("consumer", { entries: 11 }),
    ],
    [
      "a message of more than 1 MiB",
      "InvalidParameterValue",
      () => send("ingest", "x".repeat(1_048_577)),
    ],
    [
      "an empty key of an item",
      "ValidationException",
      () =>
        consumersTable().send(
          new PutItemCommand({
            TableName: "applications",
            Item: { pk: { S: "" }, sk: { S: "a" } },
          }),
        ),
    ],
    [
      "an object's key of more than 1,024 bytes",
      "KeyTooLongError",
      () => readObject("consumer", `webhooks/${"x".repeat(1_024)}`),
    ],
    // As the SDK names CloudWatch's ValidationError.
    ["query 501 of a GetMetricData", "ValidationException", () => readMetrics("poller", 501)],
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

import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { ScanCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { CloudWatchClient, GetMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { PutEventsCommand, EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { Caller } from "../../tools/strict-aws/iam/call.ts";
import { roleOf } from "../../tools/strict-aws/iam/declared-calls.ts";
import { IamGuard } from "../../tools/strict-aws/iam/guard.ts";
import { startIamProxy } from "../../tools/strict-aws/iam/proxy.ts";
import type { IamProxy } from "../../tools/strict-aws/iam/proxy.ts";
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
let proxy: IamProxy;
let guard: IamGuard;
const arrived: string[] = [];

beforeAll(async () => {
  aws = await startLocalServer((request, response) => {
    arrived.push(`${request.method} ${request.url}`);
    request.resume();
    response.writeHead(request.url?.includes("gone") === true ? 404 : 200);
    response.end("<Error><Code>NoSuchKey</Code></Error>");
  });
  guard = new IamGuard(sandboxPolicies(), { names: NAMES });
  proxy = await startIamProxy({
    target: new URL(aws.baseUrl).origin,
    guard,
    callerOf: (accessKeyId): Caller =>
      accessKeyId === "ingest" || accessKeyId === "consumer" || accessKeyId === "poller"
        ? { role: roleOf(accessKeyId, sandboxPolicies()) }
        : { person: accessKeyId, policy: { Version: "2012-10-17", Statement: [] } },
  });
}, 60_000);

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
          MetricDataQueries: [],
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
    expect(await outcomeOf(metrics("consumer"))).toMatchObject({ isForwarded: false });
    expect(await outcomeOf(metrics("poller"))).toMatchObject({ isForwarded: true });
  });

  it("answers 404 for a missing body to whoever may list, and 403 to the others", async () => {
    const read = (by: string, key: string) =>
      new S3Client(as(by)).send(new GetObjectCommand({ Bucket: "payloads", Key: key }));

    expect((await outcomeOf(read("consumer", "webhooks/gone"))).error).toBe("NoSuchKey");
    expect((await outcomeOf(read("ingest", "webhooks/gone"))).error).toBe("AccessDenied");
    expect((await outcomeOf(read("consumer", "other/gone"))).error).toBe("AccessDenied");
  });

  it("remembers what it refused, for the test that made it", () => {
    expect(guard.denials.length).toBeGreaterThan(3);
    expect(guard.denials.map(({ sentence }) => sentence).join("\n")).toContain("dynamodb:Scan");
  });

  it("refuses what carries no signature", async () => {
    const { status } = await fetch(proxy.url);

    expect(status).toBe(400);
  });
});

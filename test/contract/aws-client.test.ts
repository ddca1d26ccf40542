import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";

import { beforeEach, describe, expect, it } from "vitest";

import { makeAwsClient } from "../../lambdas/adapters/aws-http/aws-client.ts";
import { S3PayloadBucket } from "../../lambdas/adapters/aws-http/s3-payload-bucket.ts";
import { SecretsManagerSecret } from "../../lambdas/adapters/aws-http/secrets-manager-secret.ts";
import { SqsEnvelopeQueue } from "../../lambdas/adapters/aws-http/sqs-envelope-queue.ts";
import { startFaultyAws } from "../support/faulty-aws.ts";
import type { Fault } from "../support/faulty-aws.ts";

const QUEUE_URL = "https://sqs.us-east-1.amazonaws.com/123456789012/events";
const SECRET = { hmac: ["key"] };
const REGION = "us-east-1";

let aws: Awaited<ReturnType<typeof startFaultyAws>>;

beforeEach(async () => {
  aws = await startFaultyAws(SECRET);
  return () => aws.close();
});

/** What answers has all the time that a busy machine takes for it. */
const PATIENT_MS = 60_000;

/** The client and the adapters of ingest, with a clock that a test alone puts forward. */
function aClient({ endpoint = aws.url, attemptMs = PATIENT_MS } = {}) {
  const clock = { ahead: 0 };
  const started = Date.now();
  const now = () => started + clock.ahead;
  const call = makeAwsClient({
    region: REGION,
    credentials: () => ({ accessKeyId: "id", secretAccessKey: "key", sessionToken: undefined }),
    attempts: { most: 3, attemptMs, pauseMs: 1 },
    now,
  });
  const queue = new SqsEnvelopeQueue(call, QUEUE_URL, endpoint);
  return {
    pass: (ms: number) => void (clock.ahead += ms),
    send: (message: string, budgetMs = PATIENT_MS) => queue.send(message, now() + budgetMs),
    put: (key: string, bytes: Uint8Array) =>
      new S3PayloadBucket(call, "payloads", REGION, aws.url).put(key, bytes, now() + PATIENT_MS),
    read: () => new SecretsManagerSecret(call, "arn", REGION, aws.url).read(now() + PATIENT_MS),
  };
}

describe("the calls of ingest", () => {
  it("put a message into the queue as it is", async () => {
    const message = `{"body":"é\\u0000\u{1F600}"}`;

    expect(await aClient().send(message)).toEqual({ stored: true });
    expect(aws.messages).toEqual([message]);
  });

  it("put bytes into the bucket, under a key that a path cannot hold as it is", async () => {
    const bytes = Buffer.from([0, 255, 128]);

    expect(await aClient().put("webhooks/2026-11-23/JKJ(aX)=", bytes)).toEqual({ stored: true });
    expect([...aws.payloads]).toEqual([["/payloads/webhooks/2026-11-23/JKJ%28aX%29%3D", bytes]]);
  });

  it("read the secret", async () => {
    expect(await aClient().read()).toEqual({ text: JSON.stringify(SECRET) });
  });

  it.each<readonly [Fault, string, number]>([
    ["hang", "timeout", 3],
    ["reset", "reset", 3],
    ["throttle", "throttled", 3],
    ["break", "unavailable", 3],
    ["expire", "credentials", 1],
    ["deny", "denied", 1],
    ["page", "rejected", 1],
    ["wrong-digest", "rejected", 1],
  ])("meet %s: the cause is %s, after %i attempts", async (fault, cause, attempts) => {
    aws.failWith(fault);
    const client = aClient(fault === "hang" ? { attemptMs: 200 } : {});

    expect(await client.send("{}")).toEqual({ stored: false, cause });
    expect(aws.requests()).toBe(attempts);
  });

  it("make no attempt that their deadline does not leave time for", async () => {
    const client = aClient();
    aws.failWith(() => {
      client.pass(200);
      return "reset";
    });

    const outcome = await client.send("{}", 300);

    expect(outcome).toEqual({ stored: false, cause: "reset" });
    expect(aws.requests()).toBe(2);
  });

  it("end an attempt at their deadline", async () => {
    aws.failWith("hang");
    const started = performance.now();

    const outcome = await aClient().send("{}", 300);

    expect(outcome).toEqual({ stored: false, cause: "timeout" });
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it("are not made at all after their deadline", async () => {
    expect(await aClient().send("{}", -1)).toEqual({ stored: false, cause: "timeout" });
    expect(aws.requests()).toBe(0);
  });
});

describe("the connections of ingest", () => {
  it("are kept from call to call", async () => {
    const client = aClient();

    await client.send("1");
    await client.send("2");
    await client.read();

    expect(aws.requests()).toBe(3);
    expect(aws.connections()).toBe(1);
  });

  it("are not used again after twenty seconds, which a frozen sandbox does not see pass", async () => {
    const client = aClient();
    await client.send("1");
    client.pass(20_001);

    await client.send("2");

    expect(aws.connections()).toBe(2);
  });

  it("cost no message when the other side has closed them", async () => {
    const client = aClient();
    await client.send("1");
    aws.closeIdleConnections();

    expect(await client.send("2")).toEqual({ stored: true });
    expect(aws.messages).toEqual(["1", "2"]);
  });

  it("are given up when an answer does not come, and another one is made", async () => {
    const faults: Fault[] = ["hang"];
    aws.failWith(() => faults.shift() ?? "none");

    expect(await aClient({ attemptMs: 2_000 }).send("1")).toEqual({ stored: true });
    expect(aws.connections()).toBe(2);
  });
});

it("a call to an https address begins with the handshake of TLS", async () => {
  const firstBytes: number[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.once("data", (bytes) => {
      firstBytes.push(bytes[0] ?? 0);
      socket.destroy();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a TCP server has no other address
  const { port } = server.address() as AddressInfo;

  const outcome = await aClient({ endpoint: `https://127.0.0.1:${port}` }).send("{}");
  server.close();

  expect(outcome).toEqual({ stored: false, cause: "reset" });
  // Content type 22 of the record protocol is "handshake" (RFC 8446, 5.1).
  expect(new Set(firstBytes)).toEqual(new Set([22]));
});

it("the addresses of AWS's own services are those of the region, and the queue's own", () => {
  /** Where a call would go, if it were made. */
  function urlOf(make: (call: ReturnType<typeof makeAwsClient>) => Promise<unknown>): string {
    let href = "";
    void make((call) => {
      href = call.url.href;
      return Promise.resolve({ failure: "refused" });
    });
    return href;
  }

  const urls = [
    urlOf((call) => new SqsEnvelopeQueue(call, QUEUE_URL, undefined).send("{}", 0)),
    urlOf((call) =>
      new S3PayloadBucket(call, "b", "eu-west-1", undefined).put("k", new Uint8Array(), 0),
    ),
    urlOf((call) => new SecretsManagerSecret(call, "arn", "eu-west-1", undefined).read(0)),
  ];

  expect(urls).toEqual([
    "https://sqs.us-east-1.amazonaws.com/",
    "https://b.s3.eu-west-1.amazonaws.com/k",
    "https://secretsmanager.eu-west-1.amazonaws.com/",
  ]);
});

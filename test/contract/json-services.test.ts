import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { crc32 } from "node:zlib";

import { CloudWatch } from "@aws-sdk/client-cloudwatch";
import { DynamoDB } from "@aws-sdk/client-dynamodb";
import { EventBridge } from "@aws-sdk/client-eventbridge";
import { SQS } from "@aws-sdk/client-sqs";
import { marshall } from "@aws-sdk/util-dynamodb";
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";

import { awsServices } from "../../lambdas/adapters/aws-http/aws-services.ts";
import { CALL_LIMITS } from "../../lambdas/adapters/sdk-limits.ts";
import { clientsOf } from "../support/own-clients.ts";
import { startLocalServer } from "../support/local-server.ts";

const REGION = "us-east-1";
const QUEUE_URL = "https://sqs.us-east-1.amazonaws.com/123456789012/events";
const KEYS = { AWS_ACCESS_KEY_ID: "AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY: "secret" };

interface Asked {
  readonly target: string;
  readonly type: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** An answer of AWS, or no answer. */
type Answer = (response: ServerResponse, asked: Asked) => unknown;

const says =
  (status: number, body: object | string, headers: Readonly<Record<string, string>> = {}): Answer =>
  (response) =>
    response.writeHead(status, headers).end(typeof body === "string" ? body : JSON.stringify(body));

const refuses = (name: string, more: object = {}, status = 400) =>
  says(status, { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: "no", ...more });

const reset: Answer = ({ req }) => req.socket.resetAndDestroy();

let asked: Asked[] = [];
let answers: Answer[] = [];

/** Gives the answers in order, and the last one for good. */
const server = await startLocalServer((request, response) => {
  void answerTo(request, response);
});
async function answerTo(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await text(request);
  const { "x-amz-target": target, "content-type": type, ...headers } = request.headers;
  const one = { target: String(target), type: String(type), headers, body };
  asked.push(one);
  const [answer = says(200, {})] = answers.length > 1 ? answers.splice(0, 1) : answers;
  answer(response, one);
}
afterAll(server.close);
beforeEach(() => {
  asked = [];
  answers = [];
});

function ownClients(environment: Readonly<Record<string, string>> = {}, now?: () => number) {
  const variables = { AWS_ENDPOINT_URL: server.url, ...KEYS, ...environment };
  return clientsOf(awsServices(REGION, variables, now));
}

const sdk = {
  endpoint: server.url,
  region: REGION,
  credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" },
};
const sdks = {
  dynamo: new DynamoDB(sdk),
  sqs: new SQS(sdk),
  events: new EventBridge(sdk),
  cloudWatch: new CloudWatch(sdk),
};

const TableName = "applications";
const Key = marshall({ pk: "APP#JA-1", sk: "STATE" });
const item = { ...Key, ...marshall({ body: Buffer.from([0, 255, 128]), B: "b", n: 1, no: null }) };
const message = { Id: "0", MessageBody: "é\u{1F600}" };
const MD5OfMessageBody = createHash("md5").update(message.MessageBody).digest("hex");

type Clients = Pick<ReturnType<typeof ownClients>, "dynamo" | "sqs" | "events" | "cloudWatch">;

/** A call of each operation, and an answer to it. */
const CALLS: Readonly<Record<string, readonly [(clients: Clients) => Promise<object>, object]>> = {
  GetItem: [
    ({ dynamo }) => dynamo.getItem({ TableName, Key, ConsistentRead: true }),
    { Item: { ...Key, body: { B: "AP+A" }, B: { S: "b" }, deep: { M: { B: { B: "AP+A" } } } } },
  ],
  PutItem: [
    ({ dynamo }) =>
      dynamo.putItem({ TableName, Item: item, ConditionExpression: "attribute_not_exists(pk)" }),
    {},
  ],
  UpdateItem: [
    ({ dynamo }) =>
      dynamo.updateItem({
        TableName,
        Key,
        UpdateExpression: "SET #n0 = :v0",
        ExpressionAttributeNames: { "#n0": "n" },
        ExpressionAttributeValues: marshall({ ":v0": ["a", { b: 1.5 }] }),
        ReturnValues: "ALL_NEW",
      }),
    { Attributes: { ...Key, n: { N: "2" } } },
  ],
  DeleteItem: [({ dynamo }) => dynamo.deleteItem({ TableName, Key }), {}],
  Query: [
    ({ dynamo }) =>
      dynamo.query({ TableName, KeyConditionExpression: "pk = :pk", ExclusiveStartKey: Key }),
    { Items: [{ ...Key, n: { N: "1" } }], Count: 1, ScannedCount: 1, LastEvaluatedKey: Key },
  ],
  BatchGetItem: [
    ({ dynamo }) => dynamo.batchGetItem({ RequestItems: { [TableName]: { Keys: [Key] } } }),
    { Responses: { [TableName]: [Key] }, UnprocessedKeys: { [TableName]: { Keys: [Key] } } },
  ],
  SendMessage: [
    ({ sqs }) =>
      sqs.sendMessage({
        QueueUrl: QUEUE_URL,
        MessageBody: message.MessageBody,
        MessageAttributes: { Reason: { DataType: "String", StringValue: "why" } },
      }),
    { MessageId: "1", MD5OfMessageBody },
  ],
  SendMessageBatch: [
    ({ sqs }) => sqs.sendMessageBatch({ QueueUrl: QUEUE_URL, Entries: [message] }),
    {
      Successful: [{ Id: "0", MessageId: "1", MD5OfMessageBody }],
      Failed: [{ Id: "1", Code: "InternalError", SenderFault: false }],
    },
  ],
  ChangeMessageVisibility: [
    ({ sqs }) =>
      sqs.changeMessageVisibility({
        QueueUrl: QUEUE_URL,
        ReceiptHandle: "handle",
        VisibilityTimeout: 1,
      }),
    {},
  ],
  GetQueueAttributes: [
    ({ sqs }) =>
      sqs.getQueueAttributes({
        QueueUrl: QUEUE_URL,
        AttributeNames: ["ApproximateNumberOfMessages"],
      }),
    { Attributes: { ApproximateNumberOfMessages: "0" } },
  ],
  PutEvents: [
    ({ events }) =>
      events.putEvents({
        Entries: [{ EventBusName: "bus", Source: "s", DetailType: "t", Detail: "{}" }],
      }),
    { FailedEntryCount: 1, Entries: [{ ErrorCode: "InternalFailure", ErrorMessage: "no" }] },
  ],
  GetMetricData: [
    ({ cloudWatch }) =>
      cloudWatch.getMetricData({
        StartTime: new Date(1_764_000_000_000),
        EndTime: new Date(1_764_000_060_500),
        MetricDataQueries: [{ Id: "a", Expression: "1" }],
      }),
    {
      MetricDataResults: [{ Id: "a", Timestamps: [1_764_000_000], Values: [2] }],
      NextToken: "next",
    },
  ],
};

describe("the functions' own client beside the SDK's", () => {
  it.each(Object.entries(CALLS))(
    "sends the same %s, and reads the same answer",
    async (name, [call, answer]) => {
      answers = [says(200, answer)];

      const { $metadata, ...theirs } = { $metadata: {}, ...(await call(sdks)) };
      const ours = await call(ownClients());

      const [sdkAsked, ownAsked] = asked;
      expect($metadata).toMatchObject({ httpStatusCode: 200 });
      expect(ownAsked?.target.split(".")[1]).toBe(name);
      expect(ownAsked?.target).toBe(sdkAsked?.target);
      expect(ownAsked?.type).toBe(sdkAsked?.type);
      expect(JSON.parse(ownAsked?.body ?? "")).toEqual(JSON.parse(sdkAsked?.body ?? ""));
      // A Buffer is a Uint8Array, and does not equal one.
      expect(ours).toEqual(withBuffers(theirs));
    },
  );

  it("says the same of a refusal, and of the item that stands against a write", async () => {
    answers = [
      refuses("ConditionalCheckFailedException", { Item: { pk: { S: "p" }, body: { B: "AP+A" } } }),
    ];
    const put = { TableName, Item: item };

    const [theirs, ours] = await Promise.all(
      [sdks.dynamo, ownClients().dynamo].map((client) =>
        client.putItem(put).catch((error: unknown) => error),
      ),
    );

    for (const error of [theirs, ours]) {
      expect(error).toMatchObject({
        name: "ConditionalCheckFailedException",
        message: "no",
        $metadata: { httpStatusCode: 400 },
        Item: { pk: { S: "p" }, body: { B: expect.any(Uint8Array) } },
      });
    }
  });
});

/** Bytes as the own client has them. */
function withBuffers(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (value instanceof Date || typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(withBuffers);
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withBuffers(one)]));
}

describe("a call of a function's own client", () => {
  const put = (clients = ownClients()) => clients.dynamo.putItem({ TableName, Item: item });
  /** What a call came to, and after how many attempts. */
  async function outcome(given: readonly Answer[], call: () => Promise<unknown> = put) {
    answers = [...given];
    const error = await call().then(
      () => null,
      (reason: unknown) => reason,
    );
    return { error: error instanceof Error ? error.name : error, attempts: asked.length };
  }

  beforeEach(() => {
    // No pause is waited for.
    vi.spyOn(Math, "random").mockReturnValue(0);
    return () => vi.restoreAllMocks();
  });

  it.each([
    ["ProvisionedThroughputExceededException", 400],
    ["ThrottlingException", 400],
    ["RequestLimitExceeded", 400],
    ["TransactionInProgressException", 400],
    ["InternalServerError", 500],
    ["ServiceUnavailable", 503],
  ])("is made again after %s, and succeeds", async (name, status) => {
    const refusal = refuses(name, {}, status);

    expect(await outcome([refusal, refusal, says(200, {})])).toEqual({ error: null, attempts: 3 });
  });

  it("is made three times at most, and fails by the service's own name", async () => {
    expect(await outcome([refuses("ThrottlingException")])).toEqual({
      error: "ThrottlingException",
      attempts: CALL_LIMITS.attempts.most,
    });
  });

  it.each([
    "ValidationException",
    "ConditionalCheckFailedException",
    "ItemCollectionSizeLimitExceededException",
    "ResourceNotFoundException",
    "AccessDeniedException",
    "ExpiredTokenException",
    "UnrecognizedClientException",
  ])("is not made again after %s", async (name) => {
    expect(await outcome([refuses(name)])).toEqual({ error: name, attempts: 1 });
  });

  it("is made again when its connection breaks, as a frozen sandbox finds it", async () => {
    expect(await outcome([reset, says(200, {})])).toEqual({ error: null, attempts: 2 });
    answers = [reset];
    await expect(put()).rejects.toMatchObject({
      name: "reset",
      $metadata: { httpStatusCode: undefined },
    });
  });

  it.each([
    ["a page of something on the way", says(200, "<html>Sign in</html>")],
    ["nothing", says(200, "")],
    ["an array", says(200, "[]")],
    ["a checksum of something else", says(200, {}, { "x-amz-crc32": "1" })],
  ])("is not taken for done when the answer is %s", async (_, answer) => {
    expect((await outcome([answer])).error).toBe("UnreadableAnswer");
  });

  it("is not taken for done when the answer of status 200 is a fault", async () => {
    expect((await outcome([refuses("InternalFailure", {}, 200)])).error).toBe("InternalFailure");
  });

  it("is done when the answer has its checksum", async () => {
    const checked = says(200, "{}", { "x-amz-crc32": String(crc32("{}")) });

    expect(await outcome([checked])).toEqual({ error: null, attempts: 1 });
  });

  it("fails by a status alone, where a gateway answers without a name", async () => {
    answers = [says(413, "")];

    await expect(put()).rejects.toMatchObject({
      name: "rejected",
      $metadata: { httpStatusCode: 413 },
    });
  });

  it.each([
    ["message", (digest: string) => ({ MessageId: "1", MD5OfMessageBody: digest })],
    [
      "batch",
      (digest: string) => ({ Successful: [{ Id: "0", MessageId: "1", MD5OfMessageBody: digest }] }),
    ],
  ])("of SQS fails when another %s was stored", async (kind, answer) => {
    const { sqs } = ownClients();
    const send = () =>
      kind === "batch"
        ? sqs.sendMessageBatch({ QueueUrl: QUEUE_URL, Entries: [message] })
        : sqs.sendMessage({ QueueUrl: QUEUE_URL, MessageBody: message.MessageBody });

    expect((await outcome([says(200, answer("0".repeat(32)))], send)).error).toBe(
      "InvalidChecksum",
    );
  });

  it("of SQS may be answered with nothing, where there is nothing to say", async () => {
    const { sqs } = ownClients();
    const change = () =>
      sqs.changeMessageVisibility({
        QueueUrl: QUEUE_URL,
        ReceiptHandle: "h",
        VisibilityTimeout: 1,
      });

    expect(await outcome([says(200, "")], change)).toEqual({ error: null, attempts: 1 });
  });

  it("puts its clock right by an answer that refuses its signature, and keeps it right", async () => {
    const hour = 3_600_000;
    const clients = ownClients({}, () => Date.now() - hour);
    const refusal: Answer = (response, { headers }) => {
      const date = new Date().toUTCString();
      const isLate = signedAt(headers["x-amz-date"]) < Date.now() - 300_000;
      const answer = isLate ? refuses("InvalidSignatureException") : says(200, {});
      response.setHeader("date", date);
      answer(response, { target: "", type: "", headers, body: "" });
    };

    expect(await outcome([refusal], () => put(clients))).toEqual({ error: null, attempts: 2 });
    expect(await outcome([refusal], () => put(clients))).toEqual({ error: null, attempts: 3 });
  });

  it("fails at once by a signature that is wrong at the right time", async () => {
    expect(await outcome([refuses("InvalidSignatureException")])).toEqual({
      error: "InvalidSignatureException",
      attempts: 1,
    });
  });

  it("is signed with the session's token, and is part of the invocation's trace", async () => {
    await put(
      ownClients({ AWS_SESSION_TOKEN: "session", _X_AMZN_TRACE_ID: "Root=1-5e1b4151-5ac6c58f" }),
    );

    expect(asked[0]?.headers).toMatchObject({
      "x-amz-security-token": "session",
      "x-amzn-trace-id": "Root=1-5e1b4151-5ac6c58f",
      authorization: expect.stringMatching(
        /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/us-east-1\/dynamodb\/aws4_request, SignedHeaders=\S*x-amz-target, Signature=/,
      ),
    });
  });

  it("without credentials is not made", async () => {
    expect(await outcome([], () => put(ownClients({ AWS_ACCESS_KEY_ID: "" })))).toEqual({
      error: "credentials",
      attempts: 0,
    });
  });
});

/** `20261123T200000Z`, in epoch milliseconds. */
function signedAt(time: unknown): number {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(String(time)) ?? [];
  const [year = 0, month = 0, ...rest] = parts.map(Number);
  return Date.UTC(year, month - 1, ...rest);
}

it("the services are called at the region's addresses, SQS at its queue's, and each where its variable says", async () => {
  /** Where the clients send what they are asked. */
  async function hostsOf(environment: Readonly<Record<string, string>>): Promise<string[]> {
    const hosts: string[] = [];
    const services = awsServices("eu-west-1", environment);
    const clients = clientsOf({
      ...services,
      call: async ({ url }) => {
        hosts.push(url.origin);
        return { failure: "refused" };
      },
    });
    const { dynamo, sqs, events, cloudWatch, s3 } = clients;
    const calls = [
      dynamo.getItem({ TableName, Key }),
      sqs.sendMessage({ QueueUrl: QUEUE_URL, MessageBody: "{}" }),
      events.putEvents({ Entries: [] }),
      cloudWatch.getMetricData({
        StartTime: new Date(0),
        EndTime: new Date(1),
        MetricDataQueries: [],
      }),
      s3.getObject({ Bucket: "payloads", Key: "k" }),
    ];
    await Promise.allSettled(calls);
    return hosts;
  }

  expect(await hostsOf({})).toEqual([
    "https://dynamodb.eu-west-1.amazonaws.com",
    "https://sqs.us-east-1.amazonaws.com",
    "https://events.eu-west-1.amazonaws.com",
    "https://monitoring.eu-west-1.amazonaws.com",
    "https://payloads.s3.eu-west-1.amazonaws.com",
  ]);
  const all = "http://127.0.0.1:1";
  const one = "http://127.0.0.1:2";
  expect(await hostsOf({ AWS_ENDPOINT_URL: all, AWS_ENDPOINT_URL_DYNAMODB: one })).toEqual([
    one,
    all,
    all,
    all,
    all,
  ]);
});

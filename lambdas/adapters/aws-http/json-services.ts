import { hash } from "node:crypto";
import { crc32 } from "node:zlib";

import { AwsError } from "../aws-error.ts";
import type {
  CloudWatchOperations,
  DynamoDbOperations,
  EventBridgeOperations,
  SqsOperations,
} from "../aws-operations.ts";
import { codeOf } from "./aws-client.ts";
import type { AwsServices } from "./aws-services.ts";
import type { HttpAnswer } from "./http-exchange.ts";

/** `DynamoDB` over its JSON protocol; the checksum of each answer is checked. */
export function makeDynamoDb(services: AwsServices): DynamoDbOperations {
  const service = {
    name: "dynamodb",
    url: urlOf(services, "DYNAMODB", "dynamodb"),
    version: "1.0",
    targets: "DynamoDB_20120810",
  } as const;
  const call = <Output extends object>(operation: string, input: object): Promise<Output> =>
    callJson(services, { service, operation, input, isWhole: hasItsChecksum });
  return {
    getItem: (input) => call("GetItem", input),
    putItem: (input) => call("PutItem", input),
    updateItem: (input) => call("UpdateItem", input),
    deleteItem: (input) => call("DeleteItem", input),
    query: (input) => call("Query", input),
    batchGetItem: (input) => call("BatchGetItem", input),
  };
}

/** `SQS` over its JSON protocol, at the address of each queue. What it says to have stored is what was sent. */
export function makeSqs(services: AwsServices): SqsOperations {
  const endpoint = services.endpointOf("SQS");
  const call = <Output extends object>(
    operation: string,
    input: { readonly QueueUrl: string | undefined },
    isSilent = false,
  ): Promise<Output> => {
    const url = new URL("/", endpoint ?? input.QueueUrl);
    const service = { name: "sqs", url, version: "1.0", targets: "AmazonSQS" } as const;
    return callJson(services, { service, operation, input, isSilent });
  };
  return {
    async sendMessage(input) {
      const sent: Awaited<ReturnType<SqsOperations["sendMessage"]>> = await call(
        "SendMessage",
        input,
      );
      requireDigest(input.MessageBody, sent.MD5OfMessageBody);
      return sent;
    },
    async sendMessageBatch(input) {
      const sent: Awaited<ReturnType<SqsOperations["sendMessageBatch"]>> = await call(
        "SendMessageBatch",
        input,
      );
      for (const { Id, MessageBody } of input.Entries ?? []) {
        const stored = sent.Successful?.find((one) => one.Id === Id);
        if (stored !== undefined) requireDigest(MessageBody, stored.MD5OfMessageBody);
      }
      return sent;
    },
    changeMessageVisibility: (input) => call("ChangeMessageVisibility", input, true),
    getQueueAttributes: (input) => call("GetQueueAttributes", input),
  };
}

/** `EventBridge` over its JSON protocol. */
export function makeEventBridge(services: AwsServices): EventBridgeOperations {
  const service = {
    name: "events",
    url: urlOf(services, "EVENTBRIDGE", "events"),
    version: "1.1",
    targets: "AWSEvents",
  } as const;
  return {
    putEvents: (input) => callJson(services, { service, operation: "PutEvents", input }),
  };
}

type MetricDataOutput = Awaited<ReturnType<CloudWatchOperations["getMetricData"]>>;
type MetricDataResult = NonNullable<MetricDataOutput["MetricDataResults"]>[number];

/** The answer of `GetMetricData` as it is on the wire. */
interface MetricData extends Omit<MetricDataOutput, "MetricDataResults"> {
  readonly MetricDataResults?: readonly (Omit<MetricDataResult, "Timestamps"> & {
    readonly Timestamps?: readonly number[];
  })[];
}

/** `CloudWatch` over its JSON protocol, in which times are seconds. */
export function makeCloudWatch(services: AwsServices): CloudWatchOperations {
  const service = {
    name: "monitoring",
    url: urlOf(services, "CLOUDWATCH", "monitoring"),
    version: "1.0",
    targets: "GraniteServiceVersion20100801",
  } as const;
  return {
    async getMetricData(input) {
      const operation = "GetMetricData";
      const data: MetricData = await callJson(services, { service, operation, input });
      const results = data.MetricDataResults?.map(({ Timestamps, ...result }) => ({
        ...result,
        Timestamps: Timestamps?.map((seconds) => new Date(seconds * 1_000)),
      }));
      return { ...data, MetricDataResults: results };
    },
  };
}

function urlOf({ region, endpointOf }: AwsServices, variable: string, host: string): URL {
  return new URL("/", endpointOf(variable) ?? `https://${host}.${region}.amazonaws.com`);
}

const EMPTY = Buffer.from("{}");

/** @throws AwsError by the name that the service gives or, without an answer, by that of the cause. */
async function callJson<Output extends object>(
  { call, deadline }: AwsServices,
  request: {
    readonly service: {
      /** In the signature's scope. */
      readonly name: string;
      readonly url: URL;
      /** Of the protocol. */
      readonly version: "1.0" | "1.1";
      readonly targets: string;
    };
    readonly operation: string;
    readonly input: object;
    /** Whether an answer has arrived as it was sent. @default - nobody knows */
    readonly isWhole?: (answer: HttpAnswer) => boolean;
    /** Whether an answer may be empty. @default false */
    readonly isSilent?: boolean;
  },
): Promise<Output> {
  const { service, operation, input, isWhole = () => true, isSilent = false } = request;
  const result = await call<Output>({
    service: service.name,
    method: "POST",
    url: service.url,
    headers: {
      "content-type": `application/x-amz-json-${service.version}`,
      "x-amz-target": `${service.targets}.${operation}`,
    },
    body: JSON.stringify(written(input)),
    deadline: deadline(),
    read(answer) {
      const body = isSilent && answer.body.length === 0 ? EMPTY : answer.body;
      const output = isWhole(answer) ? jsonIn(body) : undefined;
      if (output === undefined || "__type" in output) return undefined;
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of the service's own type, as its SDK believes too
      return output as Output;
    },
  });
  if ("answer" in result) return result.answer;
  const { failure, said } = result;
  if (said === undefined) throw new AwsError(failure, `${operation}: no answer`);
  const { message, Message, Item }: Fault = jsonIn(said.body) ?? {};
  const name = codeOf(said.body) || (said.status === 200 ? "UnreadableAnswer" : failure);
  throw new AwsError(name, message ?? Message ?? `${operation}: no reason is given`, {
    status: said.status,
    item: Item,
  });
}

/** What of a refusal is read besides its name. */
interface Fault {
  readonly message?: string;
  readonly Message?: string;
  readonly Item?: AwsError["Item"];
}

function hasItsChecksum({ headers, body }: HttpAnswer): boolean {
  const { "x-amz-crc32": checksum } = headers;
  return checksum === undefined || Number(checksum) === crc32(body);
}

function requireDigest(body: string | undefined, digest: string | undefined): void {
  if (body !== undefined && hash("md5", body) === digest) return;
  throw new AwsError(
    "InvalidChecksum",
    "SQS has stored another message than the one that was sent",
  );
}

/** An input with what JSON has no word for: bytes as base64, times as seconds. */
function written(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (value instanceof Date) return value.getTime() / 1_000;
  if (Array.isArray(value)) return value.map(written);
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, written(one)]));
}

/** A JSON object with the bytes that are base64 in it; undefined: it is none, but a page of something on the way. */
function jsonIn(body: Buffer): object | undefined {
  try {
    const value: unknown = JSON.parse(body.toString());
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    if (body.includes('"B"')) reviveBytes(value);
    return value;
  } catch {
    return undefined;
  }
}

/** In the JSON of DynamoDB a text by the name of `B` is bytes: an attribute of that name is an object. */
function reviveBytes(value: object): void {
  for (const [name, one] of Object.entries(value)) {
    if (typeof one === "object" && one !== null) reviveBytes(one);
    else if (name === "B" && typeof one === "string") {
      Object.assign(value, { B: Buffer.from(one, "base64") });
    }
  }
}

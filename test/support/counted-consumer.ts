import { readFileSync } from "node:fs";

import { DynamoDBPersistenceLayer } from "@aws-lambda-powertools/idempotency/dynamodb";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import type { Context, SQSEvent, SQSRecord } from "aws-lambda";

import { DynamoApplicationStore } from "../../lambdas/adapters/dynamo/dynamo-application-store.ts";
import { EventBridgePublisher } from "../../lambdas/adapters/event-bridge-publisher.ts";
import { PowertoolsIdempotency } from "../../lambdas/adapters/powertools-idempotency.ts";
import { makeConsumerHandler } from "../../lambdas/consumer/handler.ts";
import { encodeEnvelope } from "../../lambdas/domain/event/envelope.ts";
import { perRoute } from "../../lib/config/per-route.ts";
import type { ConsumerSettings } from "../../lambdas/settings.ts";
import { MemoryInvestigations } from "../../tools/memory/investigations.ts";
import { makeMetrics } from "../../lambdas/telemetry/metrics.ts";

import { startDynamoDb } from "./dynalite.ts";
import type { LocalDynamoDb } from "./dynalite.ts";
import { meterReads } from "./write-meter.ts";
import { withinLimits } from "./refusals.ts";

/** A batch to be processed, by ours or by another consumer. */
export type ProcessBatch = (event: SQSEvent, context: Context) => Promise<unknown>;

export interface CountedConsumer {
  readonly dynamo: LocalDynamoDb;
  readonly bus: EventBridgeClient;
  readonly process: ProcessBatch;
  /** Calls of PutEvents so far. */
  readonly busCalls: () => number;
  /** Events put on the bus so far. */
  readonly busEvents: () => number;
  /** Bytes logged so far: metrics and messages. */
  readonly logBytes: () => number;
}

/** A stage that publishes everything. */
export const CONSUMER_SETTINGS: ConsumerSettings = {
  environment: "sandbox",
  journeys: [],
  ignoredEventTypes: ["visited_node"],
  routes: perRoute(() => ({ publish: true, publishLate: false })),
  investigations: false,
  journeyRoutes: {},
  countedJourneys: [],
  firstCheckMs: 600_000,
  eventRetentionMs: null,
};

/**
 * The real consumer on a DynamoDB in this process, with a bus that takes everything and counts.
 *
 * @param routes - what a stage publishes; everything unless given.
 */
export async function startCountedConsumer(
  routes: ConsumerSettings["routes"] = CONSUMER_SETTINGS.routes,
): Promise<CountedConsumer> {
  const dynamo = await startDynamoDb();
  meterReads(dynamo.client);
  let busCalls = 0;
  let busEvents = 0;
  let logBytes = 0;
  const bus = new EventBridgeClient({ region: "us-east-1" });
  bus.middlewareStack.add(
    () => async (args) => {
      busCalls += 1;
      const count = eventsIn(args.input);
      busEvents += count;
      const Entries = Array.from({ length: count }, () => ({ EventId: "taken" }));
      return { output: { $metadata: {}, Entries, FailedEntryCount: 0 }, response: {} };
    },
    { step: "initialize" },
  );
  withinLimits(bus);
  const idempotency = new PowertoolsIdempotency(
    new DynamoDBPersistenceLayer({
      tableName: dynamo.idempotencyTableName,
      awsSdkV3Client: dynamo.client,
    }),
  );
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  const handle = makeConsumerHandler({
    store: new DynamoApplicationStore({
      client: dynamo.client,
      tableName: dynamo.applicationTableName,
      eventRetentionMs: null,
    }),
    investigations: new MemoryInvestigations(),
    idempotency,
    publisher: new EventBridgePublisher({ client: bus, busName: "bus", sleep: async () => {} }),
    deadLetters: {
      async send(_, reason) {
        throw new Error(`a record of the count was dead-lettered: ${reason}`);
      },
    },
    payloads: { read: () => Promise.reject(new Error("the count has no large bodies")) },
    messages: { async retryAfter() {} },
    metrics: makeMetrics({
      stage: "production",
      write(line) {
        logBytes += Buffer.byteLength(line) + LOG_EVENT_OVERHEAD_BYTES;
      },
      now: Date.now,
    }),
    logger: silent,
    settings: { ...CONSUMER_SETTINGS, routes },
    now: Date.now,
    schedule: standingStill,
  });
  return {
    dynamo,
    bus,
    busCalls: () => busCalls,
    busEvents: () => busEvents,
    logBytes: () => logBytes,
    async process(event, context) {
      const { batchItemFailures } = await handle(event, context);
      if (batchItemFailures.length > 0) throw new Error("a record of the count failed");
    },
  };
}

/** Timers of an invocation whose time does not pass. */
export function standingStill(): () => void {
  return () => {};
}

/** CloudWatch Logs bills each entry with so many bytes besides its text (its pricing page). */
export const LOG_EVENT_OVERHEAD_BYTES = 26;

function eventsIn(input: object): number {
  return "Entries" in input && Array.isArray(input.Entries) ? input.Entries.length : 0;
}

/** The fixture's webhook of this type, as another application's and of another time. */
export function webhookOf(type: string, applicationToken: string, at: number): string {
  const file = new URL(`../fixtures/events/${type}.json`, import.meta.url);
  const webhook: { data: Record<string, unknown> } = JSON.parse(readFileSync(file, "utf8"));
  const externalId = `acct-${applicationToken.slice(-12)}`;
  const data = {
    ...webhook.data,
    journey_application_token: applicationToken,
    timestamp: at,
    external_group_id: externalId,
  };
  return JSON.stringify({ ...webhook, timestamp: at + 153, data });
}

let messages = 0;

/** One batch as SQS hands it over, each webhook in a message of its own. */
export function batchOf(webhooks: readonly string[]): SQSEvent {
  return { Records: webhooks.map(recordOf) };
}

function recordOf(body: string): SQSRecord {
  messages += 1;
  const messageId = `message-${messages}`;
  const receivedAt = Date.now();
  return {
    messageId,
    receiptHandle: messageId,
    body: encodeEnvelope({
      v: 1,
      kind: "webhook",
      receiptId: `receipt-${messages}`,
      receivedAt,
      body,
      payloadKey: null,
      sourceIp: "52.7.221.27",
    }),
    attributes: {
      ApproximateReceiveCount: "1",
      SentTimestamp: String(receivedAt),
      SenderId: "",
      ApproximateFirstReceiveTimestamp: String(receivedAt),
    },
    messageAttributes: {},
    md5OfBody: "",
    eventSource: "aws:sqs",
    eventSourceARN: "",
    awsRegion: "us-east-1",
  };
}

export function lambdaContext(): Context {
  return {
    callbackWaitsForEmptyEventLoop: false,
    functionName: "consumer",
    functionVersion: "1",
    invokedFunctionArn: "",
    memoryLimitInMB: "512",
    awsRequestId: "request",
    logGroupName: "",
    logStreamName: "",
    getRemainingTimeInMillis: () => 30_000,
    done() {},
    fail() {},
    succeed() {},
  };
}

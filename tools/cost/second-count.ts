import { EventBridge } from "@aws-sdk/client-eventbridge";
import { GetItemCommand } from "@aws-sdk/client-dynamodb";

import { DynamoIdempotencyRecords } from "../../lambdas/adapters/dynamo/dynamo-idempotency-records.ts";
import { DynamoApplicationStore } from "../../lambdas/adapters/dynamo/dynamo-application-store.ts";
import { DynamoDueApplications } from "../../lambdas/adapters/dynamo/dynamo-due-applications.ts";
import { EventBridgePublisher } from "../../lambdas/adapters/event-bridge-publisher.ts";
import { PowertoolsIdempotency } from "../../lambdas/adapters/powertools-idempotency.ts";
import { makeConsumerHandler } from "../../lambdas/consumer/handler.ts";
import { makeIngestHandler } from "../../lambdas/ingest/handler.ts";
import { makePollerHandler } from "../../lambdas/poller/handler.ts";
import { MEMORY_MB } from "../../lambdas/settings/limits.ts";
import { makeLineLogger } from "../../lambdas/telemetry/line-logger.ts";
import { makeMetrics } from "../../lambdas/telemetry/metrics.ts";
import { shortLines } from "../../lambdas/telemetry/short-lines.ts";
import {
  consumerSettings,
  ingestSettings,
  pollerSettings,
} from "../../lib/config/function-settings.ts";
import type { StageConfiguration } from "../../lib/config/stage-configuration.ts";
import {
  alloyAnswer,
  alloyThatAnswers,
  lambdaContext,
  requestOf,
} from "../cloud-in-memory/builders.ts";
import { answered } from "../cloud-in-memory/clients.ts";
import { makeMemoryCloud } from "../cloud-in-memory/cloud.ts";
import { LIVES_BEGIN } from "../cloud-in-memory/counted-consumer.ts";
import { startDynamoDb } from "../cloud-in-memory/dynalite.ts";
import { settleBatch, sqsEventOf } from "../cloud-in-memory/event-source.ts";
import { consumerOver, ingestOver, pollerOver } from "../cloud-in-memory/runtime.ts";
import { meterDynamoDb, meterEventBridge } from "../strict-aws/bill-meter.ts";
import type { Meter } from "../strict-aws/bill-meter.ts";
import { refuseBeyondLimits } from "../strict-aws/strict-client.ts";
import { CONSUMER_MS } from "./arrival.ts";
import { answerAbout, livesOf, ON_ITS_WAY_MS, PHASES } from "./lives.ts";
import type { Life } from "./lives.ts";
import { PRICES } from "./prices.ts";

/** CloudWatch Logs adds so much to each line (its pricing page). */
const LINE_BYTES = 26;

/** As in `bill.ts`: what cannot be counted is assumed alike. */
const INGEST_MS = 15;
const STATEMENT_UNITS = { application: 1.5, publishedEvent: 0.5 };

/** Whose calls are metered: those of events, those of checks, or those of a run that finds nothing due. */
type Phase = "events" | "checks" | "idle";

/** What one life after the other came to. */
export interface SecondCount {
  readonly webhooks: number;
  readonly applications: number;
  /** USD of what grows with the traffic, for these webhooks. */
  readonly usd: number;
}

/**
 * Counts a second time what webhooks cost that come one by one: by a meter in front of each client of AWS, and in a loop
 * that lets one application live after the other. It shares neither the play nor the arithmetic of the first count. It
 * shares the lives, the prices, and the assumed durations.
 */
export async function countAgain(
  stage: StageConfiguration,
  accessLogBytes: number,
): Promise<SecondCount> {
  await using dynamo = await startDynamoDb();
  const { client, applicationTableName, idempotencyTableName } = dynamo;
  const billed = new Map<string, number>();
  let phase: Phase = "events";
  const note = (what: string, units: number) =>
    void billed.set(what, (billed.get(what) ?? 0) + units);
  const of = (what: string) => billed.get(what) ?? 0;
  const meter: Meter = (what, units) => note(`${phase} ${what}`, units);
  const beside = dynamo.connect();
  meterDynamoDb(client, beside, meter);
  const bus = answered(new EventBridge({ region: "us-east-1" }), (input) => {
    const entries = "Entries" in input && Array.isArray(input.Entries) ? input.Entries : [];
    return { Entries: entries.map(() => ({ EventId: "taken" })), FailedEntryCount: 0 };
  });
  const refused = refuseBeyondLimits(bus);
  meterEventBridge(bus, meter);

  let now = LIVES_BEGIN;
  let alive: Life | null = null;
  const environment = "sandbox";
  const cloud = makeMemoryCloud({ now: () => now });
  const credential = { username: "alloy", password: "correct horse battery" };
  cloud.webhookSecret.put(JSON.stringify({ basic: [credential] }));
  const login = Buffer.from(`${credential.username}:${credential.password}`).toString("base64");
  const write = (line: string) => note("log bytes", Buffer.byteLength(line) + LINE_BYTES);
  const { areMetricsFiltered } = consumerSettings(stage);
  const short = areMetricsFiltered === true ? shortLines : undefined;
  const metrics = () => makeMetrics({ stage: stage.stage, short, write, now: () => now });
  const ingest = makeIngestHandler(
    ingestOver({
      cloud,
      metrics: metrics(),
      logger: makeLineLogger(write),
      countsStored: ingestSettings(stage).countsStored,
      now: () => now,
    }),
  );
  const consume = makeConsumerHandler(
    consumerOver({
      cloud,
      store: new DynamoApplicationStore({
        client,
        tableName: applicationTableName,
        eventRetentionMs: stage.retention.eventsMs,
      }),
      idempotency: new PowertoolsIdempotency(
        new DynamoIdempotencyRecords(client, idempotencyTableName),
      ),
      publisher: new EventBridgePublisher({ client: bus, busName: "bus", sleep: async () => {} }),
      metrics: metrics(),
      settings: { ...consumerSettings(stage), environment },
      now: () => now,
    }),
  );
  const due = new DynamoDueApplications(client, applicationTableName);
  // What a run writes however many applications it checks, the schedule pays for.
  const poll = makePollerHandler(
    pollerOver({
      cloud,
      applications: Object.assign(due, {
        keepWitness: async () => {},
        begin: async () => "begun" as const,
        end: async () => {},
      }),
      alloy: alloyThatAnswers(({ applicationToken }) => {
        if (alive?.applicationToken !== applicationToken) throw new Error("it is not alive");
        const { events, changes } = answerAbout(alive, now);
        return alloyAnswer(applicationToken, events, { ...changes, sandbox: true });
      }),
      settings: { ...pollerSettings(stage), environment },
      now: () => now,
      random: () => 0.5,
    }),
  );

  /** Lambda's part: a receive, an invocation, a delete. */
  async function drain(): Promise<void> {
    for (;;) {
      const messages = cloud.events.receive(1);
      if (messages.length === 0) return;
      note("queue requests", 2);
      note("invocations", 1);
      const answer = await consume(sqsEventOf(messages), lambdaContext());
      if (answer.batchItemFailures.length > 0) throw new Error("a record of the count failed");
      settleBatch(cloud.events, messages, answer);
    }
  }

  async function receive(webhook: string): Promise<void> {
    const headers = { authorization: `Basic ${login}`, "content-type": "application/json" };
    const { statusCode } = await ingest(requestOf({ headers, body: webhook }));
    if (statusCode !== 200) throw new Error(`ingest answered ${statusCode}, not 200`);
    note("webhooks", 1);
    note("queue requests", cloud.events.messages().length);
    await drain();
  }

  phase = "idle";
  await poll({});
  const { rateMs } = pollerSettings(stage).polling;
  const lives = livesOf(stage.events.handled.allBut, PHASES, rateMs);
  for (const life of lives) {
    alive = life;
    const steps = life.steps.filter(({ isIgnored }) => !isIgnored);
    now = LIVES_BEGIN;
    for (let isSettled = false; !isSettled;) {
      phase = "events";
      const tick = now + rateMs;
      for (; steps[0] !== undefined && steps[0].at + ON_ITS_WAY_MS < tick; steps.shift()) {
        now = steps[0].at + ON_ITS_WAY_MS;
        await receive(steps[0].webhook);
      }
      const key = { pk: { S: `APPLICATION#${life.applicationToken}` }, sk: { S: "STATE" } };
      const get = new GetItemCommand({ TableName: applicationTableName, Key: key });
      const { Item: { dueAt } = {} } = await beside.send(get);
      isSettled = dueAt === undefined && steps.length === 0;
      now = tick;
      if (dueAt === undefined || isSettled) continue;
      // Nothing happens in between.
      const wanted = Math.ceil((Number(dueAt.N) - tick) / rateMs);
      if (steps.length === 0 && wanted > 0) now += wanted * rateMs;
      if (Number(dueAt.N) > now) continue;
      phase = "checks";
      note("runs", 1);
      // Its lines are those of any run: the schedule pays for them.
      const logged = of("log bytes");
      await poll({});
      billed.set("log bytes", logged);
      note("queue requests", cloud.events.messages().length);
      await drain();
    }
  }
  beside.destroy();
  if (refused.length + dynamo.refused.length > 0) throw new Error("AWS would refuse a call");

  const webhooks = of("webhooks");
  const published = of("events events") + of("checks events");
  const checkReads = of("checks reads") - of("runs") * of("idle reads");
  const statementUnits =
    lives.length * STATEMENT_UNITS.application + published * STATEMENT_UNITS.publishedEvent;
  const gbSeconds = (ms: number, memoryMb: number) => (ms * memoryMb) / 1_024_000;
  const usd =
    webhooks * PRICES.httpApiRequest +
    (webhooks + of("invocations")) * PRICES.lambdaRequest +
    gbSeconds(webhooks * INGEST_MS, MEMORY_MB.ingest) * PRICES.lambdaGbSecond +
    gbSeconds(of("invocations") * (CONSUMER_MS.batch + CONSUMER_MS.event), MEMORY_MB.consumer) *
      PRICES.lambdaGbSecond +
    (of("queue requests") + published) * PRICES.sqsRequest +
    (of("events writes") + of("checks writes")) * PRICES.dynamoWriteUnit +
    (of("events reads") + checkReads + statementUnits) * PRICES.dynamoReadUnit +
    published * PRICES.busEvent +
    ((of("log bytes") + webhooks * accessLogBytes) / 1e9) * PRICES.logGb;
  return { webhooks, applications: lives.length, usd };
}

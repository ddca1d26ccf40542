import { EventBridge } from "@aws-sdk/client-eventbridge";
import type { Context, SQSEvent } from "aws-lambda";
import * as v from "valibot";

import { DynamoIdempotencyRecords } from "../../lambdas/adapters/dynamo/dynamo-idempotency-records.ts";
import { DynamoApplicationStore } from "../../lambdas/adapters/dynamo/dynamo-application-store.ts";
import { EventBridgePublisher } from "../../lambdas/adapters/event-bridge-publisher.ts";
import { PowertoolsIdempotency } from "../../lambdas/adapters/powertools-idempotency.ts";
import { makeConsumerHandler } from "../../lambdas/consumer/handler.ts";
import type { ConsumerSettings } from "../../lambdas/settings/consumer-settings.ts";
import { STAGE_DIMENSION } from "../../lambdas/settings/metrics.ts";
import { USUAL_COUNTS } from "../../lambdas/settings/usual-counts.ts";
import { LOG_EVENT_OVERHEAD_BYTES, makeMetrics } from "../../lambdas/telemetry/metrics.ts";
import { shortLines } from "../../lambdas/telemetry/short-lines.ts";
import { readShortLine } from "../cloudwatch/short-line.ts";
import { refuseBeyondLimits } from "../strict-aws/strict-client.ts";
import { readScenarios } from "../alloy-simulator/scenario.ts";
import { webhookOf } from "./builders.ts";
import type { Contents } from "./dynalite.ts";
import { startDynamoDb } from "./dynalite.ts";
import { CONSUMER_SETTINGS, consumerOver } from "./runtime.ts";
import { meterReads } from "./write-meter.ts";
import { answered } from "./clients.ts";

/** A batch to be processed, by ours or by another consumer. */
export type ProcessBatch = (event: SQSEvent, context: Context) => Promise<unknown>;

export type CountedConsumer = Readonly<Awaited<ReturnType<typeof startCountedConsumer>>>;

/**
 * The real consumer on a DynamoDB in this process, with a bus that takes everything and counts.
 *
 * @param routes - what a stage publishes; everything unless given.
 * @param options.now - epoch milliseconds. @default - this machine's
 * @param options.contents - what its tables hold to begin with. @default - nothing
 */
export async function startCountedConsumer(
  routes: ConsumerSettings["routes"] = CONSUMER_SETTINGS.routes,
  options: {
    readonly settings?: Partial<ConsumerSettings>;
    readonly now?: () => number;
    readonly contents?: Contents | undefined;
  } = {},
) {
  const { settings = {}, now = Date.now, contents } = options;
  const dynamo = await startDynamoDb({ contents });
  const { client, applicationTableName, idempotencyTableName } = dynamo;
  meterReads(client);
  let busCalls = 0;
  let busEvents = 0;
  let logBytes = 0;
  const emitted = new Set<string>();
  const bus = answered(new EventBridge({ region: "us-east-1" }), (input) => {
    busCalls += 1;
    const count = eventsIn(input);
    busEvents += count;
    const Entries = Array.from({ length: count }, () => ({ EventId: "taken" }));
    return { Entries, FailedEntryCount: 0 };
  });
  const refusedByBus = refuseBeyondLimits(bus);
  const handle = makeConsumerHandler(
    consumerOver({
      store: new DynamoApplicationStore({
        client,
        tableName: applicationTableName,
        eventRetentionMs: null,
      }),
      idempotency: new PowertoolsIdempotency(
        new DynamoIdempotencyRecords(client, idempotencyTableName),
      ),
      publisher: new EventBridgePublisher({ client: bus, busName: "bus", sleep: async () => {} }),
      deadLetters: {
        async send(_, reason) {
          throw new Error(`a record of the count was dead-lettered: ${reason}`);
        },
      },
      metrics: makeMetrics({
        stage: "production",
        short: settings.areMetricsFiltered === true ? shortLines : undefined,
        write(line) {
          logBytes += Buffer.byteLength(line) + LOG_EVENT_OVERHEAD_BYTES;
          for (const metric of metricsIn(line)) emitted.add(metric);
        },
        now,
      }),
      settings: { ...CONSUMER_SETTINGS, ...settings, routes },
      now,
    }),
  );
  return {
    dynamo,
    bus,
    /** What was refused as AWS would. */
    refused: () => [...dynamo.refused, ...refusedByBus],
    /** The metrics that were written, each with its dimensions. */
    emitted: (): ReadonlySet<string> => emitted,
    /** Calls of PutEvents so far. */
    busCalls: () => busCalls,
    /** Events put on the bus so far. */
    busEvents: () => busEvents,
    /** Bytes logged so far: metrics and messages. */
    logBytes: () => logBytes,
    process: async (event: SQSEvent, context: Context): Promise<void> => {
      const { batchItemFailures } = await handle(event, context);
      if (batchItemFailures.length > 0) throw new Error("a record of the count failed");
      const [refused] = [...dynamo.refused, ...refusedByBus];
      if (refused !== undefined) throw new Error(`AWS would refuse a call: ${refused.operation}`);
    },
  };
}

const EmbeddedSchema = v.looseObject({
  _aws: v.object({
    CloudWatchMetrics: v.array(
      v.object({
        Dimensions: v.array(v.array(v.string())),
        Metrics: v.array(v.object({ Name: v.string() })),
      }),
    ),
  }),
});

/** The metrics of one line of a log, as CloudWatch counts them: by name and by the values of their dimensions. */
export function metricsIn(line: string): readonly string[] {
  const short = readShortLine(line);
  if (short !== null) {
    return [...USUAL_COUNTS].flatMap(([name, by]) => {
      const names = [STAGE_DIMENSION, ...(by === null ? [] : [by])];
      return short.has(name)
        ? [`${name} ${JSON.stringify(names.map((one) => short.get(one)))}`]
        : [];
    });
  }
  const parsed = v.safeParse(EmbeddedSchema, JSON.parse(line));
  if (!parsed.success) return [];
  const { _aws, ...fields } = parsed.output;
  return _aws.CloudWatchMetrics.flatMap(({ Dimensions, Metrics }) =>
    Dimensions.flatMap((names) => {
      const values = JSON.stringify(names.map((name) => fields[name]));
      return Metrics.map(({ Name }) => `${Name} ${values}`);
    }),
  );
}

function eventsIn(input: object): number {
  return "Entries" in input && Array.isArray(input.Entries) ? input.Entries.length : 0;
}

/** When the lives begin. */
export const LIVES_BEGIN = Date.UTC(2026, 10, 23, 20);

/**
 * The webhooks of each scenario's application, in the order in which they happened.
 *
 * @param prefix - of the applications' tokens.
 * @param ignored - event types that the stage drops.
 */
export function scenarioLives(
  prefix: string,
  ignored: readonly string[],
): readonly (readonly string[])[] {
  return [...readScenarios().values()].map(({ steps }, index) => {
    const token = `JA-${prefix}${String(index).padStart(20 - prefix.length, "0")}`;
    let at = LIVES_BEGIN;
    return steps.flatMap(({ event, afterSeconds }) => {
      // Applicants share the fixture's entity: a millisecond keeps their events apart.
      at += afterSeconds * 1_000 + 1;
      return ignored.includes(event) ? [] : [webhookOf(event, token, at)];
    });
  });
}

import { CloudWatch } from "@aws-sdk/client-cloudwatch";
import { SQS } from "@aws-sdk/client-sqs";
import * as v from "valibot";

import { AwsDeliveries } from "../../lambdas/adapters/aws-deliveries.ts";
import { makeIngestHandler } from "../../lambdas/ingest/handler.ts";
import { QUEUE } from "../../lambdas/settings/limits.ts";
import { makeLineLogger } from "../../lambdas/telemetry/line-logger.ts";
import { loggedBytes, makeMetrics } from "../../lambdas/telemetry/metrics.ts";
import {
  consumerSettings,
  countsByFilters,
  ingestSettings,
  pollerSettings,
} from "../../lib/config/function-settings.ts";
import type { StageConfiguration } from "../../lib/config/stage-configuration.ts";
import { batchOf, lambdaContext, requestOf, webhookOf } from "../cloud-in-memory/builders.ts";
import { answered } from "../cloud-in-memory/clients.ts";
import { makeMemoryCloud } from "../cloud-in-memory/cloud.ts";
import {
  LIVES_BEGIN,
  metricsIn,
  startCountedConsumer,
} from "../cloud-in-memory/counted-consumer.ts";
import { readScenarios } from "../alloy-simulator/scenario.ts";
import { billOf } from "../cloud-in-memory/write-meter.ts";
import { ingestOver } from "../cloud-in-memory/runtime.ts";

/** What ingest was seen to do for one webhook. */
export type IngestCount = Readonly<Awaited<ReturnType<typeof countIngest>>>;

/** Runs the real ingest handler over one webhook of the usual size. @param accessLogBytes - of API Gateway's access log */
export async function countIngest(stage: StageConfiguration, accessLogBytes: number) {
  const cloud = makeMemoryCloud({ now: Date.now });
  const credential = { username: "alloy", password: "correct horse battery" };
  cloud.webhookSecret.put(JSON.stringify({ basic: [credential] }));
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  const handle = makeIngestHandler(
    ingestOver({
      cloud,
      metrics: makeMetrics({ stage: "test", write, now: Date.now }),
      logger: makeLineLogger(write),
      countsStored: ingestSettings(stage).countsStored,
    }),
  );
  const login = Buffer.from(`${credential.username}:${credential.password}`).toString("base64");
  const { statusCode } = await handle(
    requestOf({
      headers: { authorization: `Basic ${login}`, "content-type": "application/json" },
      body: webhookOf("started_application", "JA-costAAAAAAAAAAAAAAAAA", LIVES_BEGIN),
    }),
  );
  if (statusCode !== 200) throw new Error(`ingest answered ${statusCode}, not 200`);
  return {
    sends: cloud.events.messages().length,
    logBytes: loggedBytes(lines),
    accessLogBytes,
    /** Metrics that it writes, or that a filter makes of the access log. */
    metrics: lines.flatMap((line) => metricsIn(line)).length + (countsByFilters(stage) ? 1 : 0),
  };
}

/** Bytes of the consumer's log. */
export interface BatchLog {
  /** What a second event adds, where the metrics are short lines. */
  readonly second: number;
  /** What nine more events add. */
  readonly nineMore: number;
  /** What the tenth of them adds: a value in a list, or a line. */
  readonly tenth: number;
}

/** Lets the real consumer process batches of several sizes. */
export async function countBatchLog(stage: StageConfiguration): Promise<BatchLog> {
  const consumer = await startCountedConsumer(stage.routes, {
    // The webhooks are of Alloy's sandbox.
    settings: { ...consumerSettings(stage), environment: "sandbox" },
  });
  try {
    const bytesOf = async (events: number) => {
      const before = consumer.logBytes();
      const webhooks = Array.from({ length: events }, (_, index) =>
        webhookOf(
          "started_application",
          `JA-costBatch${String(100 * events + index).padStart(11, "0")}`,
          LIVES_BEGIN,
        ),
      );
      await consumer.process(batchOf(webhooks), lambdaContext());
      return consumer.logBytes() - before;
    };
    const [one, two] = [await bytesOf(1), await bytesOf(2)];
    const [nine, ten] = [await bytesOf(QUEUE.batchSize - 1), await bytesOf(QUEUE.batchSize)];
    return { second: two - one, nineMore: ten - one, tenth: ten - nine };
  } finally {
    await consumer.dynamo.close();
  }
}

/**
 * What the further events of a batch add. Between the sizes the shorter form is taken; each form grows evenly with the events,
 * so it is never less than their even share of a whole batch.
 */
export function furtherLogOf({ second, nineMore, tenth }: BatchLog, batch: number): number {
  const shorter = Math.min(second * (batch - 1), nineMore - tenth * (QUEUE.batchSize - batch));
  return Math.max(shorter, (nineMore * (batch - 1)) / (QUEUE.batchSize - 1));
}

/** What comes within so many seconds of one application may come in one batch. */
const BURST_SECONDS = 5;

/**
 * Lets the real consumer process the scenarios' lives twice: each event by itself, and each burst in one batch.
 *
 * @returns the write units that each event of a burst but the first costs less
 */
export async function countSavedTogether(stage: StageConfiguration): Promise<number> {
  const consumer = await startCountedConsumer(stage.routes);
  try {
    const costOf = (batches: readonly (readonly string[])[]) =>
      billOf(async () => {
        for (const batch of batches) await consumer.process(batchOf(batch), lambdaContext());
      });
    const ignored = stage.events.handled.allBut;
    let saved = 0;
    let further = 0;
    for (const [index, { steps }] of [...readScenarios().values()].entries()) {
      const burstsOf = (application: string) => {
        const bursts: string[][] = [];
        let at = LIVES_BEGIN;
        for (const { event, afterSeconds } of steps) {
          at += 1_000 * afterSeconds + 1;
          if (ignored.includes(event)) continue;
          const webhook = webhookOf(event, `JA-${application}${10_000 + index}`, at);
          const last = bursts.at(-1);
          if (last === undefined || afterSeconds > BURST_SECONDS) bursts.push([webhook]);
          else last.push(webhook);
        }
        return bursts;
      };
      const alone = burstsOf("costAlone00000").flat();
      const bursts = burstsOf("costTogether00");
      const bills = [await costOf(alone.map((one) => [one])), await costOf(bursts)];
      const [apart = 0, together = 0] = bills.map(({ items, indexes }) => items + indexes);
      saved += apart - together;
      further += alone.length - bursts.length;
    }
    return saved / further;
  } finally {
    await consumer.dynamo.close();
  }
}

const QueriesSchema = v.looseObject({ MetricDataQueries: v.array(v.unknown()) });

/** Lets the real adapter ask a CloudWatch that knows nothing. @returns how many metrics a run of the poller reads */
export async function countMetricsRead(stage: StageConfiguration): Promise<number> {
  let asked = 0;
  const cloudWatch = answered(new CloudWatch({ region: "us-east-1" }), (input) => {
    asked += v.parse(QueriesSchema, input).MetricDataQueries.length;
    return { MetricDataResults: [] };
  });
  const sqs = answered(new SQS({ region: "us-east-1" }), () => ({
    Attributes: { ApproximateNumberOfMessages: "0" },
  }));
  const { refusals } = pollerSettings(stage);
  const names = { stage: stage.stage, apiId: "api", queueUrl: "queue" };
  await new AwsDeliveries({ cloudWatch, sqs, ...names, refusals }).record(0, 1);
  return asked;
}

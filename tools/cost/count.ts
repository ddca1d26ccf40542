import { ScanCommand } from "@aws-sdk/client-dynamodb";

import type { StageConfiguration } from "../../lib/config/stage-configuration.ts";
import {
  LIVES_BEGIN,
  LOG_EVENT_OVERHEAD_BYTES,
  scenarioLives,
  startCountedConsumer,
} from "../cloud-in-memory/counted-consumer.ts";
import { batchOf, lambdaContext, requestOf, webhookOf } from "../cloud-in-memory/builders.ts";
import { makeIngestHandler } from "../../lambdas/ingest/handler.ts";
import { makeLineLogger } from "../../lambdas/telemetry/line-logger.ts";
import { makeMetrics } from "../../lambdas/telemetry/metrics.ts";
import { makeMemoryCloud } from "../cloud-in-memory/cloud.ts";
import { ingestOver } from "../cloud-in-memory/runtime.ts";
import type { LocalDynamoDb } from "../cloud-in-memory/dynalite.ts";
import { billOf, itemSize } from "../cloud-in-memory/write-meter.ts";

/** What ingest was seen to do for one webhook. */
export type IngestCount = Readonly<Awaited<ReturnType<typeof countIngest>>>;

/** What the consumer was seen to do, by the kind of thing that it was given. */
export type ConsumerCount = Readonly<Awaited<ReturnType<typeof countConsumer>>>;

/** Runs the real ingest handler over one webhook of the usual size. @param accessLogBytes - of API Gateway's access log */
export async function countIngest(accessLogBytes: number) {
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
  return { sends: cloud.events.messages().length, logBytes: logged(lines), accessLogBytes };
}

/**
 * Runs the real consumer over the lives of all scenarios, each event in a batch of its own.
 *
 * @param batch - events of the batch whose log is counted.
 */
export async function countConsumer(stage: StageConfiguration, batch: number) {
  const consumer = await startCountedConsumer(stage.routes);
  try {
    const firsts: number[] = [];
    const furthers: number[] = [];
    let reads = 0;
    for (const webhooks of scenarioLives("cost", stage.events.handled.allBut)) {
      for (const [position, webhook] of webhooks.entries()) {
        const bill = await billOf(async () => {
          await consumer.process(batchOf([webhook]), lambdaContext());
        });
        (position === 0 ? firsts : furthers).push(bill.items + bill.indexes);
        reads += bill.reads;
      }
    }
    const events = firsts.length + furthers.length;
    const published = consumer.busEvents();
    const sizes = await itemSizes(consumer.dynamo);

    const before = consumer.logBytes();
    const webhooks = Array.from({ length: batch }, (_, index) =>
      webhookOf(
        "started_application",
        `JA-costBatch${String(index).padStart(11, "0")}`,
        LIVES_BEGIN,
      ),
    );
    await consumer.process(batchOf(webhooks), lambdaContext());
    return {
      /** Write units, index entries included, of an application's first event. */
      firstWrites: mean(firsts),
      /** The same of every further one, in the mean over the scenarios. */
      furtherWrites: mean(furthers),
      readsPerEvent: reads / events,
      /** Events put on the bus per event, in the mean over the scenarios and by the stage's routes. */
      publishedPerEvent: published / events,
      logBytesPerBatch: consumer.logBytes() - before,
      // Of an event's item, and of an application's at its end. Ids and times are a few bytes longer or shorter
      // from run to run.
      eventBytes: Math.round(mean(sizes.events) / 50) * 50,
      applicationBytes: Math.round(mean(sizes.applications) / 50) * 50,
    };
  } finally {
    await consumer.dynamo.close();
  }
}

async function itemSizes({ client, applicationTableName }: LocalDynamoDb) {
  const { Items = [] } = await client.send(new ScanCommand({ TableName: applicationTableName }));
  const sizesOf = (isOfKind: (sortKey: string) => boolean) =>
    Items.filter((item) => isOfKind(item["sk"]?.S ?? "")).map((item) => itemSize(item));
  return {
    events: sizesOf((sortKey) => sortKey.startsWith("EVENT#")),
    applications: sizesOf((sortKey) => sortKey === "STATE"),
  };
}

function logged(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + Buffer.byteLength(line) + LOG_EVENT_OVERHEAD_BYTES, 0);
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

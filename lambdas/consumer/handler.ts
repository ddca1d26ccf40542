import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";

import type {
  DeadLetters,
  EventPublisher,
  Idempotency,
  PayloadReader,
  QueueMessages,
} from "../domain/ports.ts";
import { METRICS } from "../settings.ts";
import type { MessageLogger } from "../telemetry/powertools-logger.ts";
import { oneAtATime } from "./one-at-a-time.ts";
import { OpenRecords } from "./open-records.ts";
import type { ProcessDependencies } from "./process.ts";
import { PublishGate } from "./publish-gate.ts";
import { makeRun } from "./run.ts";
import { makeSettle } from "./settle.ts";
import { LEFT_MS, TimeLeft } from "./time-left.ts";
import type { Schedule } from "./time-left.ts";
import { collapse, readWork, sequencesOf } from "./work.ts";
import type { Work } from "./work.ts";

export interface ConsumerDependencies extends Omit<ProcessDependencies, "once"> {
  readonly idempotency: Idempotency;
  readonly publisher: EventPublisher;
  readonly deadLetters: DeadLetters;
  readonly payloads: PayloadReader;
  readonly messages: QueueMessages;
  readonly logger: MessageLogger;
  readonly schedule: Schedule;
}

/**
 * The consumer: one effect per event, and an answer per record, before its time is up.
 *
 * 1. Read the records; what nobody can read goes to the dead-letter queue at once.
 * 2. Make one work of duplicates; put the works of one application into the order of their time.
 * 3. Process each once (`run.ts`), applications side by side, and publish all in one call.
 * 4. Give back the records that failed, each with its own wait, and those that hang.
 */
export function makeConsumerHandler(dependencies: ConsumerDependencies) {
  const { publisher, metrics } = dependencies;
  const settle = makeSettle(dependencies);

  return async (event: SQSEvent, context: Context): Promise<SQSBatchResponse> => {
    const records = new OpenRecords(event.Records);
    const payloads = oneAtATime(dependencies.payloads);
    const time = new TimeLeft(() => context.getRemainingTimeInMillis(), dependencies.schedule);

    await Promise.race([everything(), time.until(LEFT_MS.cutOff)]);
    const left = records.end();
    const givenBack = left.map(([record, work]) => settle([record], work, { kind: "cut-off" }));
    await Promise.race([Promise.all(givenBack), time.until(LEFT_MS.answer)]);
    time.end();

    const { back } = records;
    metrics.count(METRICS.recordsHandled, event.Records.length);
    metrics.count(METRICS.recordsFailed, back.length);
    metrics.flush();
    return { batchItemFailures: back.map(({ messageId }) => ({ itemIdentifier: messageId })) };

    async function everything(): Promise<void> {
      const works: Work[] = [];
      const unreadable: Promise<void>[] = [];
      const reading = event.Records.map(async (record) => {
        try {
          const work = await readWork(record, payloads, dependencies.settings);
          records.read(record, work);
          works.push(work);
        } catch (error) {
          unreadable.push(settleUnreadable(record, error));
        }
      });
      await Promise.race([Promise.all(reading), time.until(LEFT_MS.reading)]);
      // What is read from now on has nobody to process it: it stays open, and is given back.
      await Promise.all([processAll([...works]), ...unreadable]);
    }

    async function settleUnreadable(record: SQSRecord, error: unknown): Promise<void> {
      records.settle([record], await settle([record], null, { kind: "failed", error }));
    }

    async function processAll(readable: readonly Work[]): Promise<void> {
      const works = collapse(readable);
      const isInTime = () => !time.isBelow(LEFT_MS.cutOff);
      const gate = new PublishGate(publisher, works.length, metrics, isInTime);
      void time.until(LEFT_MS.lastCall).then(() => gate.open());
      const run = makeRun({ ...dependencies, settle, gate, records, time });
      await Promise.all(sequencesOf(works).map((sequence) => runInOrder(sequence, run)));
    }
  };
}

/** A later event of an application begins when the earlier one waits at the gate, or has ended. */
async function runInOrder(
  sequence: readonly Work[],
  run: (work: Work, arrived: () => void) => Promise<void>,
): Promise<void> {
  const runs: Promise<void>[] = [];
  for (const work of sequence) {
    const arrived = Promise.withResolvers<void>();
    runs.push(run(work, arrived.resolve));
    await arrived.promise;
  }
  await Promise.all(runs);
}

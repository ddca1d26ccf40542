import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";

import type {
  DeadLetters,
  EventPublisher,
  Idempotency,
  PayloadReader,
  QueueMessages,
} from "../domain/ports.ts";
import { METRICS, TIMEOUTS_MS } from "../settings.ts";
import type { MessageLogger } from "../telemetry/powertools-logger.ts";
import { isIgnored } from "./ignored.ts";
import { TwinInProgress } from "./event-steps.ts";
import { processWork } from "./process.ts";
import type { ProcessDependencies } from "./process.ts";
import { PublishGate } from "./publish-gate.ts";
import { isRemembered } from "./remembered.ts";
import { makeSettle } from "./settle.ts";
import type { Result } from "./settle.ts";
import { collapse, readWork, sequencesOf } from "./work.ts";
import type { Work } from "./work.ts";

export interface ConsumerDependencies extends Omit<ProcessDependencies, "once"> {
  readonly idempotency: Idempotency;
  readonly publisher: EventPublisher;
  readonly deadLetters: DeadLetters;
  readonly payloads: PayloadReader;
  readonly messages: QueueMessages;
  readonly logger: MessageLogger;
}

/** Below this, no new work is begun: a batch that the timeout cuts off comes back as a whole. */
const SAFE_REMAINDER_MS = TIMEOUTS_MS.consumer / 3;

/**
 * The consumer: one effect per event, and an answer per record.
 *
 * 1. Read the records; what nobody can read goes to the dead-letter queue at once.
 * 2. Make one work of duplicates; put the works of one application into the order of their time.
 * 3. Process each once (`processWork`), applications side by side, and publish all in one call.
 * 4. Give back the records that failed, each with its own wait.
 */
export function makeConsumerHandler(dependencies: ConsumerDependencies) {
  const { idempotency, publisher, metrics, settings, store } = dependencies;
  const settle = makeSettle(dependencies);

  return async (event: SQSEvent, context: Context): Promise<SQSBatchResponse> => {
    const failed: SQSRecord[] = [];
    const readable: Work[] = [];
    const readings = await readAll(event.Records, dependencies.payloads);
    await Promise.all(
      readings.map(async ({ record, work, error }) => {
        if (work !== null) readable.push(work);
        else failed.push(...(await settle([record], null, { kind: "failed", error })));
      }),
    );

    const works = collapse(readable);
    const gate = new PublishGate(publisher, works.length);
    await Promise.all(sequencesOf(works).map((sequence) => runInOrder(sequence)));
    metrics.count(METRICS.recordsHandled, event.Records.length);
    metrics.count(METRICS.recordsFailed, failed.length);
    metrics.flush();
    return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };

    /** A later event of an application begins when the earlier one waits at the gate, or has ended. */
    async function runInOrder(sequence: readonly Work[]): Promise<void> {
      const runs: Promise<void>[] = [];
      for (const work of sequence) {
        const arrived = Promise.withResolvers<void>();
        runs.push(run(work, arrived.resolve));
        await arrived.promise;
      }
      await Promise.all(runs);
    }

    async function run(work: Work, arrived: () => void): Promise<void> {
      let isAtGate = false;
      const result = await resultOf(work, async (published) => {
        isAtGate = true;
        const answer = gate.publish(published);
        arrived();
        return answer;
      });
      if (!isAtGate) {
        gate.pass();
        arrived();
      }
      failed.push(...(await settle(work.records, work, result)));
    }

    async function resultOf(
      work: Work,
      publish: Parameters<typeof processWork>[1],
    ): Promise<Result> {
      if (isIgnored(work.subject, settings)) return { kind: "ignored" };
      if (context.getRemainingTimeInMillis() < SAFE_REMAINDER_MS) return { kind: "postponed" };
      const once: Idempotency["once"] = (eventId, effect) => idempotency.once(eventId, effect);
      let isDone = false;
      const action = async () => {
        const processed = await processWork(work, publish, { store, once, settings, metrics, now });
        isDone = true;
        return processed;
      };
      try {
        if (!isRemembered(work, settings)) return { kind: await action() };
        return {
          kind: await idempotency.once(work.key, async () => {
            await action();
          }),
        };
      } catch (error) {
        if (isDone) return { kind: "unremembered" };
        return error instanceof TwinInProgress
          ? { kind: "in-conflict" }
          : { kind: "failed", error };
      }
    }
  };

  function now(): number {
    return dependencies.now();
  }
}

type Reading =
  | { readonly record: SQSRecord; readonly work: Work; readonly error: null }
  | { readonly record: SQSRecord; readonly work: null; readonly error: unknown };

async function readAll(
  records: readonly SQSRecord[],
  payloads: PayloadReader,
): Promise<readonly Reading[]> {
  return Promise.all(
    records.map(async (record): Promise<Reading> => {
      try {
        return { record, work: await readWork(record, payloads), error: null };
      } catch (error) {
        return { record, work: null, error };
      }
    }),
  );
}

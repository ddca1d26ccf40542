import { setTimeout as sleep } from "node:timers/promises";
import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import { CONCURRENCY, QUEUE } from "../../lambdas/settings/limits.ts";
import { settleBatch, sqsEventOf } from "../cloud-in-memory/event-source.ts";
import type { MemoryQueue } from "../cloud-in-memory/queue.ts";

/** How soon an empty queue is looked into again: a webhook's effect is there at once for a person. */
const PAUSE_MS = 50;

/**
 * Hands the queue's batches to the consumer in real time, as Lambda's event source mapping does: so many
 * sandboxes side by side, each with one batch at a time. A batch whose invocation throws comes back.
 *
 * @returns a function that ends it, when what was under way is done.
 */
export function startEventSource(options: {
  readonly queue: MemoryQueue;
  readonly newConsumer: () => (batch: SQSEvent) => Promise<SQSBatchResponse>;
  readonly onFailure: (error: unknown) => void;
}): () => Promise<void> {
  const { queue, newConsumer, onFailure } = options;
  const stopping = new AbortController();

  async function serve(consume: (batch: SQSEvent) => Promise<SQSBatchResponse>): Promise<void> {
    while (!stopping.signal.aborted) {
      const messages = queue.receive(QUEUE.batchSize);
      if (messages.length === 0) {
        // An aborted pause is the end, not a failure.
        await sleep(PAUSE_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
        continue;
      }
      try {
        settleBatch(queue, messages, await consume(sqsEventOf(messages)));
      } catch (error) {
        onFailure(error);
      }
    }
  }

  const consumers = Array.from({ length: CONCURRENCY.eventSource }, () => serve(newConsumer()));
  return async () => {
    stopping.abort();
    await Promise.all(consumers);
  };
}

import { BatchEventQueue } from "../../lambdas/adapters/send-messages.ts";
import type { MessageEntry, SendMessageBatchAnswer } from "../../lambdas/adapters/send-messages.ts";
import type { StoreOutcome } from "../../lambdas/domain/aws-failure.ts";
import { reasonBeside } from "../../lambdas/domain/event/dead-letter-reason.ts";
import { TransientError } from "../../lambdas/domain/errors.ts";
import type { DeadLetters, QueueMessages } from "../../lambdas/domain/ports.ts";
import type { EnvelopeQueue } from "../../lambdas/ingest/store-webhook.ts";
import { QUEUE } from "../../lambdas/settings/limits.ts";
import { batchRefusal } from "../strict-aws/limits-of-sqs.ts";
import { QueueRefusal } from "./queue.ts";
import type { MemoryQueue } from "./queue.ts";

/** `EnvelopeQueue` on a queue in memory: ingest's way in. */
export class MemoryEnvelopeQueue implements EnvelopeQueue {
  readonly #queue: MemoryQueue;

  constructor(queue: MemoryQueue) {
    this.#queue = queue;
  }

  async send(message: string): Promise<StoreOutcome> {
    try {
      this.#queue.send(message);
      return { stored: true };
    } catch (error) {
      if (error instanceof QueueRefusal) return { stored: false, cause: "rejected" };
      throw error;
    }
  }
}

/** `EventQueue` on a queue in memory: the poller's way in. */
export class MemoryEventQueue extends BatchEventQueue {
  constructor(queue: MemoryQueue) {
    super({ sendBatch: async (entries) => sendBatchTo(queue, entries), sleep: async () => {} });
  }
}

/** `SendMessageBatch`. @throws LimitRefusal when SQS takes nothing of the call. */
export function sendBatchTo(
  queue: MemoryQueue,
  entries: readonly MessageEntry[],
): SendMessageBatchAnswer {
  const refusal = batchRefusal(
    entries.map(({ Id: id, MessageBody: body }) => ({ id, message: { body, attributes: [] } })),
  );
  if (refusal !== null) throw refusal;
  const failed = new Map<string, string>();
  for (const { Id, MessageBody } of entries) {
    try {
      queue.send(MessageBody);
    } catch (error) {
      if (!(error instanceof QueueRefusal)) throw error;
      failed.set(Id, error.code);
    }
  }
  return {
    Successful: entries.filter(({ Id }) => !failed.has(Id)).map(({ Id }) => ({ Id })),
    Failed: [...failed].map(([Id, Code]) => ({ Id, Code, SenderFault: true })),
  };
}

/** `DeadLetters` on a queue in memory. */
export class MemoryDeadLetters implements DeadLetters {
  readonly #queue: MemoryQueue;

  constructor(queue: MemoryQueue) {
    this.#queue = queue;
  }

  async send(queueMessage: string, reason: string): Promise<void> {
    const attribute = reasonBeside(queueMessage, reason);
    inOurWords("Dead-lettering a record", () =>
      this.#queue.send(
        queueMessage,
        attribute === null ? {} : { [QUEUE.reasonAttribute]: attribute },
      ),
    );
  }
}

/** `QueueMessages` on a queue in memory. */
export class MemoryQueueMessages implements QueueMessages {
  readonly #queue: MemoryQueue;

  constructor(queue: MemoryQueue) {
    this.#queue = queue;
  }

  async retryAfter(receiptHandle: string, seconds: number): Promise<void> {
    inOurWords("Shortening a message's wait", () => {
      this.#queue.changeVisibility(receiptHandle, seconds);
    });
  }
}

/** Translates a refusal as the adapters do. */
function inOurWords(what: string, act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof QueueRefusal)) throw error;
    throw new TransientError(`${what} failed: ${error.code}`, { cause: error });
  }
}

import type { StoreOutcome } from "../../lambdas/domain/aws-failure.ts";
import { encodeEnvelope } from "../../lambdas/domain/envelope.ts";
import type { Envelope } from "../../lambdas/domain/envelope.ts";
import { TransientError } from "../../lambdas/domain/errors.ts";
import type { EventQueue } from "../../lambdas/domain/polling-ports.ts";
import type { DeadLetters, QueueMessages } from "../../lambdas/domain/ports.ts";
import type { EnvelopeQueue } from "../../lambdas/ingest/store-webhook.ts";
import { QUEUE } from "../../lambdas/settings.ts";
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
export class MemoryEventQueue implements EventQueue {
  readonly #queue: MemoryQueue;

  constructor(queue: MemoryQueue) {
    this.#queue = queue;
  }

  async send(envelopes: readonly Envelope[]): Promise<void> {
    for (const envelope of envelopes) {
      inOurWords("Queueing events", () => this.#queue.send(encodeEnvelope(envelope)));
    }
  }
}

/** `DeadLetters` on a queue in memory. */
export class MemoryDeadLetters implements DeadLetters {
  readonly #queue: MemoryQueue;

  constructor(queue: MemoryQueue) {
    this.#queue = queue;
  }

  async send(queueMessage: string, reason: string): Promise<void> {
    inOurWords("Dead-lettering a record", () =>
      this.#queue.send(queueMessage, { [QUEUE.reasonAttribute]: reason }),
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

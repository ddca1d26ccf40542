import type { SQSBatchResponse, SQSEvent } from "aws-lambda";

import { makeConsumerHandler } from "../../lambdas/consumer/handler.ts";
import type { ConsumerDependencies } from "../../lambdas/consumer/handler.ts";
import { encodeEnvelope } from "../../lambdas/domain/envelope.ts";
import type { Envelope } from "../../lambdas/domain/envelope.ts";
import type { PublishedEvent } from "../../lambdas/domain/published-event.ts";
import { batchOf, CONSUMER_SETTINGS, lambdaContext } from "./counted-consumer.ts";
import { MemoryApplicationTable } from "../../tools/memory/application-table.ts";

/** The consumer over twins in memory, and what came of it. */
export interface TestConsumer {
  readonly store: MemoryApplicationTable;
  readonly published: PublishedEvent[];
  readonly deadLettered: { readonly body: string; readonly reason: string }[];
  readonly waits: number[];
  readonly process: (event: SQSEvent) => Promise<SQSBatchResponse>;
}

export function aConsumer(changes: Partial<ConsumerDependencies> = {}): TestConsumer {
  const store = new MemoryApplicationTable();
  const published: PublishedEvent[] = [];
  const deadLettered: { body: string; reason: string }[] = [];
  const waits: number[] = [];
  const done = new Map<string, "running" | "done">();
  const handle = makeConsumerHandler({
    store,
    idempotency: {
      async once(eventId, action) {
        const before = done.get(eventId);
        if (before !== undefined) return before === "done" ? "duplicate" : "in-conflict";
        done.set(eventId, "running");
        try {
          await action();
        } catch (error) {
          done.delete(eventId);
          throw error;
        }
        done.set(eventId, "done");
        return "done";
      },
    },
    publisher: {
      async publish(events) {
        published.push(...events);
        return events.map(() => null);
      },
    },
    deadLetters: {
      async send(body, reason) {
        deadLettered.push({ body, reason });
      },
    },
    payloads: { read: () => Promise.reject(new Error("no large bodies here")) },
    messages: {
      async retryAfter(_, seconds) {
        waits.push(seconds);
      },
    },
    metrics: { count() {}, milliseconds() {}, flush() {} },
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    settings: CONSUMER_SETTINGS,
    now: Date.now,
    ...changes,
  });
  const process = (event: SQSEvent) => handle(event, lambdaContext());
  return { store, published, deadLettered, waits, process };
}

/** One message of the poller's. */
export function pollBatchOf(body: string, siblings: readonly string[] = []): SQSEvent {
  const envelope: Envelope = {
    v: 1,
    kind: "poll",
    receiptId: "poll-1",
    receivedAt: Date.now(),
    body,
    payloadKey: null,
    sourceIp: null,
    siblings,
  };
  const { Records } = batchOf([body]);
  return { Records: Records.map((record) => ({ ...record, body: encodeEnvelope(envelope) })) };
}

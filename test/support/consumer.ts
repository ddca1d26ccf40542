import type { SQSEvent } from "aws-lambda";

import { makeConsumerHandler } from "../../lambdas/consumer/handler.ts";
import type { ConsumerDependencies } from "../../lambdas/consumer/handler.ts";
import { encodeEnvelope } from "../../lambdas/domain/event/envelope.ts";
import type { Envelope } from "../../lambdas/domain/event/envelope.ts";
import type { Idempotency } from "../../lambdas/domain/ports.ts";
import type { PublishedEvent } from "../../lambdas/domain/routing/published-event.ts";
import type { ConsumerSettings } from "../../lambdas/settings/consumer-settings.ts";
import type { RouteId } from "../../lambdas/settings/routes.ts";
import { perRoute } from "../../lib/config/per-route.ts";
import { FaultyPort } from "../../tools/cloud-in-memory/faults.ts";
import { MemoryApplicationTable } from "../../tools/cloud-in-memory/application-table.ts";
import {
  MemoryIdempotency,
  MemoryIdempotencyTable,
} from "../../tools/cloud-in-memory/idempotency.ts";
import { MemoryInvestigations } from "../../tools/cloud-in-memory/investigations.ts";
import { batchOf, batchOfMessages, lambdaContext } from "../../tools/cloud-in-memory/builders.ts";
import { CONSUMER_SETTINGS, consumerOver } from "../../tools/cloud-in-memory/runtime.ts";
import { anEnvelope } from "./poll-envelope.ts";
import { keptTelemetry } from "./telemetry.ts";

/** Routes of which these are recorded and not published. */
export function routesWithout(...unpublished: readonly RouteId[]): ConsumerSettings["routes"] {
  return perRoute((id) => ({ publish: !unpublished.includes(id), publishLate: false }));
}

/** An empty idempotency table, of which these calls go otherwise. */
export function idempotencyWith(calls: Partial<Idempotency>): Idempotency {
  const right = new MemoryIdempotency(new MemoryIdempotencyTable(), Date.now);
  return {
    begin: (eventId, remainingMs) => right.begin(eventId, remainingMs),
    isCompleted: (eventId) => right.isCompleted(eventId),
    complete: (eventId) => right.complete(eventId),
    release: (eventId) => right.release(eventId),
    ...calls,
  };
}

export type TestConsumer = ReturnType<typeof aConsumer>;

/** The consumer over doubles in memory, and what came of it. */
export function aConsumer(
  changes: Partial<Omit<ConsumerDependencies, "settings" | "store" | "investigations">> & {
    readonly settings?: Partial<ConsumerSettings>;
    /** Another consumer's, to stand for the same table. */
    readonly store?: MemoryApplicationTable;
    readonly investigations?: MemoryInvestigations;
  } = {},
) {
  const { store = new MemoryApplicationTable(), investigations = new MemoryInvestigations() } =
    changes;
  const faults = new FaultyPort(store);
  const published: PublishedEvent[] = [];
  const deadLettered: { body: string; reason: string }[] = [];
  const waits: number[] = [];
  const { metrics, logger, kept } = keptTelemetry();
  const handle = makeConsumerHandler(
    consumerOver({
      investigations,
      metrics,
      logger,
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
      messages: {
        async retryAfter(_, seconds) {
          waits.push(seconds);
        },
      },
      ...changes,
      store: faults.port,
      settings: { ...CONSUMER_SETTINGS, ...changes.settings },
    }),
  );
  const process = (event: SQSEvent, context = lambdaContext()) => handle(event, context);
  return {
    store,
    /** The same table, as the consumer meets it. */
    faults,
    investigations,
    published,
    deadLettered,
    waits,
    ...kept,
    process,
    state: (applicationToken: string) => store.applications.get(applicationToken)?.state,
    /** One batch, each of these webhooks in a message of its own. */
    receive: (...webhooks: readonly string[]) => process(batchOf(webhooks)),
    /** One message of the poller's. */
    copy: (body: string, siblings?: readonly string[]) => process(pollBatchOf(body, siblings)),
    /** One message of an operator's. */
    replay: (body: string, how?: { readonly force: true }) =>
      process(envelopeBatchOf({ kind: "replay", receiptId: "replay-1", body, ...how })),
  };
}

/** One message of the poller's. */
export function pollBatchOf(body: string, siblings: readonly string[] = []): SQSEvent {
  return envelopeBatchOf({ kind: "poll", receiptId: "poll-1", body, siblings });
}

/**
 * One message of a submission, as the rule of the bus writes it.
 *
 * @param submission - the announced detail, also as JSON text.
 */
export function submissionBatchOf(submission: object | string, changes: object = {}): SQSEvent {
  const detail = typeof submission === "string" ? submission : JSON.stringify(submission);
  const receivedAt = 1_760_000_000_000;
  const envelope = { v: 1, kind: "submission", receiptId: "bus-1", receivedAt, ...changes };
  const body = JSON.stringify(envelope).replace(/}$/, `,"submission":${detail}}`);
  return batchOfMessages([body]);
}

/** One message with an envelope that is not a webhook's. */
export function envelopeBatchOf(
  changes: Pick<Envelope, "kind" | "receiptId" | "body" | "siblings" | "force">,
): SQSEvent {
  return batchOfMessages([encodeEnvelope(anEnvelope({ receivedAt: Date.now(), ...changes }))]);
}

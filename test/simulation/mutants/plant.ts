import type { SQSRecord } from "aws-lambda";

import type { ConsumerDependencies } from "../../../lambdas/consumer/handler.ts";
import type { Envelope } from "../../../lambdas/domain/event/envelope.ts";
import type { AlloyApplication } from "../../../lambdas/domain/reconciliation/alloy-application.ts";
import type { ApplicationStore, Idempotency, Merged } from "../../../lambdas/domain/ports.ts";
import type { IngestDependencies } from "../../../lambdas/ingest/handler.ts";
import type { PollerDependencies } from "../../../lambdas/poller/handler.ts";
import { MemoryApplicationTable } from "../../../tools/cloud-in-memory/application-table.ts";
import { oneByOne, withMethods } from "../../../tools/cloud-in-memory/faults.ts";
import type { IdempotencyRecords } from "../../../tools/cloud-in-memory/idempotency.ts";
import type { MemoryCloud } from "../../../tools/cloud-in-memory/cloud.ts";
import type { FaultPoints, SandboxContext } from "../faults/fault-points.ts";
import type { Sandbox, Surroundings } from "../faults/sandbox.ts";

/** A consumer of which these dependencies are wrong. */
export function inConsumer(
  wrong: (right: ConsumerDependencies) => Partial<ConsumerDependencies>,
): FaultPoints {
  return { consumerDependencies: (right) => ({ ...right, ...wrong(right) }) };
}

/** A consumer whose store has these methods. */
export function inStore(
  wrong: (right: ApplicationStore, now: () => number) => Partial<ApplicationStore>,
): FaultPoints {
  return inConsumer(({ store, now }) => ({
    store: withMethods(store, oneByOne(wrong(store, now))),
  }));
}

/** A table, seen from outside as well, of which these methods are wrong. */
export function inTable(
  wrong: (
    right: ApplicationStore,
    cloud: MemoryCloud,
    world: Surroundings,
  ) => Partial<ApplicationStore>,
): FaultPoints {
  return { store: (right, ...around) => withMethods(right, oneByOne(wrong(right, ...around))) };
}

/** A consumer that reads of a merge what it did not come to. */
export function readingMerges(
  wrong: (merged: Merged, observation: Merged["after"]) => Partial<Merged["after"]>,
): FaultPoints {
  return inStore((store) => ({
    async mergeState(observation, check) {
      const merged = await store.mergeState(observation, check);
      return { ...merged, after: { ...merged.after, ...wrong(merged, observation) } };
    },
  }));
}

type Publish = ConsumerDependencies["publisher"]["publish"];

/** A consumer that publishes so. */
export function publishing(wrong: (right: Publish) => Publish): FaultPoints {
  return inConsumer(({ publisher }) => ({
    publisher: { publish: wrong((events) => publisher.publish(events)) },
  }));
}

/** A consumer whose idempotency has these methods. */
export function inIdempotency(
  wrong: (right: Idempotency, sandbox: Sandbox) => Partial<Idempotency>,
): FaultPoints {
  return {
    consumerDependencies: ({ idempotency, ...right }, { sandbox }) => ({
      ...right,
      idempotency: withMethods(idempotency, wrong(idempotency, sandbox)),
    }),
  };
}

/** An idempotency table of which these calls go otherwise. */
export function inRecords(
  wrong: (right: IdempotencyRecords, cloud: MemoryCloud) => Partial<IdempotencyRecords>,
): FaultPoints {
  return { idempotencyRecords: (right, cloud) => withMethods(right, wrong(right, cloud)) };
}

/** A message of the event queue, as JSON. */
export type Message = Readonly<Record<string, unknown>> & { readonly kind: string };

/** A consumer that reads something else in each message of this kind. */
export function readingMessages(
  kind: string,
  wrong: (message: Message) => Readonly<Record<string, unknown>>,
): FaultPoints {
  const read = (record: SQSRecord): SQSRecord => {
    const message: Message = JSON.parse(record.body);
    return message.kind === kind ? { ...record, body: JSON.stringify(wrong(message)) } : record;
  };
  return {
    consumer: (handle) => (event, context) => handle({ Records: event.Records.map(read) }, context),
  };
}

/** A poller of which these dependencies are wrong. */
export function inPoller(
  wrong: (right: PollerDependencies) => Partial<PollerDependencies>,
): FaultPoints {
  return { pollerDependencies: (right) => ({ ...right, ...wrong(right) }) };
}

/** A poller that reads something else in Alloy's answers about applications, and queues something else. */
export function answeredBy(
  read: (application: AlloyApplication) => AlloyApplication,
  queued: (envelope: Envelope) => Envelope | null = (envelope) => envelope,
): FaultPoints {
  return inPoller(({ alloy, queue }) => ({
    alloy: withMethods(alloy, {
      async getApplication(asked, timeoutMs) {
        const answer = await alloy.getApplication(asked, timeoutMs);
        if (answer.kind !== "application") return answer;
        return { ...answer, application: read(answer.application) };
      },
    }),
    queue: queueing(queue, queued),
  }));
}

/** A poller that queues something else; null: nothing, and takes it for sent. */
export function queuedBy(queued: (envelope: Envelope) => Envelope | null): FaultPoints {
  return inPoller(({ queue }) => ({ queue: queueing(queue, queued) }));
}

function queueing(
  right: PollerDependencies["queue"],
  queued: (envelope: Envelope) => Envelope | null,
): PollerDependencies["queue"] {
  return {
    async send(envelopes) {
      const changed = envelopes.map((one) => queued(one));
      const sent = changed.filter((one) => one !== null);
      const refusals = [...(sent.length > 0 ? await right.send(sent) : [])];
      return changed.map((one) => (one === null ? null : (refusals.shift() ?? null)));
    },
  };
}

/** An ingest of which these dependencies are wrong. */
export function inIngest(
  wrong: (right: IngestDependencies, context: SandboxContext) => Partial<IngestDependencies>,
): FaultPoints {
  return { ingestDependencies: (right, context) => ({ ...right, ...wrong(right, context) }) };
}

/** An application table in memory; with the bug, these methods of it are others. */
export function aTable(
  isPlanted: boolean,
  wrong: (right: MemoryApplicationTable) => Partial<MemoryApplicationTable>,
): MemoryApplicationTable {
  const right = new MemoryApplicationTable();
  return isPlanted ? withMethods(right, oneByOne(wrong(right))) : right;
}

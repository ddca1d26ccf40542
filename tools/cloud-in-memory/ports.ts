import type { ConsumerDependencies } from "../../lambdas/consumer/handler.ts";
import type { IngestDependencies } from "../../lambdas/ingest/handler.ts";
import type { PollerDependencies } from "../../lambdas/poller/handler.ts";
import { MemoryEventPublisher, MemoryGapAnnouncer } from "./bus.ts";
import type { MemoryCloud } from "./cloud.ts";
import {
  MemoryDeadLetters,
  MemoryEnvelopeQueue,
  MemoryEventQueue,
  MemoryQueueMessages,
} from "./queue-ports.ts";

/** What ingest stores in. */
export function ingestPorts(cloud: MemoryCloud): Pick<IngestDependencies, "queue" | "payloads"> {
  return { queue: new MemoryEnvelopeQueue(cloud.events), payloads: cloud.payloads };
}

/** The consumer's ports, but for the idempotency, which needs a clock. */
export function consumerPorts(
  cloud: MemoryCloud,
): Pick<
  ConsumerDependencies,
  "store" | "investigations" | "publisher" | "deadLetters" | "payloads" | "messages"
> {
  return {
    store: cloud.applications,
    investigations: cloud.investigations,
    publisher: new MemoryEventPublisher(cloud.bus),
    deadLetters: new MemoryDeadLetters(cloud.deadLetters),
    payloads: cloud.payloads,
    messages: new MemoryQueueMessages(cloud.events),
  };
}

/** The poller's ports, but for Alloy's. */
export function pollerPorts(
  cloud: MemoryCloud,
): Pick<
  PollerDependencies,
  "applications" | "investigations" | "deliveries" | "outcomes" | "queue" | "payloads" | "gaps"
> {
  return {
    applications: cloud.applications,
    investigations: cloud.investigations,
    deliveries: cloud.deliveries,
    outcomes: cloud.outcomes,
    queue: new MemoryEventQueue(cloud.events),
    payloads: cloud.payloads,
    gaps: new MemoryGapAnnouncer(cloud.bus),
  };
}

import { QUEUE, REDELIVERY_MS, TIMEOUTS_MS } from "../../lambdas/settings/limits.ts";
import { EMPTY_ALLOY_API_SECRET, EMPTY_WEBHOOK_SECRET } from "../../lambdas/settings/names.ts";
import type { RouteId } from "../../lambdas/settings/routes.ts";
import { MemoryApplicationTable } from "./application-table.ts";
import { MemoryBus, routeRule, submissionRule } from "./bus.ts";
import { MemoryDeliveries } from "./deliveries.ts";
import { MemoryIdempotencyTable } from "./idempotency.ts";
import { MemoryInvestigations } from "./investigations.ts";
import { MemoryOutcomeCounts } from "./outcome-counts.ts";
import { MemoryPayloadBucket } from "./payload-bucket.ts";
import { MemoryQueue } from "./queue.ts";
import type { QueuedMessage } from "./queue.ts";
import { MemorySecret } from "./secret.ts";

/** What of AWS the stack uses, in this process's memory and wired as the stack wires it. */
export type MemoryCloud = Readonly<ReturnType<typeof makeMemoryCloud>>;

/**
 * Makes an empty cloud: its secrets authenticate nobody, as after a first deployment.
 *
 * It has no faults, no timers and no randomness. Time is whatever `now` says; nothing happens between
 * two calls. Queues, tables and bus are values to look into; the handlers' ports are views of them.
 */
export function makeMemoryCloud(options: {
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Routes with a queue of their own. @default - none */
  readonly routes?: readonly RouteId[];
  /** Names what AWS would name. @default - counts */
  readonly newId?: () => string;
  /** Chooses what a receive of the event queue hands over. @default - the oldest */
  readonly pick?: (visible: readonly QueuedMessage[], most: number) => readonly QueuedMessage[];
}) {
  const { now, routes = [], newId = counter(), pick } = options;
  const deadLetters = new MemoryQueue({
    now,
    newId,
    retentionMs: REDELIVERY_MS.deadLetterRetention,
    visibilityMs: TIMEOUTS_MS.visibility,
  });
  const queue = {
    now,
    newId,
    retentionMs: REDELIVERY_MS.queueRetention,
    visibilityMs: TIMEOUTS_MS.visibility,
  };
  const events = new MemoryQueue({
    ...queue,
    deadLetters: { queue: deadLetters, maxReceives: QUEUE.maxReceives },
    ...(pick !== undefined && { pick }),
  });
  const bus = new MemoryBus({ now, newId });
  bus.addRule(submissionRule(events));
  const routeQueues: ReadonlyMap<RouteId, MemoryQueue> = new Map(
    routes.map((route) => [route, new MemoryQueue(queue)]),
  );
  for (const [route, routeQueue] of routeQueues) bus.addRule(routeRule(route, routeQueue));
  return {
    events,
    deadLetters,
    applications: new MemoryApplicationTable(),
    investigations: new MemoryInvestigations(),
    idempotency: new MemoryIdempotencyTable(),
    payloads: new MemoryPayloadBucket(),
    bus,
    /** The queues of the routes that have one. */
    routes: routeQueues,
    deliveries: new MemoryDeliveries(events),
    outcomes: new MemoryOutcomeCounts(),
    webhookSecret: new MemorySecret(EMPTY_WEBHOOK_SECRET),
    alloyApiSecret: new MemorySecret(EMPTY_ALLOY_API_SECRET),
  };
}

function counter(): () => string {
  let count = 0;
  return () => {
    count += 1;
    return `id-${count}`;
  };
}

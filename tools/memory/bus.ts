import type { GapNotice } from "../../lambdas/domain/gap-notice.ts";
import type { GapAnnouncer } from "../../lambdas/domain/polling-ports.ts";
import type { EventPublisher } from "../../lambdas/domain/ports.ts";
import type { PublishedEvent } from "../../lambdas/domain/published-event.ts";
import {
  DELIVERY_GAP_DETAIL_TYPE,
  EVENT_SOURCE,
  ROUTE_TITLES,
  SUBMISSION_DETAIL_TYPE,
} from "../../lambdas/settings.ts";
import type { RouteId } from "../../lambdas/settings.ts";
import { LimitRefusal } from "../strict-aws/limit-refusal.ts";
import { entryRefusal, putEventsRefusal } from "../strict-aws/limits-of-event-bridge.ts";
import type { MemoryQueue } from "./queue.ts";

/** An event as a rule's target gets it. */
export interface BusEvent {
  readonly id: string;
  /** ISO 8601, in whole seconds, as EventBridge has it. */
  readonly time: string;
  readonly source: string;
  readonly detailType: string;
  readonly detail: unknown;
}

/** Whom the bus tells of which events. */
export interface BusRule {
  readonly matches: (event: Pick<BusEvent, "source" | "detailType">) => boolean;
  readonly deliver: (event: BusEvent) => void;
}

/** The EventBridge bus in memory: it takes what EventBridge takes, and delivers at once. */
export class MemoryBus {
  /** What it took, in order. */
  readonly published: PublishedEvent[] = [];
  readonly notices: GapNotice[] = [];
  readonly #now: () => number;
  readonly #newId: () => string;
  readonly #rules = new Set<BusRule>();

  constructor(options: { readonly now: () => number; readonly newId: () => string }) {
    this.#now = options.now;
    this.#newId = options.newId;
  }

  /** @returns a function that removes it. */
  addRule(rule: BusRule): () => void {
    this.#rules.add(rule);
    return () => void this.#rules.delete(rule);
  }

  /** @throws LimitRefusal when EventBridge would not take it. */
  put(source: string, detailType: string, detail: unknown): void {
    const entry = { Source: source, DetailType: detailType, Detail: JSON.stringify(detail) };
    const refusal = putEventsRefusal([entry]) ?? entryRefusal(entry);
    if (refusal !== null) throw refusal;
    const rules = [...this.#rules].filter(({ matches }) => matches({ source, detailType }));
    if (rules.length === 0) return;
    const time = `${new Date(this.#now()).toISOString().slice(0, -".000Z".length)}Z`;
    const event = { id: this.#newId(), time, source, detailType, detail };
    for (const { deliver } of rules) deliver(event);
  }
}

/** `EventPublisher` on a bus in memory. */
export class MemoryEventPublisher implements EventPublisher {
  readonly #bus: MemoryBus;

  constructor(bus: MemoryBus) {
    this.#bus = bus;
  }

  async publish(events: readonly PublishedEvent[]): Promise<readonly (string | null)[]> {
    return events.map((event) => {
      try {
        this.#bus.put(EVENT_SOURCE, ROUTE_TITLES[event.route], event);
      } catch (error) {
        if (error instanceof LimitRefusal) return error.name;
        throw error;
      }
      this.#bus.published.push(event);
      return null;
    });
  }
}

/** `GapAnnouncer` on a bus in memory. */
export class MemoryGapAnnouncer implements GapAnnouncer {
  readonly #bus: MemoryBus;

  constructor(bus: MemoryBus) {
    this.#bus = bus;
  }

  async announce(notices: readonly GapNotice[]): Promise<void> {
    for (const notice of notices) {
      this.#bus.put(EVENT_SOURCE, DELIVERY_GAP_DETAIL_TYPE, notice);
      this.#bus.notices.push(notice);
    }
  }
}

/** A route's rule: into the route's own queue, as EventBridge writes its events. */
export function routeRule(route: RouteId, queue: MemoryQueue): BusRule {
  return {
    matches: ({ source, detailType }) =>
      source === EVENT_SOURCE && detailType === ROUTE_TITLES[route],
    deliver({ detailType, ...event }) {
      queue.send(JSON.stringify({ version: "0", "detail-type": detailType, ...event }));
    },
  };
}

/** The rule of submissions: into the event queue, through the input transformer of `event-routes.ts`. */
export function submissionRule(events: MemoryQueue): BusRule {
  return {
    matches: ({ source, detailType }) =>
      source !== EVENT_SOURCE && detailType === SUBMISSION_DETAIL_TYPE,
    deliver({ id: receiptId, time: receivedAt, detail: submission }) {
      events.send(JSON.stringify({ v: 1, kind: "submission", receiptId, receivedAt, submission }));
    },
  };
}

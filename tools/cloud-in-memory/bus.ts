import { BusEventPublisher, BusGapAnnouncer } from "../../lambdas/adapters/bus-ports.ts";
import type { BusEntry, PutEventsAnswer } from "../../lambdas/adapters/put-events.ts";
import type { GapNotice, InvestigationGapNotice } from "../../lambdas/domain/routing/gap-notice.ts";
import type { PublishedEvent } from "../../lambdas/domain/routing/published-event.ts";
import {
  DELIVERY_GAP_DETAIL_TYPE,
  INVESTIGATION_GAP_DETAIL_TYPE,
  EVENT_SOURCE,
  ROUTE_TITLES,
  SUBMISSION_DETAIL_TYPE,
} from "../../lambdas/settings/routes.ts";
import type { RouteId } from "../../lambdas/settings/routes.ts";
import { LimitRefusal } from "../strict-aws/limit-refusal.ts";
import { entryRefusal, putEventsRefusal, readEntry } from "../strict-aws/limits-of-event-bridge.ts";
import { QueueRefusal } from "./queue.ts";
import type { MemoryQueue } from "./queue.ts";

/** An event as a rule's target gets it. */
export interface BusEvent {
  readonly id: string;
  /** ISO 8601, in whole seconds, as EventBridge has it. */
  readonly time: string;
  readonly source: string;
  readonly detailType: string;
  readonly detail: unknown;
  /** The same as it was put. */
  readonly detailText: string;
  /** All of it as EventBridge's own JSON, the detail in it as it was put: what a queue as a target gets. */
  readonly text: string;
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
  readonly investigationNotices: InvestigationGapNotice[] = [];
  readonly notices: GapNotice[] = [];
  /** What a rule's target did not take: a rule of AWS retries, and then drops it or dead-letters it. */
  readonly undelivered: BusEvent[] = [];
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

  /** `PutEvents` of our own functions. @throws LimitRefusal when EventBridge takes nothing of the call. */
  putEvents(entries: readonly BusEntry[]): PutEventsAnswer {
    const asked = entries.map(({ detailType, detail }) => ({
      Source: EVENT_SOURCE,
      DetailType: detailType,
      Detail: detail,
    }));
    const refusal = putEventsRefusal(asked);
    if (refusal !== null) throw refusal;
    return {
      Entries: asked.map((entry) => {
        const read = readEntry(entry);
        if (read instanceof LimitRefusal) {
          return { ErrorCode: read.name, ErrorMessage: read.message };
        }
        const { DetailType: title } = entry;
        if (title === DELIVERY_GAP_DETAIL_TYPE) this.notices.push(read.detail);
        else if (title === INVESTIGATION_GAP_DETAIL_TYPE) {
          this.investigationNotices.push(read.detail);
        } else this.published.push(read.detail);
        this.#tell(EVENT_SOURCE, entry.DetailType, entry.Detail, read.detail);
        return { EventId: this.#newId() };
      }),
    };
  }

  /** Somebody else's event. @throws LimitRefusal when EventBridge would not take it. */
  put(source: string, detailType: string, detail: unknown): void {
    const entry = { Source: source, DetailType: detailType, Detail: JSON.stringify(detail) };
    const refusal = putEventsRefusal([entry]) ?? entryRefusal(entry);
    if (refusal !== null) throw refusal;
    this.#tell(source, detailType, entry.Detail, detail);
  }

  #tell(source: string, detailType: string, detailText: string, detail: unknown): void {
    const rules = [...this.#rules].filter(({ matches }) => matches({ source, detailType }));
    if (rules.length === 0) return;
    const time = `${new Date(this.#now()).toISOString().slice(0, -".000Z".length)}Z`;
    const id = this.#newId();
    const rest = JSON.stringify({ version: "0", "detail-type": detailType, id, time, source });
    const text = `${rest.slice(0, -1)},"detail":${detailText}}`;
    const event = { id, time, source, detailType, detail, detailText, text };
    for (const { deliver } of rules) {
      try {
        deliver(event);
      } catch (error) {
        if (!(error instanceof QueueRefusal)) throw error;
        this.undelivered.push(event);
      }
    }
  }
}

/** `EventPublisher` on a bus in memory. */
export class MemoryEventPublisher extends BusEventPublisher {
  constructor(bus: MemoryBus) {
    super({ putEvents: async (entries) => bus.putEvents(entries), sleep: async () => {} });
  }
}

/** `GapAnnouncer` on a bus in memory. */
export class MemoryGapAnnouncer extends BusGapAnnouncer {
  constructor(bus: MemoryBus) {
    super({ putEvents: async (entries) => bus.putEvents(entries), sleep: async () => {} });
  }
}

/** A route's rule: into the route's own queue, as EventBridge writes its events. */
export function routeRule(route: RouteId, queue: MemoryQueue): BusRule {
  return {
    matches: ({ source, detailType }) =>
      source === EVENT_SOURCE && detailType === ROUTE_TITLES[route],
    deliver: ({ text }) => void queue.send(text),
  };
}

/** The rule of submissions: into the event queue, through the input transformer of `event-routes.ts`. */
export function submissionRule(events: MemoryQueue): BusRule {
  return {
    matches: ({ source, detailType }) =>
      source !== EVENT_SOURCE && detailType === SUBMISSION_DETAIL_TYPE,
    deliver({ id: receiptId, time: receivedAt, detailText }) {
      const head = JSON.stringify({ v: 1, kind: "submission", receiptId, receivedAt });
      events.send(`${head.slice(0, -1)},"submission":${detailText}}`);
    },
  };
}

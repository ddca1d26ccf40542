import type { Version } from "../scenario/answers.ts";
import type { TrueApplication, TrueEvent } from "../scenario/application.ts";
import type { Observer } from "../world/observer.ts";
import { FINAL } from "../scenario/expectations.ts";
import type { Seen } from "./seen.ts";

/*
 * What marks are looked for in: the world's truth beside what its watchers saw of it.
 */

export interface EventFacts {
  readonly event: TrueEvent;
  /** Who brought it first; null: nobody. */
  readonly first: string | null;
  /** Who brought it again. */
  readonly later: ReadonlySet<string>;
  readonly isDelivered: boolean;
  readonly isByPollerAlone: boolean;
  /** The poller brought it before its webhook came. */
  readonly isHealedFirst: boolean;
  readonly deliveries: number;
  readonly hasNeighbour: boolean;
  readonly hasOthersNeighbour: boolean;
}

/** How an application stands in the end. */
export interface Ended {
  readonly application: TrueApplication;
  /** Of its events. */
  readonly types: readonly string[];
  /** In the table. */
  readonly status: string | null;
  /** Whether the table had it final, and then open. */
  readonly wasReopened: boolean;
}

export interface AnswerSeen {
  readonly version: Version;
  /** The next answer about the same application. */
  readonly next: Version | undefined;
}

const ALIAS_MS = 2_000;

export function endedOf({ scenario, observer }: Seen): readonly Ended[] {
  return scenario.applications.flatMap((application) => {
    const standings = observer.standings.get(application.token);
    // A tombstone has no status.
    if (standings === undefined || observer.forgotten.has(application.token)) return [];
    const end = standings.findIndex(({ status }) => FINAL.includes(status));
    const wasReopened =
      end !== -1 && standings.slice(end).some(({ status }) => !FINAL.includes(status));
    const types = application.events.map(({ type }) => type);
    return [{ application, types, status: standings.at(-1)?.status ?? null, wasReopened }];
  });
}

export function answersSeen({ answers }: Observer): readonly AnswerSeen[] {
  return [...answers.values()].flatMap((some) =>
    some.map(({ version }, index) => ({ version, next: some[index + 1]?.version })),
  );
}

export function eventFacts({ scenario, observer, deliveries }: Seen): readonly EventFacts[] {
  const brought = Map.groupBy(observer.brought, ({ eventId }) => scenario.eventOf(eventId));
  const delivered = new Set(
    deliveries.log.flatMap(({ state, eventToken }) => (state === "delivered" ? [eventToken] : [])),
  );
  return scenario.events.map((event) => {
    const [first = null, ...again] = (brought.get(event) ?? []).map(({ origin }) => origin);
    const later = new Set(again);
    const isDelivered = delivered.has(event.name);
    const near = neighboursOf(event);
    return {
      event,
      first,
      later,
      isDelivered,
      isByPollerAlone: first === "poll" && !isDelivered,
      isHealedFirst: first === "poll" && later.has("webhook"),
      deliveries: (first === null ? 0 : 1) + again.length,
      hasNeighbour: near.length > 0,
      hasOthersNeighbour: near.some((other) => applicantOf(other) !== applicantOf(event)),
    };
  });
}

function neighboursOf(event: TrueEvent): readonly TrueEvent[] {
  const { application, type, at, order } = event;
  const near: TrueEvent[] = [];
  for (const step of [-1, 1]) {
    for (let index = order + step; ; index += step) {
      const other = application.events[index];
      if (other === undefined || Math.abs(other.at - at) > ALIAS_MS) break;
      if (other.type === type) near.push(other);
    }
  }
  return near;
}

function applicantOf({ told, listed }: TrueEvent): unknown {
  return told["entity_application_token"] ?? listed["entity_application_token"] ?? null;
}

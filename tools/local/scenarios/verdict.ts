import { ROUTE_IDS } from "../../../lambdas/settings/routes.ts";
import type { RouteId } from "../../../lambdas/settings/routes.ts";
import type { PublishedMessage, ReceivedApplication } from "./receiver.ts";

/** What Alloy has of an application. */
export interface ApplicationAtAlloy {
  readonly applicationToken: string;
  readonly scenario: string;
  readonly status: string;
  readonly outcome: string | null;
  /** The ids of the events that the receiver is to keep, in their order. */
  readonly eventIds: readonly string[];
  /** How many events of each route the scenario is written to bring. */
  readonly expected: Readonly<Partial<Record<RouteId, number | undefined>>>;
}

/** One line of the table. */
export interface Verdict {
  readonly alloy: ApplicationAtAlloy;
  readonly here: ReceivedApplication | null;
  /** Events here that a webhook brought, and that the poller brought. */
  readonly received: number;
  readonly healed: number;
  /** Messages in the routes' queues. */
  readonly published: Readonly<Partial<Record<RouteId, number>>>;
  /** What is wrong, a sentence each; empty when all agrees and every effect happened once. */
  readonly faults: readonly string[];
}

/**
 * Compares what Alloy has of an application with what the receiver has and has published.
 *
 * @param published - all messages of the routes' queues, of whatever application.
 * @param routesPublishingLate - on any other route an event that came after a newer one is not published.
 */
export function verdictOn(
  alloy: ApplicationAtAlloy,
  here: ReceivedApplication | null,
  published: readonly PublishedMessage[],
  routesPublishingLate: ReadonlySet<RouteId>,
): Verdict {
  const messages = published.filter(
    (message) => message.applicationToken === alloy.applicationToken,
  );
  const events = here?.events ?? [];
  return {
    alloy,
    here,
    received: events.filter((event) => event.origin === "webhook").length,
    healed: events.filter((event) => event.origin === "poll").length,
    published: countBy(messages),
    faults: [
      ...stateFaults(alloy, here),
      ...eventFaults(alloy, events),
      ...effectFaults(events, messages, routesPublishingLate),
    ],
  };
}

function stateFaults(alloy: ApplicationAtAlloy, here: ReceivedApplication | null): string[] {
  if (here === null) return ["it is unknown here"];
  const faults: string[] = [];
  if (here.status !== alloy.status) {
    faults.push(`its status is ${here.status ?? "unknown"} here but ${alloy.status} at Alloy`);
  }
  if (here.outcome !== alloy.outcome) {
    faults.push(
      `its outcome is ${here.outcome ?? "none"} here but ${alloy.outcome ?? "none"} at Alloy`,
    );
  }
  if (here.failures > 0) faults.push(`${here.failures} of its events could not be processed`);
  return faults;
}

function eventFaults(alloy: ApplicationAtAlloy, events: ReceivedApplication["events"]): string[] {
  const atAlloy = new Set(alloy.eventIds);
  const kept = new Set(events.map((event) => event.eventId));
  const missing = [...atAlloy].filter((eventId) => !kept.has(eventId)).length;
  const invented = [...kept].filter((eventId) => !atAlloy.has(eventId)).length;
  const faults: string[] = [];
  if (missing > 0) faults.push(`${missing} of its events are missing here`);
  if (invented > 0) faults.push(`${invented} events exist only here, not at Alloy`);
  const counts = countBy(events);
  for (const route of ROUTE_IDS) {
    const [found, wanted] = [counts[route] ?? 0, alloy.expected[route] ?? 0];
    if (missing === 0 && found !== wanted) {
      faults.push(`${found} events took the route ${route}, but the scenario has ${wanted}`);
    }
  }
  return faults;
}

function effectFaults(
  events: ReceivedApplication["events"],
  messages: readonly PublishedMessage[],
  routesPublishingLate: ReadonlySet<RouteId>,
): string[] {
  const byEvent = Map.groupBy(messages, (message) => message.eventId);
  const faults: string[] = [];
  for (const { eventId, type, route } of events) {
    const copies = byEvent.get(eventId) ?? [];
    const elsewhere = copies.find((copy) => copy.route !== route);
    if (copies.length > 1) faults.push(`${type} was published ${copies.length} times`);
    else if (elsewhere) faults.push(`${type} was published to ${elsewhere.route}, not ${route}`);
    else if (copies.length === 0 && routesPublishingLate.has(route)) {
      faults.push(`${type} was not published to ${route}`);
    }
    byEvent.delete(eventId);
  }
  if (byEvent.size > 0) faults.push(`${byEvent.size} published events are not recorded here`);
  return faults;
}

function countBy(
  things: readonly { readonly route: RouteId }[],
): Readonly<Partial<Record<RouteId, number>>> {
  const counts: Partial<Record<RouteId, number>> = {};
  for (const { route } of things) counts[route] = (counts[route] ?? 0) + 1;
  return counts;
}

import type { JourneyEvent } from "./journey-event.ts";
import { areTwins } from "./reconciliation.ts";
import type { Telling } from "./reconciliation.ts";

/** An event as it was told before. */
export interface ToldEvent extends Telling {
  readonly eventId: string;
  readonly nodeId: string | null;
}

/**
 * The event that this one is another telling of, under a slightly different identity (design 2.4): a
 * webhook and Alloy's list may differ in the node, which one of them leaves out, or in milliseconds.
 *
 * @param told - what was told of the same application, this very event perhaps included.
 * @param siblings - ids of events that Alloy's list holds beside this one: those only look alike.
 * @returns the nearest in time; null when the event is told for the first time.
 */
export function twinOf(
  event: JourneyEvent,
  told: readonly ToldEvent[],
  siblings: readonly string[] = [],
): ToldEvent | null {
  if (told.some(({ eventId }) => eventId === event.eventId)) return null;
  const nodeId = event.node.id;
  const [nearest = null] = told
    .filter(({ eventId }) => !siblings.includes(eventId))
    .filter((other) => areTwins(event, other))
    .filter((other) => nodeId === null || other.nodeId === null || nodeId === other.nodeId)
    .toSorted((one, other) => Math.abs(one.at - event.at) - Math.abs(other.at - event.at));
  return nearest;
}

/** The event under its twin's identity, so that both have one effect and one record. */
export function asTwin(event: JourneyEvent, twin: ToldEvent): JourneyEvent {
  const { eventId, at, nodeId, eventToken } = twin;
  return {
    ...event,
    eventId,
    at,
    node: { ...event.node, id: nodeId ?? event.node.id },
    eventToken: eventToken ?? event.eventToken,
  };
}

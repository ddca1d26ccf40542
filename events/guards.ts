import type { RouteId } from "../lambdas/settings/routes.ts";
import type { GapNotice, InvestigationGapNotice } from "./gap-notice.ts";
import type { JourneyBusEvent } from "./parse-event.ts";
import type { EventOf, RoutedEvent } from "./published-event.ts";

/*
 * One guard for each route, named after it. A test demands the guard of every route.
 */

export const isApproved = guardOf("approved");
export const isDenied = guardOf("denied");
export const isManualReview = guardOf("manual-review");
export const isNeedsAction = guardOf("needs-action");
export const isErrored = guardOf("errored");
export const isExpired = guardOf("expired");
export const isCompleted = guardOf("completed");
export const isSuperseded = guardOf("superseded");
export const isProgressed = guardOf("progressed");
export const isUnrecognised = guardOf("unrecognised");
export const isOther = guardOf("other");
export const isInvestigationCreated = guardOf("investigation-created");
export const isInvestigationPromoted = guardOf("investigation-promoted");
export const isInvestigationClosed = guardOf("investigation-closed");
export const isDecided = guardOf("decided");

/** Whether it is an event of a route, also of one that this release does not know. */
export function isRouted(event: JourneyBusEvent): event is RoutedEvent {
  return "route" in event;
}

export function isDeliveryGap(event: JourneyBusEvent): event is GapNotice {
  return "gapId" in event && "applicationToken" in event;
}

export function isInvestigationDeliveryGap(
  event: JourneyBusEvent,
): event is InvestigationGapNotice {
  return "gapId" in event && "investigationToken" in event;
}

/** The type of a guard is written out: a declaration file needs it. */
type Guard<Route extends RouteId> = (event: JourneyBusEvent) => event is EventOf<Route>;

function guardOf<Route extends RouteId>(route: Route): Guard<Route> {
  return (event): event is EventOf<Route> => isRouted(event) && event.route === route;
}

/**
 * `alloy-journey-webhooks/events`: what the stack puts on its bus, for those who read it (docs/consumers.md). Nothing here
 * needs AWS or Node. This is the face of the package: our own code imports the files behind it.
 */
export {
  DELIVERY_GAP_DETAIL_TYPE,
  EVENT_SOURCE,
  INVESTIGATION_GAP_DETAIL_TYPE,
  ROUTE_IDS,
  ROUTE_TITLES,
  SUBMISSION_DETAIL_TYPE,
} from "../lambdas/settings/routes.ts";
export type { RouteId } from "../lambdas/settings/routes.ts";
export type { GapNotice, InvestigationGapNotice } from "./gap-notice.ts";
export * from "./guards.ts";
export { EventError, parseDetail, parseEvent } from "./parse-event.ts";
export type { JourneyBusEvent } from "./parse-event.ts";
export type { EventOf, RoutedEvent } from "./published-event.ts";
export type { Submission } from "./submission.ts";

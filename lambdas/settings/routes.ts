/**
 * Routes: their ids and titles, and what is published. This file imports nothing.
 */

/** `Source` of everything that we put on the bus. */
export const EVENT_SOURCE = "alloy.journeys";

/**
 * `Source` of what people deliver again, to one target alone; `DetailType` is then `<route>/<target>`, and `Detail` the
 * event as it was. No other rule listens to it.
 */
export const REPLAY_SOURCE = "alloy.journeys.replay";

/** `DetailType` by which the onboarding service announces a submission. */
export const SUBMISSION_DETAIL_TYPE = "Journey Application Submitted";

/** `DetailType` of an opened or closed delivery gap. */
export const DELIVERY_GAP_DETAIL_TYPE = "Journey Application Delivery Gap";

/** `DetailType` of the same for an Investigation. */
export const INVESTIGATION_GAP_DETAIL_TYPE = "Investigation Delivery Gap";

/** Routes that an outcome of a Journey's own may mean. */
export const OUTCOME_ROUTE_IDS = [
  "approved",
  "denied",
  "manual-review",
  "needs-action",
  "errored",
  "expired",
  "completed",
] as const;

/** Routes of the stages that handle Investigations (`investigations`); in others that family is `other`. */
export const INVESTIGATION_ROUTE_IDS = [
  "investigation-created",
  "investigation-promoted",
  "investigation-closed",
] as const;

/** The route of the stages that publish the whole decision (`decision`). */
export const DECISION_ROUTE_ID = "decided";

/** Route ids, in the order of docs/events.md. */
export const ROUTE_IDS = [
  ...OUTCOME_ROUTE_IDS,
  "superseded",
  "progressed",
  "unrecognised",
  "other",
  ...INVESTIGATION_ROUTE_IDS,
  DECISION_ROUTE_ID,
] as const;

export type RouteId = (typeof ROUTE_IDS)[number];

/** The `DetailType` under which a route is published. */
export const ROUTE_TITLES: Readonly<Record<RouteId, string>> = {
  approved: "Journey Application Approved",
  denied: "Journey Application Denied",
  "manual-review": "Journey Application In Manual Review",
  "needs-action": "Journey Application Needs Action",
  errored: "Journey Application Errored",
  expired: "Journey Application Expired",
  completed: "Journey Application Completed",
  superseded: "Journey Application Superseded",
  progressed: "Journey Application Progressed",
  unrecognised: "Unrecognised Alloy Event",
  other: "Other Alloy Webhook",
  "investigation-created": "Investigation Created",
  "investigation-promoted": "Investigation Promoted",
  "investigation-closed": "Investigation Closed",
  decided: "Journey Application Decided",
};

/** The longest texts on the bus, in UTF-16 code units; what is longer is cut, and ends with "…". */
export const PUBLISHED_TEXT = {
  /** Names, outcomes and tokens. */
  mostUnits: 1_024,
  /** External ids, as long as they are read (`EXTERNAL_INPUT.idBytes`). */
  mostIdUnits: 4_096,
  /** An event's type: the longest of Alloy's has 40. */
  mostTypeUnits: 256,
} as const;

/**
 * Types of events that decide, by the table of `lambdas/domain/event/event-types.ts`: the application has ended, waits for
 * somebody, or may be open again. A stage may not drop them.
 */
export const DECIDING_EVENT_TYPES = [
  "data_request_evaluation",
  "data_request",
  "pending_documents",
  "pending_step_up",
  "pending_review",
  "started_review",
  "pending_action",
  "completed_application",
  "error",
  "started_rerun_application",
  "journey_application_retriggered",
  "application_unarchived",
  "application_expired",
] as const;

/**
 * What Alloy documents about each Journey event type (docs: journey-events; the API's event enum).
 *
 * The receiver has its own list, and this one is not taken from there on purpose: the simulator
 * stands for the vendor, and the receiver must not be checked against itself.
 */

/** Whom an event speaks of: one applicant, the application as a whole, or either. */
type EventLevel = "entity" | "application" | "either";

interface EventKind {
  readonly level: EventLevel;
  /** The event carries the `evaluation_token` of the applicant's current evaluation. */
  readonly ofEvaluation?: true;
  /** The event carries an `outcome`. */
  readonly hasOutcome?: true;
}

const EVENT_KINDS: ReadonlyMap<string, EventKind> = new Map<string, EventKind>([
  ["started_application", { level: "application" }],
  ["visited_node", { level: "entity" }],
  // Evaluations of reconciliation workflows are on application level.
  ["started_evaluation", { level: "either", ofEvaluation: true }],
  ["pending_evaluation", { level: "either", ofEvaluation: true }],
  ["completed_evaluation", { level: "either", ofEvaluation: true, hasOutcome: true }],
  ["data_request_evaluation", { level: "entity", ofEvaluation: true }],
  ["pending_documents", { level: "entity", ofEvaluation: true }],
  ["pending_step_up", { level: "entity", ofEvaluation: true }],
  ["pending_step_up_expired", { level: "entity", ofEvaluation: true }],
  ["pending_workflow_service", { level: "entity", ofEvaluation: true }],
  ["waiting_evaluation", { level: "entity", ofEvaluation: true }],
  ["pending_review", { level: "entity" }],
  ["started_review", { level: "entity" }],
  ["completed_review", { level: "entity", hasOutcome: true }],
  ["completed_review_journey_application", { level: "application" }],
  ["pending_action", { level: "entity" }],
  ["completed_action", { level: "entity", hasOutcome: true }],
  ["pending_action_expired", { level: "entity", hasOutcome: true }],
  ["reached_retry_node", { level: "entity" }],
  ["maximum_retries_reached", { level: "entity" }],
  ["reached_auto_decision_node", { level: "entity" }],
  ["queued_branch_change", { level: "entity" }],
  ["executed_branch_change", { level: "entity" }],
  ["completed_branch", { level: "entity", hasOutcome: true }],
  ["reached_mid_journey_reconciliation_node", { level: "application" }],
  ["started_mid_journey_reconciliation", { level: "application" }],
  ["completed_mid_journey_reconciliation", { level: "application" }],
  ["started_reconciliation", { level: "application" }],
  ["completed_reconciliation", { level: "application" }],
  ["reached_application_outcome", { level: "application" }],
  ["has_finished_sending_additional_entities", { level: "application" }],
  ["completed_application", { level: "application", hasOutcome: true }],
  ["error", { level: "either", ofEvaluation: true }],
  ["started_rerun_application", { level: "application" }],
  ["journey_application_retriggered", { level: "application" }],
  ["application_archived", { level: "application" }],
  ["application_unarchived", { level: "application" }],
  ["application_expired", { level: "application" }],
]);

/** Every documented event type. */
export const EVENT_TYPES: readonly string[] = [...EVENT_KINDS.keys()];

/** What is documented of a type; undefined for a type that Alloy has not documented (yet). */
export function eventKindOf(type: string): EventKind | undefined {
  return EVENT_KINDS.get(type);
}

/** `status` of a Journey Application (the API's enum). */
export const APPLICATION_STATUSES = [
  "running",
  "data_request",
  "pending_documents",
  "pending_step_up",
  "pending_action",
  "pending_workflow_service",
  "waiting_review",
  "pending_journey_application_review",
  "pending_additional_entities",
  "pending_reconciliation",
  "completed",
  "error",
  "expired",
] as const;

export type ApplicationStatus = (typeof APPLICATION_STATUSES)[number];

/** Alloy does nothing more with an application in one of these, unless somebody reruns it. */
export function isClosed(status: ApplicationStatus): boolean {
  return status === "completed" || status === "error" || status === "expired";
}

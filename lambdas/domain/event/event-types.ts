/**
 * Alloy's Journey event types and what each says about the application.
 *
 * Source: the union of the specification's enum of `_embedded.events[].type` and of all versions of
 * Alloy's page "Journey events". A type that is not here is `unrecognised`: recorded, published and
 * counted, never refused. Extend the list here and nowhere else.
 */

/** Alloy's `status` of a Journey Application (specification's enum). */
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

/** Statuses after which Alloy moves an application no more by itself. */
export type FinalStatus = Extract<ApplicationStatus, "completed" | "error" | "expired">;

export function isFinal(status: ApplicationStatus): status is FinalStatus {
  return status === "completed" || status === "error" || status === "expired";
}

/**
 * What an event does to the application's state:
 * - `progress`: the application is open, with this status;
 * - `final`: it has ended, with this status;
 * - `reopening`: the application may be open again. Alloy's documentation describes none of these, so
 *   Alloy is asked, and its answer reopens the application or does not;
 * - `rerun`: a new application takes its place (Alloy's page "Rerunning Journey Applications"); this one stays as it is;
 * - `note`: nothing; it is recorded.
 */
export type EventMeaning =
  | { readonly kind: "progress"; readonly status: Exclude<ApplicationStatus, FinalStatus> }
  | { readonly kind: "final"; readonly status: FinalStatus }
  | { readonly kind: "reopening" }
  | { readonly kind: "rerun" }
  | { readonly kind: "note" };

/** `entity`: about one applicant; `application`: about the whole; `either`: Alloy's pages say both or neither. */
export type EventLevel = "application" | "entity" | "either";

interface EventTypeFacts {
  readonly level: EventLevel;
  readonly meaning: EventMeaning;
}

const running = { kind: "progress", status: "running" } as const;
const note = { kind: "note" } as const;

function progress(status: Exclude<ApplicationStatus, FinalStatus>): EventMeaning {
  return { kind: "progress", status };
}

const entity = (meaning: EventMeaning): EventTypeFacts => ({ level: "entity", meaning });
const application = (meaning: EventMeaning): EventTypeFacts => ({ level: "application", meaning });
const either = (meaning: EventMeaning): EventTypeFacts => ({ level: "either", meaning });

export const EVENT_TYPES: Readonly<Record<string, EventTypeFacts>> = {
  started_application: application(running),
  visited_node: entity(note),
  started_evaluation: either(running),
  pending_evaluation: either(running),
  completed_evaluation: either(running),
  // The event says `data_request_evaluation`, the status says `data_request`; pages use both for both.
  data_request_evaluation: entity(progress("data_request")),
  data_request: entity(progress("data_request")),
  pending_documents: entity(progress("pending_documents")),
  pending_step_up: entity(progress("pending_step_up")),
  // What Alloy does after an expiry is configured per Journey, so expiry alone moves nothing.
  pending_step_up_expired: entity(note),
  pending_workflow_service: entity(progress("pending_workflow_service")),
  waiting_evaluation: entity(progress("pending_workflow_service")),
  pending_review: entity(progress("waiting_review")),
  started_review: entity(progress("waiting_review")),
  completed_review: entity(running),
  completed_review_journey_application: application(running),
  pending_action: entity(progress("pending_action")),
  completed_action: entity(running),
  pending_action_expired: entity(note),
  reached_retry_node: entity(running),
  maximum_retries_reached: entity(running),
  reached_auto_decision_node: entity(note),
  queued_branch_change: entity(note),
  executed_branch_change: entity(note),
  completed_branch: entity(running),
  reached_mid_journey_reconciliation_node: application(progress("pending_reconciliation")),
  started_mid_journey_reconciliation: application(progress("pending_reconciliation")),
  completed_mid_journey_reconciliation: application(running),
  started_reconciliation: application(progress("pending_reconciliation")),
  completed_reconciliation: application(running),
  reached_application_outcome: application(running),
  has_finished_sending_additional_entities: application(running),
  completed_application: application({ kind: "final", status: "completed" }),
  error: either({ kind: "final", status: "error" }),
  started_rerun_application: application({ kind: "rerun" }),
  journey_application_retriggered: application({ kind: "reopening" }),
  application_archived: application(note),
  application_unarchived: application({ kind: "reopening" }),
  application_expired: application({ kind: "final", status: "expired" }),
};

/**
 * Whether an event alone can end its application. An `error` cannot: Alloy raises it for one applicant
 * as well, and nothing in it surely tells the two apart. Alloy's own answer does.
 */
export function isDecisive(eventType: string): boolean {
  const facts = factsOf(eventType);
  return facts?.meaning.kind === "final" && facts.level === "application";
}

const FACTS: ReadonlyMap<string, EventTypeFacts> = new Map(Object.entries(EVENT_TYPES));

/** What a `data.type` says, or null when Alloy's documentation does not know it. */
export function factsOf(eventType: string): EventTypeFacts | null {
  return FACTS.get(eventType) ?? null;
}

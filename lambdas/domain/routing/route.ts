import type { OutcomeRoutes, Publication } from "../../settings/consumer-settings.ts";
import type { RouteId } from "../../settings/routes.ts";
import { factsOf } from "../event/event-types.ts";
import type { ApplicationStatus } from "../event/event-types.ts";
import type { JourneyEvent } from "../event/journey-event.ts";

/**
 * Where an event goes: the first of these that fits.
 *
 * 1. A type that Alloy's documentation does not know: `unrecognised`.
 * 2. A rerun was started: `superseded`.
 * 3. The end: what the Journey itself says that its outcome means; `approved` or `denied` by the outcome,
 *    `completed` with another or none, `errored`, `expired`.
 * 4. Somebody has to act: `manual-review` (an agent), `needs-action` (the client or the applicant).
 * 5. All else: `progressed`.
 *
 * @param outcomes - what the event's Journey calls its outcomes (`outcomesOf`).
 */
export function routeFor(
  event: Pick<JourneyEvent, "type" | "outcome">,
  outcomes: OutcomeRoutes,
): RouteId {
  const facts = factsOf(event.type);
  if (facts === null) return "unrecognised";
  const { meaning } = facts;
  const { kind } = meaning;
  switch (kind) {
    case "final":
    case "progress":
      return routeOfStatus(meaning.status, event.outcome, outcomes);
    case "rerun":
      return "superseded";
    case "reopening":
    case "note":
      return "progressed";
  }
}

/** Where an application in this status goes; outcomes are configured per Journey, in any case of letters. */
export function routeOfStatus(
  status: ApplicationStatus,
  outcome: string | null,
  outcomes: OutcomeRoutes,
): RouteId {
  switch (status) {
    case "completed":
      return routeOfOutcome(outcome, outcomes);
    case "error":
      return "errored";
    case "expired":
      return "expired";
    case "waiting_review":
    case "pending_journey_application_review":
      return "manual-review";
    case "data_request":
    case "pending_documents":
    case "pending_step_up":
    case "pending_action":
    case "pending_additional_entities":
      return "needs-action";
    case "running":
    case "pending_workflow_service":
    case "pending_reconciliation":
      return "progressed";
  }
}

/** An outcome as routes read it, and as two outcomes are compared: in any case of letters. */
export function outcomeWordOf(outcome: string | null): string | null {
  return outcome?.trim().toLowerCase() ?? null;
}

function routeOfOutcome(outcome: string | null, outcomes: OutcomeRoutes): RouteId {
  const word = outcomeWordOf(outcome) ?? "";
  const own = Object.hasOwn(outcomes, word) ? outcomes[word] : undefined;
  if (own !== undefined) return own;
  if (word === "approved") return "approved";
  if (word === "denied") return "denied";
  return "completed";
}

/**
 * Whether an event is published. A late step is history: downstream would see an old "pending" after a
 * final decision. A late end or reopening is still news, and says itself that it is late.
 */
export function isPublished(event: JourneyEvent, late: boolean, route: Publication): boolean {
  if (!route.publish) return false;
  if (!late || route.publishLate) return true;
  const kind = factsOf(event.type)?.meaning.kind ?? "note";
  return kind === "final" || kind === "reopening" || kind === "rerun";
}

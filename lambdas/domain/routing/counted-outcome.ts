import type { OutcomeRoutes } from "../../settings/consumer-settings.ts";
import { COUNTED_OUTCOMES } from "../../settings/metrics.ts";
import type { CountedOutcome } from "../../settings/metrics.ts";
import type { RouteId } from "../../settings/routes.ts";
import { endOf, outcomeOf, statusOf } from "../application/application-state.ts";
import type { ApplicationState } from "../application/application-state.ts";
import { isFinal } from "../event/event-types.ts";
import type { ApplicationStatus } from "../event/event-types.ts";
import type { Merged } from "../ports.ts";
import { routeOfStatus } from "./route.ts";
import { timeOf } from "../application/stamp.ts";

/**
 * What an application has come to by a merge. Another report of an event changes no state, and so comes to
 * nothing; an application that was reopened comes to its second end as it came to its first.
 *
 * @param outcomes - what its Journey calls its outcomes (`outcomesOf`).
 */
export function outcomesReached(
  { before, after }: Merged,
  outcomes: OutcomeRoutes,
): readonly CountedOutcome[] {
  // It must have no effect, and would be counted beside the real one.
  if (after.isShadow) return [];
  const stood = before === null ? [] : standingOf(before, outcomes);
  const reached = standingOf(after, outcomes).filter((outcome) => !stood.includes(outcome));
  return before === null ? ["submitted", ...reached] : reached;
}

/** Where it stands. While it is open also where its applicants stand, who wait each for themselves. */
function standingOf(state: ApplicationState, outcomes: OutcomeRoutes): readonly CountedOutcome[] {
  const status = statusOf(state);
  if (status !== null && isFinal(status)) {
    return [...counted(routeOfStatus(status, outcomeOf(state), outcomes)), "ended"];
  }
  const statuses: ApplicationStatus[] = Object.values(state.entities)
    .map((entity) => entity.status)
    .filter((one) => !isFinal(one));
  if (status !== null) statuses.push(status);
  return [...new Set(statuses.flatMap((one) => counted(routeOfStatus(one, null, outcomes))))];
}

function counted(route: RouteId): readonly CountedOutcome[] {
  return COUNTED_OUTCOMES.filter((outcome) => outcome === route);
}

/**
 * How long an application took to its decision, in milliseconds, when a merge has decided it: from its
 * submission, or from its start where nobody announced one. Null when it has not, or neither is known.
 */
export function timeToDecision({ before, after }: Merged): number | null {
  const end = endOf(after);
  if (after.isShadow || end?.status !== "completed") return null;
  if (before !== null && statusOf(before) === "completed") return null;
  const since = after.submittedAt ?? after.startedAt;
  return since === null ? null : Math.max(0, timeOf(end.stamp) - since);
}

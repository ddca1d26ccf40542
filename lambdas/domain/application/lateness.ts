import type { ApplicationState } from "./application-state.ts";
import { isFinal } from "../event/event-types.ts";
import type { JourneyEvent } from "../event/journey-event.ts";
import { stampOf } from "./stamp.ts";
import type { Stamp } from "./stamp.ts";

/**
 * Whether what an event speaks of had been moved by something newer before it came: its application,
 * or, for an event of one applicant, that applicant. Two applicants move side by side, and neither
 * makes the other's events late; an end of the whole makes all earlier ones late.
 *
 * @param state - of the application, before the event or after; with the applicant's register where that
 * is stored elsewhere (`needsApplicant`).
 */
export function isLate(event: JourneyEvent, state: ApplicationState): boolean {
  const stamp = stampOf(event);
  const { entityApplicationToken } = event;
  const moved =
    entityApplicationToken === null ? state.progress : state.entities[entityApplicationToken];
  return isNewer(moved, stamp) || isNewer(state.lastEnd, stamp) || isNewer(endIn(state), stamp);
}

/** The token of the applicant whose stored register says whether the event is late; null: none is needed. */
export function neededApplicantOf(event: JourneyEvent, state: ApplicationState): string | null {
  const { entityApplicationToken: token } = event;
  const { applicantsStoredUntil } = state;
  if (token === null || applicantsStoredUntil === null) return null;
  // All that was moved elsewhere is older.
  if (stampOf(event) > applicantsStoredUntil) return null;
  return isLate(event, state) ? null : token;
}

/** That Alloy says "still open" is no event, and makes none late. */
function endIn({ answer }: ApplicationState): { readonly stamp: Stamp } | null {
  return answer !== null && isFinal(answer.status) ? answer : null;
}

function isNewer(register: { readonly stamp: Stamp } | null | undefined, stamp: Stamp): boolean {
  return register !== null && register !== undefined && register.stamp > stamp;
}

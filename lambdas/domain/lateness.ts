import type { ApplicationState } from "./application-state.ts";
import type { JourneyEvent } from "./journey-event.ts";
import { stampOf } from "./stamp.ts";
import type { Stamp } from "./stamp.ts";

/**
 * Whether what an event speaks of had been moved by something newer before it came: its application,
 * or, for an event of one applicant, that applicant. Two applicants move side by side, and neither
 * makes the other's events late; an end or a reopening of the whole makes all earlier ones late.
 *
 * @param state - of the application, before the event or after.
 */
export function isLate(event: JourneyEvent, state: ApplicationState): boolean {
  const stamp = stampOf(event);
  const { entityApplicationToken } = event;
  const moved =
    entityApplicationToken === null ? state.progress : state.entities[entityApplicationToken];
  if (isNewer(moved, stamp) || isNewer(state.final, stamp)) return true;
  // That Alloy says "still open" (`stated`) is no event, and makes none late.
  return Object.keys(state.reopenings).some((reopening) => reopening > stamp);
}

function isNewer(register: { readonly stamp: Stamp } | null | undefined, stamp: Stamp): boolean {
  return register !== null && register !== undefined && register.stamp > stamp;
}

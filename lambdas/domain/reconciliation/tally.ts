import { createHash } from "node:crypto";

import type { ApplicationState } from "../application/application-state.ts";
import { isUndecided, isWithheld } from "../application/withholding.ts";
import { factsOf } from "../event/event-types.ts";
import type { JourneyEvent } from "../event/journey-event.ts";
import type { AlloyApplication } from "./alloy-application.ts";
import { reportOf } from "./reconciliation.ts";
import type { RecordedEvent } from "./reconciliation.ts";

/*
 * The tally of an application: a number for each event that its webhook brought in time, added up. The merge of the event adds
 * it, so no event is in it that is not in the state. If Alloy's list adds up to the same, its events are those that were
 * merged, and what is recorded of them is known without reading it (docs/decisions/0081).
 */

/** Of a digest, in hex. 36 bits: some hundred thousand of them add up to an exact number. */
const DIGITS = 9;

/**
 * What an event adds, by its id and its outcome. A webhook may name an outcome that Alloy's list does not, or the other way
 * round, and what is recorded decides then.
 */
export function tallyOf({ eventId, outcome }: Pick<JourneyEvent, "eventId" | "outcome">): number {
  const digest = createHash("sha256")
    .update(JSON.stringify([eventId, outcome]))
    .digest("hex");
  return Number.parseInt(digest.slice(0, DIGITS), 16);
}

/**
 * What is recorded of Alloy's events, if the tally says so; null: the records are to be read.
 *
 * - No event of the list may be unreadable, and none may have come by the poller or from before an adoption: those are
 *   known under other ids, or are to have no effect.
 * - An end must have been published by its own webhook, before Alloy's answer was ever merged. Otherwise its record may say that it was
 *   withheld. An error always is.
 *
 * @param tally - null: there is none, or something stands beside the state that only the records explain.
 * @param handled - the events of Alloy's list that are to be recorded.
 */
export function recordsByTally(
  { unreadableEvents }: Pick<AlloyApplication, "unreadableEvents">,
  handled: readonly JourneyEvent[],
  { state, tally }: { readonly state: ApplicationState; readonly tally: number | null },
): readonly RecordedEvent[] | null {
  const { healedUntil, adopted } = state;
  if (tally === null || unreadableEvents > 0 || healedUntil !== null || adopted !== null)
    return null;
  const total = handled.reduce((sum, event) => sum + tallyOf(event), 0);
  if (total !== tally || handled.some((event) => mayBeWithheld(event, state))) return null;
  return handled.map((event) => ({
    ...reportOf(event),
    // When it came is not known, but that it came in time.
    receivedAt: event.at,
    origin: "webhook",
    isWithheld: isUndecided(event),
  }));
}

/** Whether the record of an end may say that it was withheld, which nobody can see from the end itself. */
function mayBeWithheld(event: JourneyEvent, state: ApplicationState): boolean {
  if (isUndecided(event) || factsOf(event.type)?.meaning.kind !== "final") return false;
  return state.answer !== null || isWithheld(event, state, [event.eventId]);
}

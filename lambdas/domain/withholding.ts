import { endOf } from "./application-state.ts";
import type { ApplicationState } from "./application-state.ts";
import { factsOf, isDecisive } from "./event-types.ts";
import type { JourneyEvent } from "./journey-event.ts";
import type { CheckRequest, Merged } from "./ports.ts";
import { stampOf } from "./stamp.ts";

/**
 * Whether an event says of its application what only Alloy's own answer can say (docs/statuses.md): it is
 * recorded, and published when the answer confirms it.
 *
 * 1. An error, which may be one applicant's.
 * 2. An end after another end: nothing but Alloy's answer takes back a decision, or repeats it.
 */
export function isWithheld(event: JourneyEvent, { before }: Pick<Merged, "before">): boolean {
  if (factsOf(event.type)?.meaning.kind !== "final") return false;
  return isUndecided(event) || (before !== null && isAnotherEnd(event, before));
}

/** Whether it is an end that may be one applicant's: so much is known before anything is read. */
export function isUndecided({ type }: Pick<JourneyEvent, "type">): boolean {
  return factsOf(type)?.meaning.kind === "final" && !isDecisive(type);
}

function isAnotherEnd(event: JourneyEvent, before: ApplicationState): boolean {
  const stood = endOf(before);
  if (stood === null || stood.stamp === stampOf(event)) return false;
  // Alloy's answer was taken over on its word, between two tries of it.
  if (before.answer?.correctionId === event.eventId) return false;
  // One that names the outcome which the first left out completes it.
  const completes = stood.status === "completed" && stood.outcome === null;
  return !(completes && event.type === "completed_application" && event.outcome !== null);
}

/** When Alloy is to be asked about the application of an event: at once where only its answer decides. */
export function checkAfter(event: JourneyEvent, now: number, firstCheckMs: number): CheckRequest {
  const meaning = factsOf(event.type)?.meaning ?? { kind: "note" };
  const { kind } = meaning;
  switch (kind) {
    case "reopening":
      return { dueAt: now, when: "now" };
    case "final":
      // Alloy ends applications without an outcome too: only its own answer can confirm that.
      return event.outcome === null
        ? { dueAt: now, when: "now" }
        : { dueAt: now, when: "now-if-ended" };
    case "progress":
    case "rerun":
    case "note":
      return { dueAt: now + firstCheckMs, when: "first" };
  }
}

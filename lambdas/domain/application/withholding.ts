import { endOf, endsIn, mergeState } from "./application-state.ts";
import type { ApplicationState, EndRegister } from "./application-state.ts";
import { factsOf, isDecisive } from "../event/event-types.ts";
import type { JourneyEvent } from "../event/journey-event.ts";
import { stateOfEvent } from "./observation.ts";
import { openAgainSince } from "./last-epoch.ts";
import type { CheckRequest, Merged } from "../ports.ts";
import { outcomeWordOf } from "../routing/route.ts";
import { eventIdIn, stampOf, timeOf } from "./stamp.ts";

/**
 * Whether an event says of its application what only Alloy's own answer can say (docs/statuses.md): it is
 * recorded, and published when the answer confirms it.
 *
 * 1. An error, which may be one applicant's.
 * 2. An end after another end: nothing but Alloy's answer takes back a decision, or repeats it.
 *
 * @param aliases - the other reports of this event: they are no other end.
 */
export function isWithheld(
  event: JourneyEvent,
  { before }: Pick<Merged, "before">,
  aliases: readonly JourneyEvent[] = [],
): boolean {
  if (factsOf(event.type)?.meaning.kind !== "final") return false;
  if (isUndecided(event)) return true;
  const { end } = stateOfEvent(event);
  return end !== null && before !== null && isAnotherEnd(end, withoutEndsOf(aliases, before));
}

/** The state without the ends of these reports. */
function withoutEndsOf(
  reports: readonly JourneyEvent[],
  state: ApplicationState,
): ApplicationState {
  const stamps = new Set(reports.map((one) => stampOf(one)));
  const isOther = (one: EndRegister | null) => one !== null && !stamps.has(one.stamp);
  const [end = null] = [state.end, state.lastEnd].filter(isOther);
  const [lastEnd = null] = [state.lastEnd, state.end].filter(isOther);
  return { ...state, end, lastEnd };
}

/** Whether it is an end that may be one applicant's: so much is known before anything is read. */
export function isUndecided({ type }: Pick<JourneyEvent, "type">): boolean {
  return factsOf(type)?.meaning.kind === "final" && !isDecisive(type);
}

/**
 * The join of a state with an observation, which also notes of an end that another one stood before it. So a second try
 * decides as the first did, although the state shows the event itself by then.
 *
 * An adoption counts only if nothing is known of the application from before it. Otherwise its events have had their
 * effects here.
 */
export function mergeOver(before: ApplicationState, heard: ApplicationState): ApplicationState {
  const observation = adoptedOver(before, heard);
  const { end } = observation;
  if (end === null || !isAnotherEnd(end, before)) return mergeState(before, observation);
  const second = { ...end, isSecond: true } as const;
  return mergeState(before, { ...observation, end: second, lastEnd: second });
}

function adoptedOver(before: ApplicationState, heard: ApplicationState): ApplicationState {
  const { adopted } = heard;
  if (adopted === null || before.adopted !== null || firstTimeIn(before) >= adopted.at)
    return heard;
  return { ...heard, adopted: null };
}

/** The earliest time that a state names, epoch milliseconds; infinite where it names none. */
function firstTimeIn(state: ApplicationState): number {
  const { submittedAt, startedAt, healedUntil, progress, end, lastEnd, answer, entities } = state;
  const registers = [progress, end, lastEnd, answer, ...Object.values(entities)];
  const times = registers.map((register) => (register === null ? null : timeOf(register.stamp)));
  return [submittedAt, startedAt, healedUntil, ...times].reduce<number>(
    (first, at) => Math.min(first, at ?? Infinity),
    Infinity,
  );
}

function isAnotherEnd(end: EndRegister, before: ApplicationState): boolean {
  const { answer, end: first, lastEnd } = before;
  const known = [first, lastEnd].find((one) => one?.stamp === end.stamp);
  if (known?.isSecond === true) return true;
  const stood = endOf(before);
  if (stood === null) return known === undefined && isRepeated(end, before);
  if (stood.stamp === end.stamp) return false;
  // It came first, and no answer was taken over since, or one on its word.
  if (known !== undefined && stood.stamp !== answer?.stamp) return false;
  if (answer?.correctionId === eventIdIn(end.stamp)) return false;
  // One that names the outcome which the first left out completes it.
  const completes = stood.status === "completed" && stood.outcome === null;
  return !(completes && end.status === "completed" && end.outcome !== null);
}

/** Whether an end was known that says the same, before Alloy said that the application is open again. */
function isRepeated(end: EndRegister, before: ApplicationState): boolean {
  const since = openAgainSince(before);
  if (since === null || end.stamp >= since) return false;
  return endsIn(before).some(
    (one) =>
      one.isSecond !== true &&
      one.stamp < since &&
      one.status === end.status &&
      outcomeWordOf(one.outcome) === outcomeWordOf(end.outcome),
  );
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

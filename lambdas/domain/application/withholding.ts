import { bareState, mergeState } from "./application-state.ts";
import type { AnswerRegister, ApplicationState, PublishedDecision } from "./application-state.ts";
import { withEffect } from "./effect-numbers.ts";
import { factsOf, isDecisive, isFinal } from "../event/event-types.ts";
import type { JourneyEvent } from "../event/journey-event.ts";
import type { CheckRequest } from "../ports.ts";
import type { ConsumerSettings } from "../../settings/consumer-settings.ts";
import {
  completes,
  isPublishedByEvent,
  isSameDecision,
  withAnswer,
  withEnd,
  withRecord,
} from "./published-decisions.ts";
import { decidedAfter } from "./decided.ts";
import { timeOf } from "./stamp.ts";

/**
 * Whether an event says of its application what only Alloy's own answer can say (docs/statuses.md): it is
 * recorded, and published when the answer confirms it.
 *
 * 1. An error, which may be one applicant's.
 * 2. An end after another end: nothing but Alloy's answer takes back a decision, or repeats it.
 *
 * @param state - after the event was merged.
 * @param eventIds - all ids that the event was reported under.
 */
export function isWithheld(
  event: Pick<JourneyEvent, "type">,
  state: Pick<ApplicationState, "published">,
  eventIds: readonly string[],
): boolean {
  if (factsOf(event.type)?.meaning.kind !== "final") return false;
  return isUndecided(event) || !isPublishedByEvent(state, eventIds);
}

/** Whether it is an end that may be one applicant's: so much is known before anything is read. */
export function isUndecided({ type }: Pick<JourneyEvent, "type">): boolean {
  return factsOf(type)?.meaning.kind === "final" && !isDecisive(type);
}

/**
 * The join of a state with an observation, which also decides whether the end or the answer that it brings is published.
 * So a second try decides as the first did, and finds its number.
 *
 * An adoption counts only if nothing is known of the application from before it. Otherwise its events have had their
 * effects here.
 *
 * @param before - null: nothing is known of the application.
 */
export function mergeOver(
  before: ApplicationState | null,
  heard: ApplicationState,
): ApplicationState {
  const over = before ?? bareState(heard.applicationToken);
  const merged = mergeState(over, adoptedOver(over, heard));
  if (merged.forgottenAt !== null) return merged;
  const after = {
    ...merged,
    published: publishedAfter(over, heard, merged),
    decided: decidedAfter(over.decided, heard.decided),
  };
  const { effect } = heard;
  if (effect?.isPublished(after, before) !== true) return after;
  return { ...after, effects: withEffect(over.effects, effect.eventId) };
}

function publishedAfter(
  over: ApplicationState,
  heard: ApplicationState,
  merged: ApplicationState,
): readonly PublishedDecision[] {
  const { published, answer } = over;
  const { proposal = null } = heard;
  if (proposal?.kind === "record") return withRecord(published, proposal);
  const after = heard.end === null ? published : withEnd(published, heard.end);
  const isTaken = heard.answer !== null && heard.answer.stamp === merged.answer?.stamp;
  if (!isTaken || answer?.stamp === heard.answer.stamp) return after;
  if (isOvertaken(over, heard.answer)) return after;
  return withAnswer(after, heard.answer, proposal);
}

/**
 * Whether an event brought another end since Alloy was asked. After an answer that was merged, such an end is withheld.
 *
 * An end that says what the answer says, or leaves its outcome out, is no other one: Alloy's clocks differ by seconds, and its
 * webhook may be dated after the answer that knows of it.
 */
export function isOvertaken(
  { lastEnd, answer }: Pick<ApplicationState, "lastEnd" | "answer">,
  heard: AnswerRegister,
): boolean {
  if (lastEnd === null || lastEnd.stamp < heard.stamp) return false;
  if (isSameDecision(lastEnd, heard) || completes(heard, lastEnd)) return false;
  return answer === null || !isFinal(answer.status) || !isSameDecision(answer, heard);
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

/** When Alloy is to be asked about the application of an event: at once where only its answer decides. */
export function checkAfter(
  event: JourneyEvent,
  now: number,
  { firstCheckMs, decides }: Pick<ConsumerSettings, "firstCheckMs" | "decides">,
): CheckRequest {
  const meaning = factsOf(event.type)?.meaning ?? { kind: "note" };
  const { kind } = meaning;
  switch (kind) {
    case "reopening":
      return { dueAt: now, when: "now" };
    case "final":
      // Alloy ends applications without an outcome too: only its own answer can confirm that.
      return event.outcome === null || decides
        ? { dueAt: now, when: "now" }
        : { dueAt: now, when: "now-if-ended" };
    case "progress":
    case "rerun":
    case "note":
      return { dueAt: now + firstCheckMs, when: "first" };
  }
}

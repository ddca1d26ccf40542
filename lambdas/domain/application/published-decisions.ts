import { endsIn } from "./application-state.ts";
import type {
  AnswerRegister,
  ApplicationState,
  EndRegister,
  Proposal,
  PublishedDecision,
  RecordedAs,
  Standing,
} from "./application-state.ts";
import { isFinal } from "../event/event-types.ts";
import type { ApplicationStatus } from "../event/event-types.ts";
import { outcomeWordOf } from "../routing/route.ts";
import { eventIdIn } from "./stamp.ts";
import type { Stamp } from "./stamp.ts";

/*
 * What downstream knows of how an application has ended (docs/decisions/0052). The merge decides what is published, since
 * all merges of an application come one after another. So every try of a message, and the poller, find the same.
 */

/** Older ones say nothing that a newer one does not. An event that is tried again is among the newest. */
const MOST = 8;

/** What was published, where one end came or one answer was taken over: the registers say it. */
export function publishedBy({
  end,
  lastEnd,
  answer,
}: Omit<Standing, "progress">): readonly PublishedDecision[] {
  const ends = endsIn({ end, lastEnd }).map((one) => asPublished(one));
  const answers = answer === null ? [] : [answeredBy(answer)];
  return [...ends, ...answers]
    .toSorted((one, other) => (one.stamp < other.stamp ? -1 : 1))
    .reduce<readonly PublishedDecision[]>(
      (before, one) => (isNews(one, before) ? [...before, one] : before),
      [],
    );
}

/** Whether two ends say the same; outcomes are compared as routes read them. */
export function isSameDecision(one: Decision, other: Decision): boolean {
  return one.status === other.status && outcomeWordOf(one.outcome) === outcomeWordOf(other.outcome);
}

/**
 * With the end of an event, if its event is published: none stands before it, or it names the outcome that the one before
 * left out. Alloy's answer publishes every other one.
 */
export function withEnd(
  published: readonly PublishedDecision[],
  end: EndRegister,
): readonly PublishedDecision[] {
  const one = asPublished(end);
  // A message that is tried again.
  if (published.some(({ eventId }) => eventId === one.eventId)) return published;
  const stood = published.at(-1) ?? null;
  if (stood === null) return [one];
  if (isFinal(stood.status))
    return completes(one, stood) ? newestOf([...published, one]) : published;
  if (one.stamp > stood.stamp) return newestOf([...published, one]);
  // It is of the time before Alloy said that the application is open.
  const isKnown = published.some((other) => isSameDecision(other, one));
  return isKnown ? published : newestOf([...published.slice(0, -1), one, stood]);
}

/**
 * With an answer of Alloy's that was just taken over, if it is published.
 *
 * @param proposal - the ids under which it would be published; null: it is not.
 */
export function withAnswer(
  published: readonly PublishedDecision[],
  answer: AnswerRegister,
  proposal: Extract<Proposal, { kind: "answer" }> | null,
): readonly PublishedDecision[] {
  const last = published.at(-1);
  if (!isFinal(answer.status)) {
    const ends = last !== undefined && isFinal(last.status) && last.stamp < answer.stamp;
    return ends ? newestOf([...published, answeredBy(answer)]) : published;
  }
  if (proposal === null || says(published, answer, answer.since)) return published;
  return newestOf([...published, { ...decisionOf(answer), ...idsOf(proposal, answer, published) }]);
}

/**
 * Whether the newest decision that was published is this one, and was published in this epoch: at it or before it stands
 * one that happened since. One that names no outcome does not take back the outcome that was published.
 */
export function says(
  published: readonly PublishedDecision[],
  decision: Decision,
  since: Stamp | null,
): boolean {
  const last = published.at(-1);
  if (last === undefined) return false;
  const outcome = decision.outcome ?? last.outcome;
  if (!isSameDecision(last, { ...decision, outcome })) return false;
  return published.some(({ stamp }) => stamp > (since ?? ""));
}

/**
 * As the record of an event has it, once it is found: two reports of one event are published once, with the outcome
 * that the record names. A record that is withheld is not published, nor an end that is another one by its outcome.
 */
export function withRecord(
  published: readonly PublishedDecision[],
  { eventIds, outcome, isWithheld }: RecordedAs,
): readonly PublishedDecision[] {
  const isOwn = (one: PublishedDecision) =>
    eventIds.includes(one.eventId) && one.correctionId === undefined;
  const first = published.findIndex((one) => isOwn(one));
  return published.flatMap((one, index) => {
    if (!isOwn(one)) return [one];
    if (index !== first || isWithheld) return [];
    if (one.outcome === outcome) return [one];
    const recorded = { ...one, outcome };
    const stood = published[index - 1];
    const isAnother = stood !== undefined && isFinal(stood.status) && !completes(recorded, stood);
    return isAnother ? [] : [recorded];
  });
}

/**
 * Whether an event of these ids publishes what it decides. Once another decision was published, it comes too late.
 *
 * @param by - the correction that publishes the event; absent: its own message does.
 */
export function isPublishedByEvent(
  { published }: Pick<ApplicationState, "published">,
  eventIds: readonly string[],
  by?: string,
): boolean {
  const own = published.findIndex(
    ({ eventId, correctionId }) => correctionId === by && eventIds.includes(eventId),
  );
  return own !== -1 && !published.slice(own + 1).some(({ status }) => isFinal(status));
}

/** Whether a correction publishes its decision under its own id: the end that it confirms was published before. */
export function isPublishedAnew(
  state: Pick<ApplicationState, "published">,
  correctionId: string,
): boolean {
  return isPublishedByEvent(state, [correctionId], correctionId);
}

type Decision = { readonly status: ApplicationStatus | null; readonly outcome: string | null };

function asPublished(end: EndRegister): PublishedDecision {
  return { ...decisionOf(end), eventId: eventIdIn(end.stamp) };
}

function answeredBy(answer: AnswerRegister): PublishedDecision {
  return { ...decisionOf(answer), eventId: answer.correctionId ?? "" };
}

function decisionOf({ stamp, status, outcome }: EndRegister | AnswerRegister) {
  return { stamp, status, outcome };
}

/**
 * The poller may confirm one end again before the first correction is merged. If the application was open in between, that
 * is another decision: it is published under the correction's own id (docs/decisions/0085).
 */
function idsOf(
  { eventId, correctionId }: Extract<Proposal, { kind: "answer" }>,
  { correctionId: own }: AnswerRegister,
  published: readonly PublishedDecision[],
): Pick<PublishedDecision, "eventId" | "correctionId"> {
  if (own !== null && published.some((one) => one.eventId === eventId)) {
    return { eventId: own, correctionId: own };
  }
  return correctionId === undefined ? { eventId } : { eventId, correctionId };
}

function isNews(one: PublishedDecision, before: readonly PublishedDecision[]): boolean {
  const last = before.at(-1);
  if (!isFinal(one.status)) return last !== undefined && isFinal(last.status);
  return last === undefined || !isSameDecision(last, one);
}

/** Whether an end names the outcome that another one leaves out. */
export function completes(one: Decision, stood: Decision): boolean {
  const isUnnamed = stood.status === "completed" && stood.outcome === null;
  return isUnnamed && one.status === "completed" && one.outcome !== null;
}

function newestOf(published: readonly PublishedDecision[]): readonly PublishedDecision[] {
  return published.slice(-MOST);
}

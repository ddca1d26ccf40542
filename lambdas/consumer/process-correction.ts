import { NO_FACTS } from "../domain/application-state.ts";
import type { ApplicationState } from "../domain/application-state.ts";
import { isAnswered, tellingEnd } from "../domain/confirmation.ts";
import { agree, correctionIdOf, isEndedSince } from "../domain/correction.ts";
import type { Correction } from "../domain/correction.ts";
import { outcomesOf, publicationOf } from "../domain/journey-routes.ts";
import { stateOfSnapshot, stateOfSubmission } from "../domain/observation.ts";
import type { Snapshot } from "../domain/observation.ts";
import { publishedCorrection } from "../domain/published-event.ts";
import type { PublishedEvent } from "../domain/published-event.ts";
import { routeOfStatus } from "../domain/route.ts";
import { eventIdIn } from "../domain/stamp.ts";
import { METRICS } from "../settings.ts";
import { AliasInProgress } from "./event-steps.ts";
import { mergeAndCount } from "./merge-and-count.ts";
import type { ProcessDependencies } from "./process.ts";
import type { Work } from "./work.ts";

/**
 * Takes over what Alloy's own answer says, if nothing has said it meanwhile.
 *
 * 1. Read the state, for whether an end in it says the same: its event tells downstream of it.
 * 2. Join the answer, also then: an older event that comes later must not move the state back, since
 *    this correction is remembered, and will not be taken again. Make the applications of reruns known.
 * 3. Publish what downstream has not heard: under the correction's stable id, or under that of the
 *    withheld event that it confirms. Not what agreed before, unless it was this correction that moved
 *    it, and was cut off before it could publish.
 */
export async function processCorrection(
  work: Work,
  correction: Correction,
  publish: (event: PublishedEvent) => Promise<void>,
  dependencies: ProcessDependencies,
): Promise<void> {
  const { store, settings, metrics, now } = dependencies;
  const { snapshot, news, reruns, confirms, askedAt, since } = correction;
  const { applicationToken, journeyToken } = snapshot;
  const known = await store.readState(applicationToken);
  const teller =
    known === null || confirms !== null ? null : tellingEnd(known, snapshot, correction.since);

  const firstCheck = { dueAt: now() + settings.firstCheckMs, when: "first" } as const;
  const correctionId = correctionIdOf(correction);
  const isGuarded = isGuardedBy(correction, known);
  // Where the message of the end may publish too, it finds itself named.
  const ownId = isGuarded && confirms !== null ? confirms.eventId : correctionId;
  const tellerId = teller === null ? ownId : eventIdIn(teller.stamp);
  const observation = stateOfSnapshot(snapshot, askedAt, tellerId, since);
  // An answer that says the same was taken over before: it keeps the mark of the one that did it.
  const answer = needsAnswer(known, correction, ownId) ? observation.answer : null;
  const { before, after: state } = await mergeAndCount(
    { ...observation, answer },
    firstCheck,
    dependencies,
  );
  for (const rerun of reruns) {
    if (journeyToken === null) continue;
    const submission = {
      applicationToken: rerun.applicationToken,
      journeyToken,
      submittedAt: rerun.createdAt ?? now(),
      externalIds: NO_FACTS.externalIds,
    };
    await mergeAndCount(stateOfSubmission(submission), firstCheck, dependencies);
  }

  const isToldAlready = news === "status" && before !== null && isTold(before, correction, ownId);
  // Something newer came in between, and has told or will tell of itself.
  const isOutdated =
    news === "status" && (isOvertaken(before, snapshot) || !agree(state, snapshot));
  if (news === "nothing" || isToldAlready || isOutdated || state.isShadow) return;
  const { status, outcome } = snapshot;
  const outcomes = outcomesOf(state.journeyToken, settings);
  const route =
    news === "rerun" || status === null ? "superseded" : routeOfStatus(status, outcome, outcomes);
  if (!publicationOf(state.journeyToken, route, settings).publish) return;
  const { environment } = settings;
  const eventId = confirms?.eventId ?? correctionId;
  const { receipt } = work;
  const event = publishedCorrection({
    eventId,
    snapshot,
    confirms,
    route,
    state,
    receipt,
    environment,
  });
  const result = isGuarded
    ? await dependencies.once(eventId, () => publish(event))
    : await publish(event);
  if (result === "in-conflict") throw new AliasInProgress();
  if (result !== "duplicate") metrics.count(METRICS.eventsPublished);
}

/**
 * Whether the end's own idempotency record guards what is told of it: its message failed, may come back, and would
 * publish it. One that has come back as a second end is withheld, and publishes nothing.
 */
function isGuardedBy(
  { confirms, mayComeBack }: Correction,
  known: ApplicationState | null,
): boolean {
  if (confirms === null || !mayComeBack) return false;
  return ![known?.end, known?.lastEnd].some(
    (end) => end?.isSecond === true && eventIdIn(end.stamp) === confirms.eventId,
  );
}

/** Whether downstream has heard of it, and not from this very correction, which may have been cut off. */
function isTold(before: ApplicationState, correction: Correction, ownId: string): boolean {
  const { snapshot, confirms, since } = correction;
  if (before.answer?.correctionId === ownId) return false;
  // What agrees with a withheld end was never published; only another answer was.
  if (confirms !== null) return !isUnanswered(before, correction);
  return agree(before, snapshot) || tellingEnd(before, snapshot, since) !== null;
}

/** Whether an event has told of another end since Alloy was asked; behind an answer that is taken over it is withheld. */
function isOvertaken(before: ApplicationState | null, snapshot: Snapshot): boolean {
  return before !== null && isEndedSince(before, snapshot) && !isAnswered(before, snapshot);
}

function needsAnswer(
  before: ApplicationState | null,
  correction: Correction,
  ownId: string,
): boolean {
  // An answer that names a mark or a rerun alone must not stand for an end that nobody was told of.
  if (!correction.settles) return false;
  if (before === null) return true;
  if (isOvertaken(before, correction.snapshot)) return false;
  if (before.answer?.correctionId === ownId) return false;
  return isUnanswered(before, correction);
}

/** Whether no answer with this decision was taken over, or none since the poller found that its event is withheld. */
function isUnanswered(
  before: ApplicationState,
  { snapshot, confirms, basis }: Correction,
): boolean {
  return !isAnswered(before, snapshot) || (confirms !== null && before.answer?.stamp === basis);
}

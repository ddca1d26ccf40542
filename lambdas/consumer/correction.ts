import { isHistoricEffect, isHistory, isSilent } from "../domain/application/adoption.ts";
import { endsIn, NO_FACTS } from "../domain/application/application-state.ts";
import type { ApplicationState } from "../domain/application/application-state.ts";
import { isAnswered, publishingEnd } from "../domain/application/confirmation.ts";
import { agree, correctionIdOf, isEndedSince } from "../domain/application/correction.ts";
import type { Correction } from "../domain/application/correction.ts";
import { outcomesOf, publicationOf } from "../domain/routing/journey-routes.ts";
import { stateOfSnapshot, stateOfSubmission } from "../domain/application/observation.ts";
import type { Snapshot } from "../domain/application/observation.ts";
import { publishedCorrection } from "../domain/routing/published-event.ts";
import { routeOfStatus } from "../domain/routing/route.ts";
import { eventIdIn } from "../domain/application/stamp.ts";
import { firstCheck, isAdopted, mergeAndCount } from "./effect.ts";
import type { Effect, EffectDependencies } from "./effect.ts";
import type { Message } from "./message.ts";

/**
 * Takes over what Alloy's own answer says, unless an event has said it meanwhile.
 *
 * 1. Read the state. If an end in it says the same, downstream knows the answer from its event.
 * 2. Merge the answer, also then. The correction has an idempotency record and is not taken again, so an older event
 *    that comes later must not move the state back. Make the applications of reruns known.
 * 3. Publish what downstream does not know: under the correction's stable id, or under the id of the withheld event
 *    that it confirms. What agreed before is not published, unless this correction moved it, and was cut off before
 *    it could publish.
 */
export async function prepareCorrection(
  { receipt }: Pick<Message, "receipt">,
  correction: Correction,
  dependencies: EffectDependencies,
): Promise<Effect> {
  const { store, settings, now } = dependencies;
  const { snapshot, news, reruns, confirms, namesOutcome, askedAt, since } = correction;
  const { applicationToken, journeyToken } = snapshot;
  const known = await store.readState(applicationToken);
  const agreeing =
    known === null || confirms !== null || namesOutcome
      ? null
      : publishingEnd(known, snapshot, correction.since);

  const correctionId = correctionIdOf(correction);
  const isGuarded = isGuardedBy(correction, known);
  // Where the message of the end may publish too, it finds itself named.
  const ownId = isGuarded && confirms !== null ? confirms.eventId : correctionId;
  const agreeingId = agreeing === null ? correction.publishedBy : eventIdIn(agreeing.stamp);
  const sourceId = agreeingId ?? ownId;
  const observation = stateOfSnapshot(snapshot, askedAt, sourceId, since);
  // An answer that says the same was merged before: it keeps the mark of the correction that merged it.
  const answer = needsAnswer(known, correction, ownId) ? observation.answer : null;
  const check = firstCheck(dependencies);
  const { before, after: state } = await mergeAndCount(
    { ...observation, answer },
    check,
    (after) => isHistoricEffect(after, { at: snapshot.at, receipt }),
    dependencies,
  );
  if (state.forgottenAt !== null) return { kind: "ignored", event: null };
  for (const rerun of reruns) {
    if (journeyToken === null) continue;
    const submission = {
      applicationToken: rerun.applicationToken,
      journeyToken,
      submittedAt: rerun.createdAt ?? now(),
      externalIds: NO_FACTS.externalIds,
    };
    const isOld = isHistory(state, submission.submittedAt);
    const made = stateOfSubmission(submission, isOld ? state.adopted : null);
    await mergeAndCount(made, check, isAdopted, dependencies);
  }

  const isKnown = news === "status" && before !== null && isReported(before, correction, ownId);
  // A newer event came in between. It is published, or will be.
  const isOutdated =
    news === "status" && (isOvertaken(before, snapshot) || !agree(state, snapshot));
  if (news === "nothing" || isKnown || isOutdated || state.isShadow) return NOTHING;
  if (isSilent(state, { at: timeOf(correction), receipt, isForced: false })) return NOTHING;
  const { status, outcome } = snapshot;
  const outcomes = outcomesOf(state.journeyToken, settings);
  const route =
    news === "rerun" || status === null ? "superseded" : routeOfStatus(status, outcome, outcomes);
  if (!publicationOf(state.journeyToken, route, settings).publish) return NOTHING;
  const eventId = confirms?.eventId ?? correctionId;
  const lock = isGuarded ? await dependencies.begin(eventId) : "begun";
  if (lock !== "begun") return lock === "duplicate" ? NOTHING : { kind: lock, event: null };
  const { environment } = settings;
  const options = { eventId, snapshot, confirms, route, state, receipt, environment };
  return { kind: "done", event: publishedCorrection(options) };
}

/** When what a correction reports happened at Alloy, epoch milliseconds. */
function timeOf({ news, reruns, confirms, snapshot }: Correction): number {
  if (news !== "rerun") return confirms?.at ?? snapshot.at;
  return Math.max(...reruns.map(({ createdAt }) => createdAt ?? snapshot.at));
}

const NOTHING: Effect = { kind: "done", event: null };

/**
 * Whether the end's own idempotency record guards its publication: its message failed, may come back, and would
 * publish it. A message that has come back as a second end is withheld, and publishes nothing.
 */
function isGuardedBy(
  { confirms, mayComeBack }: Correction,
  known: ApplicationState | null,
): boolean {
  if (confirms === null || !mayComeBack) return false;
  if (known === null) return true;
  return !endsIn(known).some(
    ({ isSecond, stamp }) => isSecond === true && eventIdIn(stamp) === confirms.eventId,
  );
}

/** Whether downstream knows it, and not from this very correction, which may have been cut off. */
function isReported(before: ApplicationState, correction: Correction, ownId: string): boolean {
  const { snapshot, confirms, namesOutcome, since } = correction;
  if (before.answer?.correctionId === ownId) return false;
  // A withheld end was never published, so agreeing with it says nothing. Only another answer was published.
  if (confirms !== null || namesOutcome) return !isUnanswered(before, correction);
  return agree(before, snapshot) || publishingEnd(before, snapshot, since) !== null;
}

/** Whether an event brought another end since Alloy was asked. After an answer that was merged, such an end is withheld. */
function isOvertaken(before: ApplicationState | null, snapshot: Snapshot): boolean {
  return before !== null && isEndedSince(before, snapshot) && !isAnswered(before, snapshot);
}

function needsAnswer(
  before: ApplicationState | null,
  correction: Correction,
  ownId: string,
): boolean {
  // An answer that names only a mark or a rerun must not stand for an end that was never published.
  if (!correction.settles) return false;
  if (before === null) return true;
  if (isOvertaken(before, correction.snapshot)) return false;
  if (before.answer?.correctionId === ownId) return false;
  return isUnanswered(before, correction);
}

/** Whether no answer with this decision was merged, or none since the poller found its event withheld. */
function isUnanswered(
  before: ApplicationState,
  { snapshot, confirms, basis }: Correction,
): boolean {
  return !isAnswered(before, snapshot) || (confirms !== null && before.answer?.stamp === basis);
}

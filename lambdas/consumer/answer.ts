import { isHistoricEffect, isHistory, isSilent } from "../domain/application/adoption.ts";
import { NO_FACTS } from "../domain/application/application-state.ts";
import { agree, correctionIdOf } from "../domain/application/correction.ts";
import type { ApplicationState } from "../domain/application/application-state.ts";
import type { Correction } from "../domain/application/correction.ts";
import { isNewDecision } from "../domain/application/decided.ts";
import { mayHaveNumber, numberOf } from "../domain/application/effect-numbers.ts";
import type { Decision } from "../domain/application/decision.ts";
import {
  isPublishedAnew,
  isPublishedByEvent,
  says,
} from "../domain/application/published-decisions.ts";
import { isFinal } from "../domain/event/event-types.ts";
import { outcomesOf, publicationOf } from "../domain/routing/journey-routes.ts";
import {
  lineageOfRerun,
  stateOfSnapshot,
  stateOfSubmission,
} from "../domain/application/observation.ts";
import { publishedCorrection, publishedDecision } from "../domain/routing/published-event.ts";
import { routeOfStatus } from "../domain/routing/route.ts";
import { METRICS } from "../settings/metrics.ts";
import { DECISION_ROUTE_ID } from "../settings/routes.ts";
import type { RouteId } from "../settings/routes.ts";
import { isOvertaken } from "../domain/application/withholding.ts";
import { firstCheck, isAdopted, mergeAndCount, recordOf, sequenceOf } from "./effect.ts";
import type { ContentOf, Effect, EffectDependencies } from "./effect.ts";
import type { Message } from "./message.ts";
import { besideFirstOf } from "./record-lock.ts";

/**
 * Takes over what Alloy's own answer says, unless an event has said it meanwhile.
 *
 * 1. Merge the answer, also if an event has said it meanwhile. The correction has an idempotency record and is not taken
 *    again, so an older event that comes later must not move the state back. Make the applications of reruns known.
 * 2. Publish what downstream does not know: under the correction's stable id, or under the id of the withheld event
 *    that it confirms, unless that was published before. Of an end the merge says whether this correction publishes it,
 *    however often it is tried.
 *
 * @param options.hadEffect - its idempotency record says so: step 2 is left out, and no effect gets a number.
 */
export async function prepareCorrection(
  { receipt }: Pick<Message, "receipt">,
  correction: Correction,
  dependencies: EffectDependencies,
  { hadEffect = false } = {},
): Promise<Effect> {
  const { store, settings, now } = dependencies;
  const { snapshot, news, reruns, confirms, mayComeBack, settles, askedAt, since } = correction;
  const { applicationToken, journeyToken, status, outcome } = snapshot;
  const known = await store.readState(applicationToken);

  const correctionId = correctionIdOf(correction);
  const eventId = confirms?.eventId ?? correctionId;
  const place = { applicationToken, eventId, at: timeOf(correction) };
  // The end's message failed, and may come back: whichever of the two holds its idempotency record publishes it. An earlier
  // try of either may have merged the end, and published nothing.
  const isKnown =
    known !== null &&
    says(known.published, snapshot, since) &&
    !isPublishedByEvent(known, [eventId]);
  const lock = mayComeBack && !isKnown && !hadEffect ? await lockEnd() : "duplicate";
  if (lock === "in-conflict") return { kind: lock, event: null };
  const isGuarded = lock === "begun";
  const observation = stateOfSnapshot(snapshot, askedAt, correctionId, since);
  const occurred = { at: timeOf(correction), receipt, isForced: false };
  const isPublished = (after: ApplicationState, over: ApplicationState | null) =>
    isNewsIn(after, over) &&
    !isPublishedAnew(after, correctionId) &&
    !isSilent(after, occurred) &&
    publicationOf(after.journeyToken, routeIn(after), settings).publish;
  const effect = { eventId, isFirstTry: false, isPublished };
  // An answer that names only a mark or a rerun must not stand for an end that was never published.
  const isTaken = settles && !isOvertakenIn(known);
  const answer = isTaken ? observation.answer : null;
  const ids = confirms === null || isGuarded ? { eventId } : { eventId, correctionId };
  const proposal = news === "status" ? ({ kind: "answer", ...ids } as const) : null;
  const check = firstCheck(dependencies);
  const { before, after: state } = await mergeAndCount(
    { ...observation, answer, ...(!hadEffect && { effect }), ...(proposal && { proposal }) },
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
    const lineage = lineageOfRerun(correction, rerun);
    await mergeAndCount({ ...made, chain: lineage }, check, isAdopted, dependencies);
  }

  if (hadEffect) return { kind: "duplicate", event: null };
  if (!isNewsIn(state, before)) return NOTHING;
  if (isSilent(state, occurred)) return { ...NOTHING, isSilent: true };
  const route = routeIn(state);
  if (!publicationOf(state.journeyToken, route, settings).publish) return NOTHING;
  const { environment } = settings;
  const isAnew = isPublishedAnew(state, correctionId);
  const as = isAnew ? { eventId: correctionId, confirms: null } : { eventId, confirms };
  const sequence = await sequenceOf(as.eventId, state, dependencies);
  const options = { ...as, sequence, snapshot, route, state, receipt, environment };
  const event = publishedCorrection(options);
  if (!isGuarded) return { kind: "done", event };
  if (before !== null && mayHaveNumber(before.effects, eventId)) {
    // This correction has numbered it in an earlier try, or the end's own message has.
    const beside = await besideFirstOf(place, dependencies);
    if (beside !== "begun") return { kind: beside, event: null };
  }
  // The end's own message may be among the dead letters. The end has its effect now.
  return { kind: "done", event, finish: () => store.clearFailure(applicationToken, eventId) };

  /** The first message of the end may have recorded it meanwhile: it is at work, or has published it. */
  async function lockEnd(): ReturnType<EffectDependencies["begin"]> {
    const begun = await dependencies.begin(eventId);
    return begun === "begun" ? besideFirstOf(place, dependencies) : begun;
  }

  /** Whether downstream does not know it, unless from this very correction, which may have been cut off. */
  function isNewsIn(after: ApplicationState, over: ApplicationState | null): boolean {
    if (news === "nothing" || after.isShadow) return false;
    if (news === "rerun") return true;
    if (!agree(after, snapshot)) return false;
    if (status !== null && isFinal(status)) {
      return (
        isPublishedByEvent(after, [ids.eventId], ids.correctionId) ||
        isPublishedAnew(after, correctionId) ||
        // Of an item of a release that kept no list, the register of the answer says it, by this id alone.
        isPublishedByEvent(after, [correctionId])
      );
    }
    // A newer event came in between. It is published, or will be.
    if (isOvertakenIn(over)) return false;
    return over === null || over.answer?.correctionId === correctionId || !agree(over, snapshot);
  }

  function routeIn({ journeyToken: ofState }: ApplicationState): RouteId {
    if (news === "rerun" || status === null) return "superseded";
    return routeOfStatus(status, outcome, outcomesOf(ofState, settings));
  }

  function isOvertakenIn(over: ApplicationState | null): boolean {
    return over !== null && observation.answer !== null && isOvertaken(over, observation.answer);
  }
}

/** When what a correction reports happened at Alloy, epoch milliseconds. */
function timeOf({ news, reruns, confirms, snapshot }: Correction): number {
  if (news !== "rerun") return confirms?.at ?? snapshot.at;
  return Math.max(...reruns.map(({ createdAt }) => createdAt ?? snapshot.at));
}

/**
 * Publishes how an application ended, and why, once for each decision.
 *
 * 1. Leave it if the stage publishes none, or if the poller compared it with a decision that does not stand any more.
 * 2. Record it as an event of the application, so that retention, a legal hold and `forget` cover what it says.
 * 3. Merge it: the state keeps which decision stands, and digests of it. So the merge says whether this message publishes
 *    it, however often it is tried (docs/decisions/0054). A later decision may stand by the next try: it names this one, so
 *    this one is published all the same, as a late event.
 */
export async function prepareDecision(
  message: Message,
  content: ContentOf<"decision">,
  dependencies: EffectDependencies,
): Promise<Effect> {
  const { store, settings, metrics } = dependencies;
  const { receipt, isForced } = message;
  const { decision } = content;
  const { snapshot, decided } = decision;
  const { applicationToken, at } = snapshot;
  const { decisionId: eventId } = decided;
  if (!settings.decides) return { kind: "ignored", event: null };

  const known = await store.readState(applicationToken);
  const isNew = isNewDecision(known?.decided ?? null, decided);
  if (!isForced && !isNew && (known === null || !isTaken(known))) return NOTHING;
  await store.recordEvent(recordOf(message, content, settings));
  const occurred = { at, receipt, isForced };
  const isPublished = (after: ApplicationState) =>
    (isTaken(after) || isForced) &&
    !after.isShadow &&
    !isSilent(after, occurred) &&
    publicationOf(after.journeyToken, DECISION_ROUTE_ID, settings).publish;
  const effect = { eventId, isFirstTry: false, isPublished };
  const { after: state } = await mergeAndCount(
    { ...observationOf(decision), effect },
    firstCheck(dependencies),
    (after) => isHistoricEffect(after, occurred),
    dependencies,
  );
  if (state.forgottenAt !== null) {
    await store.eraseEvent({ applicationToken, eventId, at });
    return { kind: "ignored", event: null };
  }
  if (!isPublished(state)) return NOTHING;
  if (decision.content.omitted !== null) metrics.count(METRICS.eventsCut);
  const { environment } = settings;
  const late = !isStanding(state);
  const sequence = await sequenceOf(eventId, state, dependencies);
  const options = { decision, sequence, state, late, receipt, environment };
  return { kind: "done", event: publishedDecision(options) };

  function isStanding(after: ApplicationState): boolean {
    return after.decided?.decisionId === eventId;
  }

  /** A number is given to what is published alone. */
  function isTaken(after: ApplicationState): boolean {
    return isStanding(after) || numberOf(after.effects, [eventId]) !== null;
  }
}

/** What the answer says of the application, but not how it stands: that is a correction's. */
function observationOf({ snapshot, askedAt, decided }: Decision) {
  return { ...stateOfSnapshot(snapshot, askedAt, null, null), answer: null, decided };
}

const NOTHING: Effect = { kind: "done", event: null };

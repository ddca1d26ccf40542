import { isHistoricEffect, isSilent } from "../domain/application/adoption.ts";
import type { ApplicationState } from "../domain/application/application-state.ts";
import { isNewDecision } from "../domain/application/decided.ts";
import type { Decision } from "../domain/application/decision.ts";
import { stateOfSnapshot } from "../domain/application/observation.ts";
import type { EventRecord } from "../domain/ports.ts";
import { publicationOf } from "../domain/routing/journey-routes.ts";
import { publishedDecision } from "../domain/routing/published-event.ts";
import { DECISION_ROUTE_ID } from "../settings/routes.ts";
import { METRICS } from "../settings/metrics.ts";
import { firstCheck, mergeAndCount, sequenceOf } from "./effect.ts";
import type { ContentOf, Effect, EffectDependencies } from "./effect.ts";
import type { Message } from "./message.ts";

/**
 * Publishes how an application ended, and why, once for each decision.
 *
 * 1. Leave it if the stage publishes none, or if this decision, or one that was answered later, is known.
 * 2. Record it as an event of the application, so that retention, a legal hold and `forget` cover what it says.
 * 3. Merge it: the state keeps which decision stands, and digests of it. So the merge says whether this message publishes
 *    it, however often it is tried (docs/decisions/0054).
 */
export async function prepareDecision(
  message: Message,
  { decision, body }: ContentOf<"decision">,
  dependencies: EffectDependencies,
): Promise<Effect> {
  const { store, settings, metrics } = dependencies;
  const { receipt, isForced } = message;
  const { snapshot, decided, content } = decision;
  const { applicationToken, at } = snapshot;
  const { decisionId: eventId } = decided;
  if (!settings.decides) return { kind: "ignored", event: null };

  const known = await store.readState(applicationToken);
  const stood = known?.decided ?? null;
  if (!isForced && stood?.decisionId !== eventId && !isNewDecision(stood, decided)) return NOTHING;
  await store.recordEvent(recordOf(message, decision, body));
  const occurred = { at, receipt, isForced };
  const isStanding = (after: ApplicationState) => after.decided?.decisionId === eventId;
  const isPublished = (after: ApplicationState) =>
    (isStanding(after) || isForced) &&
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
  if (content.omitted !== null) metrics.count(METRICS.eventsCut);
  const { environment } = settings;
  const late = !isStanding(state);
  const previous = late ? decided.previous : (state.decided?.previous ?? null);
  const sequence = await sequenceOf(eventId, state, dependencies);
  const options = { decision, sequence, previous, state, late, receipt, environment };
  return { kind: "done", event: publishedDecision(options) };
}

const NOTHING: Effect = { kind: "done", event: null };

/** What the answer says of the application, but not how it stands: that is a correction's. */
function observationOf({ snapshot, askedAt, decided }: Decision) {
  return { ...stateOfSnapshot(snapshot, askedAt, null, null), answer: null, decided };
}

function recordOf(
  { receipt, payloadKey }: Message,
  { snapshot, decided }: Decision,
  body: Uint8Array,
): EventRecord {
  return {
    ...receipt,
    eventId: decided.decisionId,
    applicationToken: snapshot.applicationToken,
    type: DECISION_ROUTE_ID,
    at: snapshot.at,
    route: DECISION_ROUTE_ID,
    outcome: decided.outcome,
    entityToken: null,
    entityApplicationToken: null,
    nodeId: null,
    eventToken: null,
    body,
    payloadKey,
    isWithheld: false,
  };
}

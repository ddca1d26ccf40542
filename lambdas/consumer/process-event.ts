import type { ApplicationState } from "../domain/application-state.ts";
import type { JourneyEvent } from "../domain/journey-event.ts";
import { publicationOf, routeOf } from "../domain/journey-routes.ts";
import { isLate } from "../domain/lateness.ts";
import { stateOfEvent, stateOfHealedEvent } from "../domain/observation.ts";
import { publishedEvent } from "../domain/published-event.ts";
import { isPublished } from "../domain/route.ts";
import { asTwin, twinOf } from "../domain/twin.ts";
import { METRICS } from "../settings.ts";
import { countRecorded, healedOf, mergeEvent, recordOf, TwinInProgress } from "./event-steps.ts";
import type { ProcessDependencies, Processed, Publish } from "./process.ts";
import { isOfThisWork, isRemembered } from "./remembered.ts";
import { mayHaveFailed } from "./work.ts";
import type { Work } from "./work.ts";

/**
 * 1. Keep the event (a webhook at once, a healed one when it turned out to be no twin). Where nothing
 *    else guards it and another message brought it, it is that message's to finish (`remembered.ts`).
 * 2. Merge it.
 * 3. If it was told before under a slightly different identity, the effect is that telling's (`twin.ts`).
 * 4. Publish.
 *
 * A webhook records first and then learns from the merged state what was healed; the poller's copy leaves
 * its mark in the state first and then reads what is recorded. So of the two, at least one sees the other.
 */
export async function processJourneyEvent(
  work: Work,
  event: JourneyEvent,
  body: Uint8Array,
  publish: Publish,
  dependencies: ProcessDependencies,
): Promise<Processed> {
  const { store, once, settings } = dependencies;
  const { siblings } = work;
  const isHealed = work.receipt.origin === "poll";
  const record = (as: JourneyEvent) => store.recordEvent(recordOf(work, as, body, settings));

  const recorded = isHealed ? null : await record(event);
  const isUnguarded = !isRemembered(work, settings);
  const isKnown = recorded !== null && !isOfThisWork(recorded, work);
  const processed = isUnguarded && isKnown ? "duplicate" : "done";
  if (processed === "duplicate" && !mayHaveFailed(work)) return processed;

  const state = await mergeEvent(
    isHealed ? stateOfHealedEvent(event, siblings) : stateOfEvent(event),
    event,
    dependencies,
  );

  const told = isHealed ? await store.eventsNear(event) : healedOf(state, event.eventId);
  const twin = twinOf(event, told, siblings);
  if (twin === null) {
    const { isNew } = recorded ?? (await record(event));
    const outcome = { event, state, isNew, isLate: isLate(event, state) };
    await publishJourneyEvent(work, outcome, publish, dependencies);
    return processed;
  }

  const asTold = asTwin(event, twin);
  let isOwnEffect = false;
  const result = await once(twin.eventId, async () => {
    // A healed copy that is not recorded has found this telling, or will: the effect is this one's.
    isOwnEffect = !isHealed && !(await isRecorded(twin.eventId));
    const { isNew } = isOwnEffect && recorded !== null ? recorded : await record(asTold);
    // The newer of the two tellings may have moved the state, and is the same event.
    const late = isLate(event, state) && isLate(asTold, state);
    const outcome = { event: isOwnEffect ? event : asTold, state, isNew, isLate: late };
    await publishJourneyEvent(work, outcome, publish, dependencies);
  });
  if (result === "in-conflict") throw new TwinInProgress();
  // The twin's own message may rest in the dead-letter queue; by now its event has had its effect.
  await store.clearFailure(event.applicationToken, twin.eventId);
  if (isHealed) return processed;
  // The poller's copy may have taken this telling for its own record, before it could be seen.
  const isOwnRecord = isOwnEffect || (result === "duplicate" && !(await isRecorded(twin.eventId)));
  if (!isOwnRecord) await store.forgetEvent(event);
  return processed;

  async function isRecorded(eventId: string): Promise<boolean> {
    return (await store.eventsNear(event)).some((near) => near.eventId === eventId);
  }
}

async function publishJourneyEvent(
  work: Work,
  processed: {
    readonly event: JourneyEvent;
    readonly state: ApplicationState;
    readonly isNew: boolean;
    readonly isLate: boolean;
  },
  publish: Publish,
  { settings, metrics }: ProcessDependencies,
): Promise<void> {
  const { event, state, isNew, isLate: late } = processed;
  if (isNew) countRecorded(work, event, late, metrics);
  const route = routeOf(event, settings);
  if (state.isShadow) return;
  if (!isPublished(event, late, publicationOf(event.journeyToken, route, settings))) return;
  const { environment } = settings;
  const { receipt } = work;
  await publish(publishedEvent({ event, route, state, late, receipt, environment }));
  metrics.count(METRICS.eventsPublished);
}

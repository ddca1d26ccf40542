import type { ApplicationState } from "../domain/application-state.ts";
import { agree, correctionIdOf } from "../domain/correction.ts";
import type { Correction } from "../domain/correction.ts";
import { stateOfSnapshot, stateOfSubmission } from "../domain/observation.ts";
import type { Snapshot } from "../domain/observation.ts";
import { publishedCorrection } from "../domain/published-event.ts";
import type { PublishedEvent } from "../domain/published-event.ts";
import { outcomesOf, publicationOf } from "../domain/journey-routes.ts";
import { routeOfStatus } from "../domain/route.ts";
import { stampOfSnapshot } from "../domain/stamp.ts";
import { METRICS } from "../settings.ts";
import { mergeAndCount } from "./merge-and-count.ts";
import type { ProcessDependencies } from "./process.ts";
import type { Work } from "./work.ts";

/**
 * Takes over what Alloy's own answer says, if nothing has said it meanwhile.
 *
 * 1. Read the state, for whether it agrees with Alloy by now.
 * 2. Join the answer, also then: an older event that comes later must not move the state back, since
 *    this correction is remembered, and will not be taken again. Make the applications of reruns known.
 * 3. Publish what downstream has not heard, under the correction's stable id: not what agreed before,
 *    unless it was this correction that moved it, and was cut off before it could publish.
 */
export async function processCorrection(
  work: Work,
  correction: Correction,
  publish: (event: PublishedEvent) => Promise<void>,
  dependencies: Omit<ProcessDependencies, "once">,
): Promise<void> {
  const { store, settings, metrics, now } = dependencies;
  const { snapshot, news, reruns } = correction;
  const { applicationToken, journeyToken } = snapshot;
  const before = await store.readState(applicationToken);
  const isToldAlready =
    news === "status" && before !== null && agree(before, snapshot) && !isMovedBy(before, snapshot);

  const firstCheck = { dueAt: now() + settings.firstCheckMs, when: "first" } as const;
  const state = await mergeAndCount(stateOfSnapshot(snapshot), firstCheck, dependencies);
  for (const rerun of reruns) {
    if (journeyToken === null) continue;
    const submission = {
      applicationToken: rerun.applicationToken,
      journeyToken,
      submittedAt: rerun.createdAt ?? now(),
      externalIds: { group: null, partner: null, application: null },
    };
    await mergeAndCount(stateOfSubmission(submission), firstCheck, dependencies);
  }

  // Something newer came in between, and has told or will tell of itself.
  const isOutdated = news === "status" && !agree(state, snapshot);
  if (news === "nothing" || isToldAlready || isOutdated || state.isShadow) return;
  const { status, outcome } = snapshot;
  const outcomes = outcomesOf(state.journeyToken, settings);
  const route = news === "rerun" ? "superseded" : routeOfStatus(status, outcome, outcomes);
  if (!publicationOf(state.journeyToken, route, settings).publish) return;
  const { environment } = settings;
  const eventId = correctionIdOf(correction);
  const { receipt } = work;
  await publish(publishedCorrection({ eventId, snapshot, route, state, receipt, environment }));
  metrics.count(METRICS.eventsPublished);
}

/** Whether it is this answer that the state stands by. */
function isMovedBy(state: ApplicationState, snapshot: Snapshot): boolean {
  const stamp = stampOfSnapshot(snapshot.at);
  return state.final?.stamp === stamp || state.stated?.stamp === stamp;
}

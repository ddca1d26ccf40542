import { healedEventOf, underIdOf, webhookOf } from "../domain/alias.ts";
import type { NearbyReports } from "../domain/alias.ts";
import { factsOf } from "../domain/event-types.ts";
import type { JourneyEvent } from "../domain/journey-event.ts";
import { publicationOf, routeOf } from "../domain/journey-routes.ts";
import { stateOfEvent, stateOfHealedEvent } from "../domain/observation.ts";
import type { Merged, Recording } from "../domain/ports.ts";
import { publishedEvent } from "../domain/published-event.ts";
import { TWIN_MS, reportOf } from "../domain/reconciliation.ts";
import type { EventReport } from "../domain/reconciliation.ts";
import { isPublished } from "../domain/route.ts";
import { isWithheld } from "../domain/withholding.ts";
import { IDEMPOTENCY, METRICS } from "../settings.ts";
import {
  AliasInProgress,
  countRecorded,
  hasHadEffect,
  isLateIn,
  mergeEvent,
  recordOf,
} from "./event-steps.ts";
import type { ProcessDependencies, Processed, Publish } from "./process.ts";
import { isOfThisWork, isRemembered } from "./remembered.ts";
import { mayHaveFailed } from "./work.ts";
import type { Work } from "./work.ts";

/**
 * 1. Record the event (a webhook at once, a healed one when it turned out to be recorded under no other
 *    id). Where nothing else guards it and another message brought it, it is that message's to finish.
 * 2. Merge it.
 * 3. If it is recorded under another id, the effect is that record's (`alias.ts`).
 * 4. Publish, unless only Alloy's answer can say what it says (`withholding.ts`).
 *
 * A webhook records first and then learns from the merged state what was healed; the poller's copy leaves
 * its mark first and then reads what is recorded. So of the two, at least one sees the other.
 */
export async function processJourneyEvent(
  work: Work,
  event: JourneyEvent,
  body: Uint8Array,
  publish: Publish,
  dependencies: ProcessDependencies,
): Promise<Processed> {
  const { store, once, settings } = dependencies;
  const isHealed = work.receipt.origin === "poll";
  const record = (as: JourneyEvent) => store.recordEvent(recordOf(work, as, body, settings));

  const recorded = isHealed ? null : await record(event);
  const isUnguarded = !isRemembered(work, settings);
  const isKnown = recorded !== null && !isOfThisWork(recorded, work);
  const processed = isUnguarded && isKnown ? "duplicate" : "done";
  if (processed === "duplicate" && !mayHaveFailed(work)) return processed;
  if (recorded !== null && (await hasHadEffect(recorded, work, event, dependencies))) {
    return "duplicate";
  }

  const merged = isHealed
    ? await mergeHealed(work, event, dependencies)
    : await mergeEvent(stateOfEvent(event), event, dependencies);
  const near = await reportsNear(event, merged, isHealed, dependencies);
  const alias = isHealed ? webhookOf(event, work.lookAlikes, near) : healedEventOf(event, near);
  if (alias === null) {
    const recording = recorded ?? (await record(event));
    if (await hasHadEffect(recording, work, event, dependencies)) return "duplicate";
    await publishJourneyEvent(work, event, merged, recording, publish, dependencies);
    return processed;
  }

  const known = underIdOf(event, alias);
  let isOwnEffect = false;
  const lock = work.isForced ? work.key : alias.eventId;
  const result = await once(lock, async () => {
    // If the healed copy is not recorded yet, it will find this event and stop. We publish.
    isOwnEffect = !isHealed && !(await isRecorded(alias));
    const recording = isOwnEffect && recorded !== null ? recorded : await record(known);
    if (await hasHadEffect(recording, work, known, dependencies)) return;
    const subject = isOwnEffect ? event : known;
    await publishJourneyEvent(work, subject, merged, recording, publish, dependencies, [
      event,
      known,
    ]);
  });
  if (result === "in-conflict") throw new AliasInProgress();
  // The record's own message may rest in the dead-letter queue; by now its event has had its effect.
  await store.clearFailure(event.applicationToken, alias.eventId);
  if (isHealed) return processed;
  // The poller's copy may have taken this webhook for its own record, before it could be seen.
  const isOwnRecord = isOwnEffect || (result === "duplicate" && !(await isRecorded(alias)));
  if (!isOwnRecord) {
    const { applicationToken } = event;
    await store.noteWebhookOf({ ...alias, applicationToken }, event);
    await store.forgetEvent(event);
  }
  return processed;

  async function isRecorded({ eventId }: EventReport): Promise<boolean> {
    const { recorded: records } = await store.reportsNear(event);
    return records.some((one) => one.eventId === eventId);
  }
}

/** Marks what the poller brought before it is merged, as long as its webhook can still come. */
async function mergeHealed(
  { lookAlikes }: Work,
  event: JourneyEvent,
  dependencies: ProcessDependencies,
): Promise<Merged> {
  const { store, now } = dependencies;
  const { applicationToken, at } = event;
  const expiresAt = Math.max(at, now()) + IDEMPOTENCY.windowMs;
  if (at + IDEMPOTENCY.windowMs <= now()) {
    return mergeEvent(stateOfEvent(event), event, dependencies);
  }
  const mark = { event: { ...reportOf(event), applicationToken }, lookAlikes, webhooks: [] };
  await store.markHealed(applicationToken, mark, expiresAt);
  return mergeEvent(stateOfHealedEvent(event), event, dependencies);
}

const NOTHING_NEAR: NearbyReports = { recorded: [], marks: [] };

/** Reads for a webhook only where something was healed at its time or later. */
async function reportsNear(
  event: JourneyEvent,
  { after }: Merged,
  isHealed: boolean,
  { store }: ProcessDependencies,
): Promise<NearbyReports> {
  const isPossible = after.healedUntil !== null && event.at <= after.healedUntil + TWIN_MS;
  return isHealed || isPossible ? store.reportsNear(event) : NOTHING_NEAR;
}

async function publishJourneyEvent(
  work: Work,
  told: JourneyEvent,
  merged: Merged,
  { isNew, isWithheld: wasWithheld, outcome }: Recording,
  publish: Publish,
  { settings, metrics, store }: ProcessDependencies,
  /** All reports of the event, if there are two: the other one may have moved the state, and is no other event. */
  both: readonly JourneyEvent[] | null = null,
): Promise<void> {
  const { after: state } = merged;
  const event = { ...told, outcome: told.outcome ?? outcome };
  const reports = both ?? [event];
  const lateness = await Promise.all(reports.map((report) => isLateIn(report, state, store)));
  const late = lateness.every(Boolean);
  if (isNew) countJourneyEvent(work, event, late, metrics);
  const route = routeOf(event, settings);
  if (wasWithheld || reports.every((report) => isWithheld(report, merged))) {
    // An undecided end is recorded so, but by the release 0.1.0.
    if (!wasWithheld) await store.withholdEvent(event);
    return;
  }
  if (state.isShadow) return;
  if (!isPublished(event, late, publicationOf(event.journeyToken, route, settings))) return;
  const { environment } = settings;
  const { receipt } = work;
  await publish(publishedEvent({ event, route, state, late, receipt, environment }));
  metrics.count(METRICS.eventsPublished);
}

function countJourneyEvent(
  { receipt, subject }: Work,
  { at, type }: JourneyEvent,
  late: boolean,
  metrics: ProcessDependencies["metrics"],
): void {
  const { sentAt, cutTexts } =
    subject.kind === "journey-event" ? subject : { sentAt: null, cutTexts: 0 };
  const isUnrecognised = factsOf(type) === null;
  countRecorded(receipt, { at, sentAt, cutTexts, late, isUnrecognised }, metrics);
}

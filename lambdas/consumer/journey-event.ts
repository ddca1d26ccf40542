import { isDeepStrictEqual } from "node:util";

import { isHistoricEffect, isSilent } from "../domain/application/adoption.ts";
import type {
  ApplicationState,
  EffectToNumber,
  RecordedAs,
} from "../domain/application/application-state.ts";
import { factsOf } from "../domain/event/event-types.ts";
import type { JourneyEvent } from "../domain/event/journey-event.ts";
import { isPublishedByEvent, withRecord } from "../domain/application/published-decisions.ts";
import { publicationOf, routeOf } from "../domain/routing/journey-routes.ts";
import { isLate, neededApplicantOf } from "../domain/application/lateness.ts";
import {
  stateOfEvent,
  stateOfHealedEvent,
  stateOfRecord,
  stateOfRerun,
} from "../domain/application/observation.ts";
import type { ApplicationStore, Merged, MergeStep, Recording } from "../domain/ports.ts";
import { publishedEvent } from "../domain/routing/published-event.ts";
import type { PublishedEvent } from "../domain/routing/published-event.ts";
import { isPublished } from "../domain/routing/route.ts";
import { checkAfter, isUndecided, isWithheld } from "../domain/application/withholding.ts";
import { tallyOf } from "../domain/reconciliation/tally.ts";
import { IDEMPOTENCY } from "../settings/limits.ts";
import { lockAlias, markHealed, mayBeHealed, webhookBeside } from "./alias.ts";
import {
  countReached,
  countRecorded,
  firstCheck,
  isAdopted,
  isOwnRecord,
  mergeAndCount,
  recordOf,
  sequenceOf,
} from "./effect.ts";
import type { ContentOf, Effect, EffectDependencies } from "./effect.ts";
import { mayHaveFailed } from "./message.ts";
import type { Message } from "./message.ts";
import { besideFirst, isNumberedBy } from "./record-lock.ts";
import type { Guard } from "./record-lock.ts";

/** Whether an event ends its application, or says so. */
export function isEnd({ type }: Pick<JourneyEvent, "type">): boolean {
  return factsOf(type)?.meaning.kind === "final";
}

/** An event that is to be merged, and what is left of its message after that. */
export interface ToMerge {
  readonly step: MergeStep;
  readonly onceMerged: (merged: Merged) => Promise<Effect>;
}

/**
 * 1. Record the event: a webhook at once, a healed event once no other id is found. Without a lock, the message that
 *    recorded the event finishes it; every other message ends here.
 * 2. Merge the event, alone or with others of its application (`prepare.ts`).
 * 3. If the event is known under another id, both reports have one effect (`alias.ts`).
 * 4. Return the event to publish, unless only Alloy's answer can say what it says (`withholding.ts`).
 */
export async function prepareJourneyEvent(
  message: Message,
  content: ContentOf<"journey-event">,
  guard: Guard,
  dependencies: EffectDependencies,
): Promise<Effect | ToMerge> {
  const { store, settings } = dependencies;
  const { event } = content;
  const isHealed = message.receipt.origin === "poll";
  const effect = { at: event.at, receipt: message.receipt, isForced: message.isForced };
  const record = async (one: JourneyEvent) =>
    store.recordEvent(recordOf(message, { ...content, event: one }, settings));

  const { recorded, admission } = await recordOwn();
  if (admission === "duplicate" || admission === "in-conflict") {
    return { kind: admission, event: null };
  }
  const isKnown = recorded !== null && !isOwnRecord(recorded, message);
  const kind = guard === "none" && isKnown ? "duplicate" : "done";
  if (kind === "duplicate" && !mayHaveFailed(message)) return { kind, event: null };
  if (recorded !== null && (await hadEffect(event, recorded))) {
    return { kind: "duplicate", event: null };
  }

  const isMarked = isHealed && (await markHealed(message, event, dependencies));
  const observation = isMarked ? stateOfHealedEvent(event) : stateOfEvent(event);
  // A healed event may be known under another id. It gets its number once that is clear.
  const numbered =
    isHealed || admission === "late" ? null : effectOf(event, recorded?.isNew === true);
  const heard = {
    ...observation,
    ...(numbered !== null && { effect: numbered }),
    ...(recorded?.isNew === true && isInTime() && { tally: tallyOf(event) }),
  };
  const check = checkAfter(event, dependencies.now(), settings);
  return { step: { observation: heard, check }, onceMerged };

  async function onceMerged(merged: Merged): Promise<Effect> {
    await afterMerge(merged, event, message, dependencies);
    if (merged.after.forgottenAt !== null) {
      await store.eraseEvent(event);
      return { kind: "ignored", event: null };
    }
    if (admission === "late") {
      if (!isLate(event, merged.after)) return { kind: "in-conflict", event: null };
      // Its first message leaves no completion, and must find none if it comes again.
      return { kind: "duplicate", event: null, isSilent: true };
    }
    const alias = await lockAlias(message, event, merged, dependencies);
    const { lock, known, reports, otherRecord, ...rest } = alias;
    const eventIds = (reports ?? [event]).map(({ eventId }) => eventId);
    if (lock === "in-conflict") return { kind: lock, event: null };
    if (lock === "duplicate") {
      const other = isPublishedByEvent(merged.after, [event.eventId]) && (await otherRecord?.());
      if (other) {
        const asRecorded = { eventIds, isWithheld: false, outcome: other.outcome };
        await mergeRecord(event, asRecorded, merged.after, dependencies);
      }
      return { kind, event: null, ...rest };
    }
    const isRecorded = recorded !== null && known === event;
    const recording = isRecorded ? recorded : await record(known);
    if (!isRecorded && (await hadEffect(known, recording))) {
      return { kind: "duplicate", event: null, ...rest };
    }
    if (!isRecorded && !message.isForced) {
      const beside = await besideFirst(known.eventId, recording.lock, dependencies);
      if (beside === "in-conflict") return { kind: beside, event: null };
      if (beside === "duplicate") return { kind: beside, event: null, ...rest };
    }
    // Whoever publishes in this event's place has its idempotency record. What this message does not publish needs none; that
    // an answer of Alloy's may publish it is completed all the same (docs/decisions/0079).
    const isFirst = admission === "first" && !isNumberedBy(merged, event.eventId);
    const isLateStep = reports === null && !isEnd(event) && isLate(event, merged.after);
    const isLeftToAnswer = recording.isWithheld || isWithheld(event, merged.after, eventIds);
    let isHeld = !isFirst;
    if (!isHeld && !isLateStep && (reports !== null || !isLeftToAnswer)) {
      const begun = await hold();
      if (begun !== null) return begun;
    }
    const { isWithheld: wasWithheld, outcome } = recording;
    // The release 0.1.0 published errors too.
    const asRecorded = { eventIds, isWithheld: wasWithheld || isUndecided(known), outcome };
    const state = await mergeRecord(event, asRecorded, merged.after, dependencies);
    const published = await eventToPublish(known, recording, reports, eventIds, state);
    if (published !== null && !isHeld) {
      const begun = await hold();
      if (begun !== null) return begun;
    }
    const isHistory = isSilent(merged.after, effect);
    return {
      kind,
      event: published,
      isSilent: isHistory,
      isRecordEnough: !isHeld && isLateStep,
      ...rest,
    };

    /** Locks the event's idempotency record. @returns what the message comes to, if another message has it. */
    async function hold(): Promise<Effect | null> {
      const begun = await dependencies.begin(message.key);
      if (begun === "in-conflict") return { kind: begun, event: null };
      if (begun === "duplicate") return { kind: begun, event: null, ...rest };
      isHeld = true;
      return null;
    }
  }

  /** Records the message's own event: a webhook at once, a healed event once no other id is found. */
  async function recordOwn() {
    if (isHealed) return { recorded: null, admission: "begun" } as const;
    if (guard === "record") {
      const own = recordOf(message, content, settings);
      const { recording, admission: admitted } = await dependencies.recordFirst(own);
      return { recorded: recording, admission: admitted };
    }
    const recording = await record(event);
    if (guard === "none" || message.isForced) {
      return { recorded: recording, admission: "begun" } as const;
    }
    const beside = await besideFirst(message.key, recording.lock, dependencies);
    // Its first message may not have ended. Nobody publishes it: what it says is merged here too, and that is all.
    const isLeft =
      beside === "in-conflict" && (await isLateOfAnother(message, recording, dependencies));
    return { recorded: recording, admission: isLeft ? ("late" as const) : beside };
  }

  /** Whether its webhook came so soon that the poller has nothing to tell of it. */
  function isInTime(): boolean {
    const { origin, receivedAt } = message.receipt;
    const { graceMs } = settings;
    return origin === "webhook" && graceMs !== undefined && receivedAt - event.at <= graceMs;
  }

  /** The effect that the merge is to number. A later step finds out what a merge alone cannot say. */
  function effectOf(one: JourneyEvent, isFirstTry: boolean): EffectToNumber | null {
    const publication = publicationOf(one.journeyToken, routeOf(one, settings), settings);
    if (!publication.publish) return null;
    const { eventId } = one;
    const isPublishedAfter = (after: ApplicationState) =>
      !after.isShadow &&
      !isSilent(after, effect) &&
      !mayBeHealed(one, after) &&
      !isWithheld(one, after, [eventId]) &&
      isPublished(one, isLate(one, after), publication);
    return { eventId, isFirstTry, isPublished: isPublishedAfter };
  }

  /**
   * Whether an event that another message recorded had its effect then. An idempotency record says so as long as it
   * lives; after that, the event must not have its effect again.
   */
  async function hadEffect({ eventId }: JourneyEvent, recording: Recording): Promise<boolean> {
    if (message.isForced || isOwnRecord(recording, message)) return false;
    if (dependencies.now() - recording.receivedAt < IDEMPOTENCY.windowMs) return false;
    return !(await store.hasFailure(event.applicationToken, eventId));
  }

  /** @param reports - both reports of an event with two ids: the other one may have moved the state, and is no newer event. */
  async function eventToPublish(
    report: JourneyEvent,
    { isNew, isWithheld: wasWithheld, outcome }: Recording,
    reports: readonly JourneyEvent[] | null,
    eventIds: readonly string[],
    state: ApplicationState,
  ): Promise<PublishedEvent | null> {
    const { metrics } = dependencies;
    // An outcome that only another report of it names comes by Alloy's answer: the record says what is published.
    const asPublished = { ...report, outcome };
    const all = reports ?? [asPublished];
    const lateness = await Promise.all(all.map((one) => isLateIn(one, state, store)));
    const late = lateness.every(Boolean) && !(await isLateBesideItself());
    const isHistoric = isHistoricEffect(state, effect);
    if (isNew)
      countRecorded(message, { ...content, event: asPublished }, late, metrics, isHistoric);
    if (wasWithheld || isWithheld(asPublished, state, eventIds)) {
      // An event that is withheld for its type is recorded so. Release 0.1.0 did not record it.
      if (!wasWithheld) await store.withholdEvent(asPublished);
      return null;
    }
    if (isSilent(state, effect)) return null;
    const route = routeOf(asPublished, settings);
    const publication = publicationOf(asPublished.journeyToken, route, settings);
    if (state.isShadow || !isPublished(asPublished, late, publication)) return null;
    const { environment } = settings;
    const sequence = await sequenceOf(asPublished.eventId, state, dependencies, eventIds);
    return publishedEvent({
      event: asPublished,
      sequence,
      route,
      state,
      late,
      receipt: message.receipt,
      environment,
    });

    /** Whether only its own webhook is newer, which came after a try of this healed copy had failed. */
    async function isLateBesideItself(): Promise<boolean> {
      if (!isHealed || reports !== null || !mayHaveFailed(message)) return false;
      const webhook = await webhookBeside(report, store);
      return webhook !== null && !(await isLateIn(webhook, state, store));
    }
  }
}

/** Whether another message recorded the event, and nobody publishes it any more: what is known of its application is newer. */
export async function isLateOfAnother(
  message: Message,
  recording: Recording,
  { store, settings }: Pick<EffectDependencies, "store" | "settings">,
): Promise<boolean> {
  const { content } = message;
  // To acknowledge its own message would remove what the other delivery may not finish.
  if (content.kind !== "journey-event" || isOwnRecord(recording, message)) return false;
  const { event } = content;
  const publication = publicationOf(event.journeyToken, routeOf(event, settings), settings);
  if (isPublished(event, true, publication)) return false;
  const state = await store.readState(event.applicationToken);
  return state !== null && isLate(event, state);
}

/** Joins an event with what is known of its application, and of the rerun that it names. */
export async function mergeEvent(
  observation: ApplicationState,
  event: JourneyEvent,
  message: Pick<Message, "receipt">,
  dependencies: MergeDependencies,
): Promise<Merged> {
  const { store, settings, now } = dependencies;
  const merged = await store.mergeState(observation, checkAfter(event, now(), settings));
  await afterMerge(merged, event, message, dependencies);
  return merged;
}

type MergeDependencies = Pick<EffectDependencies, "store" | "settings" | "metrics" | "now">;

/** Counts what the application has reached by an event, and makes the rerun known that the event names. */
async function afterMerge(
  merged: Merged,
  event: JourneyEvent,
  { receipt }: Pick<Message, "receipt">,
  dependencies: MergeDependencies,
): Promise<void> {
  const { after } = merged;
  const isHistoric = (state: ApplicationState) =>
    isHistoricEffect(state, { at: event.at, receipt });
  countReached(merged, isHistoric, dependencies);
  if (after.forgottenAt !== null) return;
  const rerun = stateOfRerun(event, isHistoric(after) ? after.adopted : null);
  if (rerun !== null) await mergeAndCount(rerun, firstCheck(dependencies), isAdopted, dependencies);
}

/**
 * Joins a state with how an event is recorded. The merge of the event has decided by one report alone; the record, which may
 * be that of another report, says with which outcome the event is published, and whether.
 */
export async function mergeRecord(
  { applicationToken }: JourneyEvent,
  recorded: RecordedAs,
  state: ApplicationState,
  dependencies: Pick<EffectDependencies, "store" | "settings" | "now">,
): Promise<ApplicationState> {
  const { published } = state;
  if (isDeepStrictEqual(withRecord(published, recorded), published)) return state;
  const observation = stateOfRecord(applicationToken, recorded);
  const { after } = await dependencies.store.mergeState(observation, firstCheck(dependencies));
  return after;
}

/** Whether a newer event came first. Reads the applicant's register where it is stored apart. */
export async function isLateIn(
  event: JourneyEvent,
  state: ApplicationState,
  store: ApplicationStore,
): Promise<boolean> {
  const applicant = neededApplicantOf(event, state);
  if (applicant === null) return isLate(event, state);
  const register = await store.readApplicant(event.applicationToken, applicant);
  if (register === null) return false;
  return isLate(event, { ...state, entities: { [applicant]: register } });
}

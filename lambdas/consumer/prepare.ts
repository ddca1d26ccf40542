import { underIdOf } from "../domain/application/alias.ts";
import type { Adoption } from "../domain/application/application-state.ts";
import type { Deadline } from "../domain/deadline.ts";
import { isOtherEnvironment } from "../domain/event/environment.ts";
import { TransientError } from "../domain/errors.ts";
import { contentIdOf } from "../domain/event/identity.ts";
import { routeOfInvestigation } from "../domain/event/investigation-event.ts";
import { publicationOf, routeOf } from "../domain/routing/journey-routes.ts";
import { stateOfEvent, stateOfHint, stateOfSubmission } from "../domain/application/observation.ts";
import { attemptOf } from "../domain/reconciliation/delivery.ts";
import type {
  CheckRequest,
  EventPlace,
  EventRecord,
  Idempotency,
  Merged,
} from "../domain/ports.ts";
import { publishedUnsupportedWebhook } from "../domain/routing/published-event.ts";
import type { ConsumerSettings } from "../settings/consumer-settings.ts";
import { METRICS } from "../settings/metrics.ts";
import type { MessageLogger } from "../telemetry/powertools-logger.ts";
import { giveUpRecord, webhookFor } from "./alias.ts";
import { prepareCorrection, prepareDecision } from "./answer.ts";
import {
  countRecorded,
  firstCheck,
  isAdopted,
  isOwnRecord,
  mergeAndCount,
  recordOf,
} from "./effect.ts";
import type { ContentOf, Effect, EffectDependencies } from "./effect.ts";
import { prepareInvestigation, repairStep } from "./investigation.ts";
import {
  isEnd,
  isLateOfAnother,
  mergeEvent,
  mergeRecord,
  prepareJourneyEvent,
} from "./journey-event.ts";
import type { ToMerge } from "./journey-event.ts";
import { mayHaveFailed } from "./message.ts";
import type { Message } from "./message.ts";
import { admitSecond, isHeldBy, lockFor } from "./record-lock.ts";
import type { Guard } from "./record-lock.ts";

export interface PrepareDependencies extends Omit<
  EffectDependencies,
  "begin" | "isCompleted" | "recordFirst"
> {
  readonly idempotency: Idempotency;
  readonly logger: MessageLogger;
}

/** A lock that a message has. */
export interface Lock {
  /** The id of the event. */
  readonly key: string;
  /** Says that the event did not have its effect. */
  readonly release: () => Promise<void>;
}

/** A message that is recorded and merged, and what it has locked for that. */
export interface Prepared {
  readonly message: Message;
  /** In the order in which they were taken. */
  readonly locks: readonly Lock[];
  readonly outcome:
    | Effect
    | { readonly kind: "ignored" | "unprepared" }
    | { readonly kind: "failed"; readonly error: unknown };
}

type Outcome = Prepared["outcome"];

/**
 * Records and merges messages of one application. Several of them are merged by one write.
 *
 * 1. Lock each event by an idempotency record, if it needs one and this is not its first message.
 * 2. Record it, unless it is recorded. Its first message locks it by the same write (`record-lock.ts`).
 * 3. Merge them with what is known of their application.
 *
 * Each step is conditional by itself: a crash between two of them, and a second try, end in the same result. The
 * locks make the second publication rare.
 *
 * @param messages - a group of them (`groupsToMerge`).
 * @returns a function that prepares one of them: everything is done then but its publication.
 */
export async function recordAndMerge(
  messages: readonly Message[],
  deadline: Deadline,
  dependencies: PrepareDependencies,
): Promise<(message: Message) => Promise<Prepared>> {
  const recorded = await Promise.all(
    messages.map((message) => recordOne(message, deadline, dependencies)),
  );
  const toMerge = recorded.flatMap(({ outcome }) => ("step" in outcome ? [outcome] : []));
  const mergedBy = await mergeAll(toMerge, dependencies.store);
  return async (message) => {
    const one = recorded.find((other) => other.message === message);
    if (one === undefined) return { message, locks: [], outcome: { kind: "unprepared" } };
    const { locks, outcome } = one;
    if (!("step" in outcome)) return { message, locks, outcome };
    const left = async () => outcome.onceMerged(await mergedBy(outcome));
    return { message, locks, outcome: await orFailed(left) };
  };
}

function placeOf({ applicationToken, eventId, at }: EventRecord): EventPlace | null {
  return applicationToken === null ? null : { applicationToken, eventId, at };
}

async function orFailed<One>(outcome: () => Promise<One>) {
  try {
    return await outcome();
  } catch (error) {
    return { kind: "failed", error } as const;
  }
}

/**
 * Merges several events by one write. What DynamoDB refuses for good may be one event's fault, so each is merged by itself
 * then. What failed for the moment fails for all: each message is tried again.
 *
 * @returns a function that returns what an event came to.
 */
async function mergeAll(
  events: readonly ToMerge[],
  store: PrepareDependencies["store"],
): Promise<(event: ToMerge) => Promise<Merged>> {
  const alone = async ({ step: { observation, check } }: ToMerge) =>
    store.mergeState(observation, check);
  if (events.length < 2) return alone;
  try {
    const merged = await store.mergeEach(events.map(({ step }) => step));
    return async (event) => merged[events.indexOf(event)] ?? alone(event);
  } catch (error) {
    if (!(error instanceof TransientError)) return alone;
    return () => Promise.reject(error);
  }
}

/** Whether a message can be merged together with others of its application: a webhook that names no other application. */
function isPlainWebhook({ content, receipt, isForced }: Message): boolean {
  if (content.kind !== "journey-event" || receipt.origin !== "webhook" || isForced) return false;
  return content.event.rerunApplicationToken === null;
}

/**
 * Divides messages of one application, in order, into those that are merged together. An end is the last of its group: what
 * its record says may change what is published, and the next merge is to know.
 */
export function groupsToMerge(messages: readonly Message[]): readonly (readonly Message[])[] {
  const groups: Message[][] = [];
  let isOpen = false;
  for (const message of messages) {
    const isPlain = isPlainWebhook(message);
    if (isPlain && isOpen) groups.at(-1)?.push(message);
    else groups.push([message]);
    isOpen = isPlain && !isEndMessage(message);
  }
  return groups;
}

function isEndMessage({ content }: Message): boolean {
  return content.kind === "journey-event" && isEnd(content.event);
}

async function recordOne(message: Message, deadline: Deadline, dependencies: PrepareDependencies) {
  const { idempotency, settings, store, now } = dependencies;
  const locks: Lock[] = [];
  const begin: EffectDependencies["begin"] = async (key) => {
    const answer = await idempotency.begin(key, deadline.remainingMs());
    // By now another invocation has the message.
    if (deadline.isPast("completeBy")) return "in-conflict";
    if (answer === "begun") locks.push({ key, release: () => idempotency.release(key) });
    return answer;
  };
  const isCompleted: EffectDependencies["isCompleted"] = (key) => idempotency.isCompleted(key);
  const recordFirst: EffectDependencies["recordFirst"] = async (record) => {
    const lock = lockFor(message, now() + deadline.remainingMs());
    const recording = await store.recordEvent({ ...record, lock });
    if (deadline.isPast("completeBy")) return { recording, admission: "in-conflict" };
    if (!recording.isNew && !isHeldBy(lock, recording)) {
      const isLateNow = () => isLateOfAnother(message, recording, dependencies);
      const guards = { begin, isCompleted, now };
      const admission = await admitSecond(message.key, recording, isLateNow, guards);
      // Another delivery of this very message recorded it anew, and may have been killed.
      if (admission === "duplicate" && isOwnRecord(recording, message)) {
        await takeBack(message, dependencies);
      }
      return { recording, admission };
    }
    const place = placeOf(record);
    if (place !== null) {
      locks.push({ key: message.key, release: () => store.unlockEvent(place, lock) });
    }
    return { recording, admission: "first" };
  };
  const outcome = async (): Promise<Outcome | ToMerge> => {
    if (isIgnored(message, settings)) return { kind: "ignored" };
    if (deadline.isPast("publishBy")) return { kind: "unprepared" };
    if (isOtherEnvironment(message.environment, settings.environment)) {
      return keepApart(message, dependencies);
    }
    const guard = guardOf(message, settings);
    const lock = guard === "idempotency-record" ? await begin(message.key) : "begun";
    if (lock === "duplicate") {
      await repair(message, { ...dependencies, begin, isCompleted, recordFirst });
      if (mayHaveFailed(message)) await takeBack(message, dependencies);
    }
    if (lock !== "begun") return { kind: lock, event: null };
    return effectOf(message, guard, { ...dependencies, begin, isCompleted, recordFirst });
  };
  return { message, locks, outcome: await orFailed(outcome) };
}

async function effectOf(
  message: Message,
  guard: Guard,
  dependencies: EffectDependencies,
): Promise<Effect | ToMerge> {
  const { content } = message;
  switch (content.kind) {
    case "journey-event":
      return prepareJourneyEvent(message, content, guard, dependencies);
    case "investigation":
      return prepareInvestigation(message, content, dependencies);
    case "unsupported-webhook":
      return prepareUnsupported(message, content, dependencies);
    case "correction":
      return prepareCorrection(message, content.correction, dependencies);
    case "decision":
      return prepareDecision(message, content, dependencies);
    case "submission": {
      if (content.cutTexts > 0) dependencies.metrics.count(METRICS.eventsCut);
      const { submission, adoption } = content;
      const observation = stateOfSubmission(submission, adoption);
      await mergeAndCount(observation, checkOf(adoption), isAdopted, dependencies);
      return { kind: "done", event: null };
    }
  }

  /** No webhook will tell of what an adopted application has come to: the next run of the poller compares it. */
  function checkOf(adoption: Adoption | null): CheckRequest {
    if (adoption === null) return firstCheck(dependencies);
    return { dueAt: dependencies.now(), when: "first" };
  }
}

/**
 * The poller brings again what the table lacks. It had its effect, but was never recorded (a correction was published under an
 * event's id) or never merged, or the table was restored to a time before it. To record and to merge are idempotent.
 */
async function repair(message: Message, dependencies: EffectDependencies): Promise<void> {
  const { content, receipt } = message;
  if (receipt.origin !== "poll") return;
  switch (content.kind) {
    case "journey-event":
      return repairEvent(message, content, dependencies);
    case "correction": {
      const { correction } = content;
      await prepareCorrection(message, correction, dependencies, { hadEffect: true });
      return;
    }
    case "decision":
      // What it would publish is dropped here.
      await prepareDecision(message, content, dependencies);
      return;
    case "investigation":
      return repairStep(message, content, dependencies);
    case "submission":
    case "unsupported-webhook":
  }
}

async function repairEvent(
  message: Message,
  content: ContentOf<"journey-event">,
  dependencies: Pick<EffectDependencies, "store" | "settings" | "metrics" | "now">,
): Promise<void> {
  const { event } = content;
  const { store, settings, metrics } = dependencies;
  const webhook = await webhookFor(message, event, store);
  const recorded = webhook === null ? event : underIdOf(event, webhook);
  const recording = await store.recordEvent(
    recordOf(message, { ...content, event: recorded }, settings),
  );
  const { isNew, outcome, isWithheld } = recording;
  if (isNew) countRecorded(message, content, false, metrics);
  // An outcome that the record leaves out was not published: Alloy's own answer brings it.
  const known = isNew ? event : { ...event, outcome };
  const { after } = await mergeEvent(stateOfEvent(known), known, message, dependencies);
  // Its own message is done: what it has withheld is left to Alloy's answer.
  const eventIds = [event.eventId, recorded.eventId];
  if (isWithheld) await mergeRecord(event, { eventIds, outcome, isWithheld }, after, dependencies);
  if (after.forgottenAt !== null) await store.eraseEvent(event);
}

/**
 * A webhook of an event that had its effect may have recorded it anew, where the record was given up for another report's or
 * erased, and have failed after that. Now it finds the effect, and takes its record back.
 */
async function takeBack(
  message: Message,
  { store }: Pick<EffectDependencies, "store">,
): Promise<void> {
  const { content, receipt } = message;
  if (content.kind !== "journey-event" || receipt.origin !== "webhook") return;
  const { event } = content;
  const state = await store.readState(event.applicationToken);
  if (state === null) return;
  if (state.forgottenAt !== null) return store.eraseEvent(event);
  await giveUpRecord(event, state, store);
}

/**
 * Whether the configuration drops a message: an event type that is not handled, or a Journey that is not accepted.
 * A type that Alloy's documentation does not know is never dropped.
 */
function isIgnored({ content, journeyToken }: Message, settings: ConsumerSettings): boolean {
  const { ignoredEventTypes } = settings;
  const isType = content.kind === "journey-event" && ignoredEventTypes.includes(content.event.type);
  return isType || !acceptsJourney(journeyToken, settings);
}

/** A message that names no Journey is accepted: Alloy's own answer will name it. */
function acceptsJourney(journeyToken: string | null, { journeys }: ConsumerSettings): boolean {
  return journeyToken === null || journeys.length === 0 || journeys.includes(journeyToken);
}

/**
 * What keeps a message's effect from being had twice. Only what is published needs a lock: recording and merging are
 * idempotent by themselves (docs/decisions/0018).
 *
 * Without a lock, the event's own record decides. The message that recorded the event finishes it, however often it
 * comes; every other message ends when it finds the event recorded.
 */
function guardOf(message: Message, settings: ConsumerSettings): Guard {
  const { content, receipt, isForced } = message;
  const lockedIf = (isPublished: boolean) => (isPublished ? "idempotency-record" : "none");
  switch (content.kind) {
    case "submission":
      return "none";
    case "correction":
    case "decision":
      return "idempotency-record";
    case "investigation":
      return lockedIf(settings.routes[routeOfInvestigation(content.event)].publish);
    case "unsupported-webhook":
      return lockedIf(settings.routes[content.route].publish);
    case "journey-event": {
      const { event } = content;
      // A healed event may meet its webhook under another id: one of them at a time.
      if (receipt.origin === "poll") return "idempotency-record";
      const { publish } = publicationOf(event.journeyToken, routeOf(event, settings), settings);
      const mayHaveCome = isForced || mayHaveFailed(message) || isSentAgain(content);
      return publish && !mayHaveCome ? "record" : lockedIf(publish);
    }
  }
}

/** Whether it is not Alloy's first attempt: most of those bring what has come before, and its idempotency record says so. */
function isSentAgain({ event, sentAt }: ContentOf<"journey-event">): boolean {
  return sentAt !== null && attemptOf(sentAt - event.at) > 1;
}

/**
 * Records a message of another environment, and does nothing else with it. Its record belongs to no application, so
 * the poller does not take it for a part of one. It gets no idempotency record, so the same event has its effect when
 * Alloy's answer brings it as the stage's own.
 */
async function keepApart(
  message: Message,
  { store, settings, metrics, logger }: PrepareDependencies,
): Promise<Effect> {
  const record = recordApart(message, settings);
  const recorded = record === null ? null : await store.recordEvent(record);
  if (recorded !== null && !isOwnRecord(recorded, message)) {
    return { kind: "duplicate", event: null };
  }
  metrics.count(METRICS.environmentMixed);
  const { logKeys, environment } = message;
  logger.warn("consumer.environment.mixed", { ...logKeys, environment: environment ?? "" });
  return { kind: "done", event: null };
}

function recordApart(message: Message, settings: ConsumerSettings): EventRecord | null {
  const { content, environment } = message;
  const { kind } = content;
  if (kind === "submission" || kind === "correction" || kind === "decision") return null;
  const { investigationToken: _, ...record } = recordOf(message, content, settings);
  const eventId = contentIdOf("other environment", { environment, eventId: record.eventId });
  return { ...record, eventId, applicationToken: null };
}

async function prepareUnsupported(
  message: Message,
  content: ContentOf<"unsupported-webhook">,
  dependencies: EffectDependencies,
): Promise<Effect> {
  const { store, settings, metrics, now } = dependencies;
  const { webhook, route } = content;
  const { hint } = webhook;
  const recorded = await store.recordEvent(recordOf(message, content, settings));
  if (recorded.isNew) countRecorded(message, content, false, metrics);
  const isOwn = isOwnRecord(recorded, message);
  if (isOwn && hint !== null && acceptsJourney(hint.journeyToken, settings)) {
    // Alloy's own answer says what the webhook does not: the next run of the poller asks for it.
    const check = { dueAt: now(), when: "now" } as const;
    await mergeAndCount(stateOfHint(hint), check, () => false, dependencies);
  }
  if (!settings.routes[route].publish) {
    return { kind: isOwn ? "done" : "duplicate", event: null };
  }
  const { receipt } = message;
  const { environment } = settings;
  return {
    kind: "done",
    event: publishedUnsupportedWebhook({ webhook, route, receipt, environment }),
  };
}

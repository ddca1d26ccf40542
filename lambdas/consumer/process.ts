import type { ApplicationState } from "../domain/application-state.ts";
import { attemptOf } from "../domain/delivery.ts";
import { factsOf } from "../domain/event-types.ts";
import type { ForeignWebhook, JourneyEvent } from "../domain/journey-event.ts";
import { isLate } from "../domain/lateness.ts";
import {
  stateOfEvent,
  stateOfHealedEvent,
  stateOfRerun,
  stateOfSubmission,
} from "../domain/observation.ts";
import type { ApplicationStore, EventRecord, Idempotency } from "../domain/ports.ts";
import { publishedEvent, publishedForeignWebhook } from "../domain/published-event.ts";
import type { PublishedEvent } from "../domain/published-event.ts";
import { isPublished, routeFor } from "../domain/route.ts";
import { asTwin, twinOf } from "../domain/twin.ts";
import type { ToldEvent } from "../domain/twin.ts";
import { ATTEMPT_DIMENSION, METRICS } from "../settings.ts";
import type { ConsumerSettings } from "../settings.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { processCorrection } from "./process-correction.ts";
import type { Work } from "./work.ts";

export interface ProcessDependencies {
  readonly store: ApplicationStore;
  /** For the effect of another identity than the work's own. */
  readonly once: Idempotency["once"];
  readonly settings: ConsumerSettings;
  readonly metrics: Metrics;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

type Publish = (event: PublishedEvent) => Promise<void>;

/**
 * Gives a work its one effect.
 *
 * 1. Keep the event, unless it is kept already.
 * 2. Join it with what is known of its application.
 * 3. Publish what the route asks for, under the event's stable id.
 *
 * Each step is conditional by itself, so that a crash between any two of them and a second run end in
 * the same result. What makes the second run rare is the idempotency around it.
 */
export async function processWork(
  work: Work,
  publish: Publish,
  dependencies: ProcessDependencies,
): Promise<void> {
  const { subject } = work;
  const { kind } = subject;
  switch (kind) {
    case "journey-event":
      return processJourneyEvent(work, subject.event, subject.content, publish, dependencies);
    case "foreign-webhook":
      return processForeignWebhook(work, subject, publish, dependencies);
    case "correction":
      return processCorrection(work, subject.correction, publish, dependencies);
    case "submission": {
      const { store, settings, now } = dependencies;
      const dueAt = now() + settings.firstCheckMs;
      await store.mergeState(stateOfSubmission(subject.submission), { dueAt, when: "first" });
    }
  }
}

/**
 * 1. Keep the event (a webhook at once, a healed one when it turned out to be no twin) and merge it.
 * 2. If it was told before under a slightly different identity, the effect is that telling's (`twin.ts`).
 * 3. Publish.
 *
 * A webhook records first and then learns from the merged state what was healed; the poller's copy leaves
 * its mark in the state first and then reads what is recorded. So of the two, at least one sees the other.
 */
async function processJourneyEvent(
  work: Work,
  event: JourneyEvent,
  content: unknown,
  publish: Publish,
  dependencies: ProcessDependencies,
): Promise<void> {
  const { store, once } = dependencies;
  const { siblings } = work;
  const isHealed = work.receipt.origin === "poll";
  const record = (as: JourneyEvent) => store.recordEvent(recordOf(work, as, content));

  const recorded = isHealed ? null : await record(event);
  const state = await merge(
    isHealed ? stateOfHealedEvent(event, siblings) : stateOfEvent(event),
    event,
    dependencies,
  );

  const told = isHealed ? await store.eventsNear(event) : healedOf(state, event.eventId);
  const twin = twinOf(event, told, siblings);
  if (twin === null) {
    const isNew = (recorded ?? (await record(event))) === "recorded";
    const outcome = { event, state, isNew, isLate: isLate(event, state) };
    return publishJourneyEvent(work, outcome, publish, dependencies);
  }

  const asTold = asTwin(event, twin);
  const result = await once(twin.eventId, async () => {
    const isNew = (await record(asTold)) === "recorded";
    // The newer of the two tellings may have moved the state, and is the same event.
    const late = isLate(event, state) && isLate(asTold, state);
    const outcome = { event: asTold, state, isNew, isLate: late };
    await publishJourneyEvent(work, outcome, publish, dependencies);
  });
  if (result === "in-conflict") throw new TwinInProgress();
  if (!isHealed) await store.forgetEvent(event);
}

/** Another invocation is giving the event its effect, under another identity. */
export class TwinInProgress extends Error {
  override readonly name = "TwinInProgress";
}

function healedOf(state: ApplicationState, eventId: string): readonly ToldEvent[] {
  return Object.entries(state.healed)
    .filter(([, healed]) => !healed.siblings.includes(eventId))
    .map(([id, healed]) => ({ ...healed, eventId: id }));
}

async function merge(
  observation: ApplicationState,
  event: JourneyEvent,
  { store, settings, now }: ProcessDependencies,
): Promise<ApplicationState> {
  const firstCheck = { dueAt: now() + settings.firstCheckMs, when: "first" } as const;
  // Alloy ends applications without an outcome too: only its own answer can confirm that.
  const isUnconfirmed = factsOf(event.type)?.meaning.kind === "final" && event.outcome === null;
  const check = isUnconfirmed ? ({ dueAt: now(), when: "now" } as const) : firstCheck;
  const state = await store.mergeState(observation, check);
  const rerun = stateOfRerun(event);
  if (rerun !== null) await store.mergeState(rerun, firstCheck);
  return state;
}

function recordOf(work: Work, event: JourneyEvent, content: unknown): EventRecord {
  return {
    ...work.receipt,
    eventId: event.eventId,
    applicationToken: event.applicationToken,
    type: event.type,
    at: event.at,
    route: routeFor(event),
    outcome: event.outcome,
    entityToken: event.entityToken,
    entityApplicationToken: event.entityApplicationToken,
    nodeId: event.node.id,
    eventToken: event.eventToken,
    content,
    payloadKey: work.payloadKey,
  };
}

async function publishJourneyEvent(
  { receipt, subject }: Work,
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
  const route = routeFor(event);
  if (isNew) {
    metrics.count(METRICS.eventsRecorded);
    if (receipt.origin === "poll") metrics.count(METRICS.eventsHealed);
    if (late) metrics.count(METRICS.eventsLate);
    if (route === "unrecognised") metrics.count(METRICS.eventsUnrecognised);
    if (receipt.origin === "webhook") {
      metrics.milliseconds(METRICS.deliveryLatency, Math.max(0, receipt.receivedAt - event.at));
      const sentAt = subject.kind === "journey-event" ? subject.sentAt : null;
      if (sentAt !== null) {
        const attempt = String(attemptOf(sentAt - event.at));
        metrics.count(METRICS.webhooksByAttempt, 1, { [ATTEMPT_DIMENSION]: attempt });
      }
    }
  }
  if (state.isShadow || !isPublished(event, late, settings.routes[route])) return;
  const { environment } = settings;
  await publish(publishedEvent({ event, route, state, late, receipt, environment }));
  metrics.count(METRICS.eventsPublished);
}

async function processForeignWebhook(
  work: Work,
  subject: {
    readonly webhook: ForeignWebhook;
    readonly route: "other" | "unrecognised";
    readonly content: unknown;
  },
  publish: Publish,
  { store, settings, metrics }: ProcessDependencies,
): Promise<void> {
  const { receipt, payloadKey, at } = work;
  const { webhook, route, content } = subject;
  const recorded = await store.recordEvent({
    ...receipt,
    eventId: webhook.eventId,
    applicationToken: null,
    type: webhook.type,
    at,
    route,
    outcome: null,
    entityToken: null,
    entityApplicationToken: null,
    nodeId: null,
    eventToken: null,
    content,
    payloadKey,
  });
  if (recorded === "recorded") {
    metrics.count(METRICS.eventsRecorded);
    if (route === "unrecognised") metrics.count(METRICS.eventsUnrecognised);
  }
  if (!settings.routes[route].publish) return;
  const { environment } = settings;
  await publish(publishedForeignWebhook({ webhook, route, receipt, environment }));
  metrics.count(METRICS.eventsPublished);
}

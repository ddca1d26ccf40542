import { factsOf } from "../domain/event-types.ts";
import type { ForeignWebhook, JourneyEvent } from "../domain/journey-event.ts";
import { isLate } from "../domain/lateness.ts";
import { stateOfEvent, stateOfRerun, stateOfSubmission } from "../domain/observation.ts";
import type { ApplicationStore } from "../domain/ports.ts";
import { publishedEvent, publishedForeignWebhook } from "../domain/published-event.ts";
import type { PublishedEvent } from "../domain/published-event.ts";
import { isPublished, routeFor } from "../domain/route.ts";
import { METRICS } from "../settings.ts";
import type { ConsumerSettings } from "../settings.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { Work } from "./work.ts";

export interface ProcessDependencies {
  readonly store: ApplicationStore;
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
    case "submission": {
      const { store, settings, now } = dependencies;
      const dueAt = now() + settings.firstCheckMs;
      await store.mergeState(stateOfSubmission(subject.submission), { dueAt, when: "first" });
    }
  }
}

async function processJourneyEvent(
  work: Work,
  event: JourneyEvent,
  content: unknown,
  publish: Publish,
  { store, settings, metrics, now }: ProcessDependencies,
): Promise<void> {
  const { receipt, payloadKey } = work;
  const route = routeFor(event);
  const recorded = await store.recordEvent({
    ...receipt,
    eventId: event.eventId,
    applicationToken: event.applicationToken,
    type: event.type,
    at: event.at,
    route,
    outcome: event.outcome,
    entityToken: event.entityToken,
    entityApplicationToken: event.entityApplicationToken,
    nodeId: event.node.id,
    eventToken: event.eventToken,
    content,
    payloadKey,
  });

  const firstCheck = { dueAt: now() + settings.firstCheckMs, when: "first" } as const;
  // Alloy ends applications without an outcome too: only its own answer can confirm that.
  const isUnconfirmed = factsOf(event.type)?.meaning.kind === "final" && event.outcome === null;
  const check = isUnconfirmed ? ({ dueAt: now(), when: "now" } as const) : firstCheck;
  const state = await store.mergeState(stateOfEvent(event), check);
  const rerun = stateOfRerun(event);
  if (rerun !== null) await store.mergeState(rerun, firstCheck);

  const late = isLate(event, state);
  if (recorded === "recorded") {
    metrics.count(METRICS.eventsRecorded);
    if (receipt.origin === "poll") metrics.count(METRICS.eventsHealed);
    if (late) metrics.count(METRICS.eventsLate);
    if (route === "unrecognised") metrics.count(METRICS.eventsUnrecognised);
    if (receipt.origin === "webhook") {
      metrics.milliseconds(METRICS.deliveryLatency, Math.max(0, receipt.receivedAt - event.at));
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

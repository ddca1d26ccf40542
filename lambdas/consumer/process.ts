import type { ForeignWebhook } from "../domain/journey-event.ts";
import { stateOfHint, stateOfSubmission } from "../domain/observation.ts";
import type {
  ApplicationStore,
  EventRecord,
  Idempotency,
  InvestigationStore,
} from "../domain/ports.ts";
import { publishedForeignWebhook } from "../domain/published-event.ts";
import type { PublishedEvent } from "../domain/published-event.ts";
import { METRICS } from "../settings.ts";
import type { ConsumerSettings } from "../settings.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { OF_NO_APPLICATION } from "./event-steps.ts";
import { acceptsJourney } from "./ignored.ts";
import { mergeAndCount } from "./merge-and-count.ts";
import { processCorrection } from "./process-correction.ts";
import { processJourneyEvent } from "./process-event.ts";
import { processInvestigation } from "./process-investigation.ts";
import { isOfThisWork, isRemembered } from "./remembered.ts";
import type { Subject, Work } from "./work.ts";

type ForeignSubject = Extract<Subject, { kind: "foreign-webhook" }>;

export interface ProcessDependencies {
  readonly store: ApplicationStore;
  readonly investigations: InvestigationStore;
  /** For the effect of another identity than the work's own. */
  readonly once: Idempotency["once"];
  readonly settings: ConsumerSettings;
  readonly metrics: Metrics;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** `duplicate`: another message has brought it, and has had its effect or is to have it. */
export type Processed = "done" | "duplicate";

export type Publish = (event: PublishedEvent) => Promise<void>;

/**
 * Gives a work its one effect.
 *
 * 1. Keep the event, unless it is kept already.
 * 2. Join it with what is known of its application.
 * 3. Publish what the route asks for, under the event's stable id.
 *
 * Each step is conditional by itself, so that a crash between any two of them and a second run end in
 * the same result. What makes the second run rare is the idempotency around it, where there is one
 * (`remembered.ts`).
 */
export async function processWork(
  work: Work,
  publish: Publish,
  dependencies: ProcessDependencies,
): Promise<Processed> {
  const { subject } = work;
  const { kind } = subject;
  switch (kind) {
    case "journey-event":
      return processJourneyEvent(work, subject.event, subject.body, publish, dependencies);
    case "investigation":
      return processInvestigation(work, subject, publish, dependencies);
    case "foreign-webhook":
      return processForeignWebhook(work, subject, publish, dependencies);
    case "correction":
      await processCorrection(work, subject.correction, publish, dependencies);
      return "done";
    case "submission": {
      const { submission, cutTexts } = subject;
      if (cutTexts > 0) dependencies.metrics.count(METRICS.eventsCut);
      const dueAt = dependencies.now() + dependencies.settings.firstCheckMs;
      const check = { dueAt, when: "first" } as const;
      await mergeAndCount(stateOfSubmission(submission), check, dependencies);
      return "done";
    }
  }
}

/** A body that names no application, as it is kept. */
export function foreignRecordOf(
  { receipt, payloadKey, at }: Work,
  { webhook, route, body }: ForeignSubject,
): EventRecord {
  return {
    ...receipt,
    ...OF_NO_APPLICATION,
    eventId: webhook.eventId,
    type: webhook.type,
    at,
    route,
    outcome: null,
    body,
    payloadKey,
  };
}

async function processForeignWebhook(
  work: Work,
  subject: ForeignSubject,
  publish: Publish,
  dependencies: ProcessDependencies,
): Promise<Processed> {
  const { store, settings, metrics } = dependencies;
  const { receipt } = work;
  const { webhook, route } = subject;
  const recorded = await store.recordEvent(foreignRecordOf(work, subject));
  if (recorded.isNew) {
    metrics.count(METRICS.eventsRecorded);
    if (webhook.cutTexts > 0) metrics.count(METRICS.eventsCut);
    if (route === "unrecognised") metrics.count(METRICS.eventsUnrecognised);
  }
  if (isOfThisWork(recorded, work)) await noteHint(webhook, dependencies);
  if (!settings.routes[route].publish) {
    return isRemembered(work, settings) || isOfThisWork(recorded, work) ? "done" : "duplicate";
  }
  const { environment } = settings;
  await publish(publishedForeignWebhook({ webhook, route, receipt, environment }));
  metrics.count(METRICS.eventsPublished);
  return "done";
}

/** What cannot be read of a webhook, Alloy's own answer tells: the next run of the poller asks for it. */
async function noteHint(
  { hint }: ForeignWebhook,
  dependencies: ProcessDependencies,
): Promise<void> {
  if (hint === null || !acceptsJourney(hint.journeyToken, dependencies.settings)) return;
  const check = { dueAt: dependencies.now(), when: "now" } as const;
  await mergeAndCount(stateOfHint(hint), check, dependencies);
}

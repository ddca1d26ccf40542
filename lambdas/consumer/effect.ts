import { bareState } from "../domain/application/application-state.ts";
import type { ApplicationState } from "../domain/application/application-state.ts";
import { numberOf } from "../domain/application/effect-numbers.ts";
import { outcomesReached, timeToDecision } from "../domain/routing/counted-outcome.ts";
import { attemptOf } from "../domain/reconciliation/delivery.ts";
import { factsOf } from "../domain/event/event-types.ts";
import { routeOfInvestigation } from "../domain/event/investigation-event.ts";
import { outcomesOf, routeOf } from "../domain/routing/journey-routes.ts";
import type {
  ApplicationStore,
  CheckRequest,
  EventRecord,
  Idempotency,
  InvestigationStore,
  Merged,
  Recording,
} from "../domain/ports.ts";
import type { PublishedEvent } from "../domain/routing/published-event.ts";
import { isUndecided } from "../domain/application/withholding.ts";
import type { ConsumerSettings } from "../settings/consumer-settings.ts";
import {
  ATTEMPT_DIMENSION,
  JOURNEY_DIMENSION,
  METRICS,
  OUTCOME_DIMENSION,
} from "../settings/metrics.ts";
import { DECISION_ROUTE_ID } from "../settings/routes.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { Content, Message } from "./message.ts";

/** What remains to be done for a message once it is recorded and merged. */
export interface Effect {
  /**
   * `duplicate`: another message has brought the event, and has its effect. `in-conflict`: another invocation
   * processes the event. `ignored`: its application is forgotten.
   */
  readonly kind: "done" | "duplicate" | "in-conflict" | "ignored";
  /** The event to publish; null: none. */
  readonly event: PublishedEvent | null;
  /** What is left after the event is published. */
  readonly finish?: () => Promise<void>;
  /** The event is late and not published, whoever brings it again: its record is all that is kept of it. */
  readonly isRecordEnough?: boolean;
  /** It is history of an adopted application: if Alloy delivers its webhook after all, that has the effect. */
  readonly isSilent?: boolean;
}

/** What came of an event that was to be recorded and locked. */
export interface RecordedFirst {
  readonly recording: Recording;
  /** `first`: it is locked by its record. `begun`: an idempotency record is locked in its place. */
  readonly admission: "first" | "begun" | "duplicate" | "in-conflict";
}

/** What the preparation of a message uses. */
export interface EffectDependencies {
  readonly store: ApplicationStore;
  readonly investigations: InvestigationStore;
  /** Locks an event by an idempotency record, under the message's own id or another one. */
  readonly begin: (eventId: string) => ReturnType<Idempotency["begin"]>;
  readonly isCompleted: Idempotency["isCompleted"];
  /** Records the message's event and locks it, by one write. */
  readonly recordFirst: (record: EventRecord) => Promise<RecordedFirst>;
  readonly settings: ConsumerSettings;
  readonly metrics: Metrics<"consumer">;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export type ContentOf<Kind extends Content["kind"]> = Extract<Content, { kind: Kind }>;

/** Content that is recorded as an event. */
export type EventContent = Exclude<Content, { kind: "submission" | "correction" | "decision" }>;

/** The record of an event, or of a decision, which is kept as one. */
export function recordOf(
  {
    receipt: { traceparent: _, ...receipt },
    payloadKey,
    at,
  }: Pick<Message, "receipt" | "payloadKey" | "at">,
  content: EventContent | ContentOf<"decision">,
  settings: ConsumerSettings,
): EventRecord {
  const common = {
    ...receipt,
    body: content.body,
    payloadKey,
    applicationToken: null,
    entityToken: null,
    entityApplicationToken: null,
    nodeId: null,
    eventToken: null,
    isWithheld: false,
  };
  switch (content.kind) {
    case "journey-event": {
      const { event } = content;
      return {
        ...common,
        eventId: event.eventId,
        applicationToken: event.applicationToken,
        type: event.type,
        at: event.at,
        route: routeOf(event, settings),
        outcome: event.outcome,
        entityToken: event.entityToken,
        entityApplicationToken: event.entityApplicationToken,
        nodeId: event.node.id,
        eventToken: event.eventToken,
        isWithheld: isUndecided(event),
      };
    }
    case "investigation": {
      const { eventId, investigationToken, status: type, at, outcome } = content.event;
      const route = routeOfInvestigation(content.event);
      return { ...common, eventId, investigationToken, type, at, route, outcome };
    }
    case "decision": {
      const { snapshot, decided } = content.decision;
      const { decisionId: eventId, outcome } = decided;
      const { applicationToken, at: endedAt } = snapshot;
      const route = DECISION_ROUTE_ID;
      return { ...common, eventId, applicationToken, type: route, at: endedAt, route, outcome };
    }
    case "unsupported-webhook": {
      const { eventId, type } = content.webhook;
      return { ...common, eventId, type, at, route: content.route, outcome: null };
    }
  }
}

/** Whether this message recorded the event, now or in an earlier try. */
export function isOwnRecord(
  { isNew, receiptId }: Recording,
  { receiptIds }: Pick<Message, "receiptIds">,
): boolean {
  return isNew || receiptIds.includes(receiptId);
}

/** Counts an event that has just been recorded. */
export function countRecorded(
  { receipt: { origin, receivedAt } }: Message,
  content: EventContent,
  late: boolean,
  metrics: Metrics<"consumer">,
  isHistoric = false,
): void {
  metrics.count(METRICS.eventsRecorded);
  if (isHistoric) return;
  if (late) metrics.count(METRICS.eventsLate);
  if (isUnrecognised(content)) metrics.count(METRICS.eventsUnrecognised);
  if (content.kind === "unsupported-webhook") {
    if (content.webhook.cutTexts > 0) metrics.count(METRICS.eventsCut);
    return;
  }
  const { event, sentAt, cutTexts } = content;
  if (origin === "poll") metrics.count(METRICS.eventsHealed);
  if (cutTexts > 0) metrics.count(METRICS.eventsCut);
  if (origin !== "webhook") return;
  metrics.milliseconds(METRICS.deliveryLatency, Math.max(0, receivedAt - event.at));
  if (sentAt === null) return;
  const attempt = String(attemptOf(sentAt - event.at));
  metrics.count(METRICS.webhooksByAttempt, 1, { [ATTEMPT_DIMENSION]: attempt });
}

/** Whether Alloy's documentation does not know the webhook. */
export function isUnrecognised(content: Content): boolean {
  switch (content.kind) {
    case "journey-event":
      return factsOf(content.event.type) === null;
    case "investigation":
      return routeOfInvestigation(content.event) === "unrecognised";
    case "unsupported-webhook":
      return content.route === "unrecognised";
    case "submission":
    case "correction":
    case "decision":
      return false;
  }
}

/**
 * Joins an observation with what is known of its application, and counts the outcome that the application
 * reaches. The merge says what is new, so nothing is counted twice. A sandbox that is killed before it has
 * written its metrics does not count: its second try finds nothing new.
 *
 * @param isHistoric - whether the application, as it is after the merge, had come to it before it was adopted.
 */
export async function mergeAndCount(
  observation: ApplicationState,
  check: CheckRequest,
  isHistoric: (after: ApplicationState) => boolean,
  dependencies: Pick<EffectDependencies, "store" | "settings" | "metrics">,
): Promise<Merged> {
  const merged = await dependencies.store.mergeState(observation, check);
  countReached(merged, isHistoric, dependencies);
  return merged;
}

/** Counts the outcome that an application reaches by a merge. */
export function countReached(
  merged: Merged,
  isHistoric: (after: ApplicationState) => boolean,
  { settings, metrics }: Pick<EffectDependencies, "settings" | "metrics">,
): void {
  if (isHistoric(merged.after)) return;
  const { journeyToken } = merged.after;
  const { journeys, countedJourneys } = settings;
  const isCounted =
    journeyToken !== null &&
    (journeys.includes(journeyToken) || countedJourneys.includes(journeyToken));
  for (const outcome of outcomesReached(merged, outcomesOf(journeyToken, settings))) {
    metrics.count(METRICS.applicationsByOutcome, 1, { [OUTCOME_DIMENSION]: outcome });
    if (!isCounted) continue;
    metrics.count(METRICS.applicationsByOutcome, 1, {
      [JOURNEY_DIMENSION]: journeyToken,
      [OUTCOME_DIMENSION]: outcome,
    });
  }
  const took = timeToDecision(merged);
  if (took === null) return;
  metrics.milliseconds(METRICS.timeToDecision, took);
  if (!isCounted) return;
  metrics.milliseconds(METRICS.timeToDecision, took, { [JOURNEY_DIMENSION]: journeyToken });
}

/**
 * The number of an effect that is published (docs/decisions/0055). Nearly always the merge of its message has given it one.
 * Otherwise a merge of its own does: where only the steps after the merge found that it is published.
 *
 * @param eventId - under which the effect is published.
 * @param state - of its application, after the merge.
 * @param eventIds - all ids that it was reported under.
 * @returns null: the application is forgotten.
 */
export async function sequenceOf(
  eventId: string,
  state: ApplicationState,
  dependencies: Pick<EffectDependencies, "store" | "settings" | "now">,
  eventIds: readonly string[] = [eventId],
): Promise<number | null> {
  const known = numberOf(state.effects, eventIds);
  if (known !== null) return known;
  const effect = { eventId, isFirstTry: false, isPublished: () => true };
  const observation = { ...bareState(state.applicationToken), effect };
  const { after } = await dependencies.store.mergeState(observation, firstCheck(dependencies));
  return numberOf(after.effects, eventIds);
}

/** Whether an application that becomes known by a merge existed before. */
export function isAdopted({ adopted }: ApplicationState): boolean {
  return adopted !== null;
}

/** The first check of an application that no check is planned for. */
export function firstCheck({ settings, now }: Pick<EffectDependencies, "settings" | "now">) {
  return { dueAt: now() + settings.firstCheckMs, when: "first" } as const;
}

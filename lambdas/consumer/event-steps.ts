import type { ApplicationState } from "../domain/application-state.ts";
import { attemptOf } from "../domain/delivery.ts";
import type { JourneyEvent } from "../domain/journey-event.ts";
import { routeOf } from "../domain/journey-routes.ts";
import { isLate, neededApplicantOf } from "../domain/lateness.ts";
import { stateOfRerun } from "../domain/observation.ts";
import type { ApplicationStore, EventRecord, Merged, Recording } from "../domain/ports.ts";
import type { Receipt } from "../domain/published-event.ts";
import { checkAfter, isUndecided } from "../domain/withholding.ts";
import { ATTEMPT_DIMENSION, IDEMPOTENCY, METRICS } from "../settings.ts";
import type { ConsumerSettings } from "../settings.ts";
import { mergeAndCount } from "./merge-and-count.ts";
import type { ProcessDependencies } from "./process.ts";
import type { Work } from "./work.ts";

/** Another invocation is giving the event its effect, under another id. */
export class AliasInProgress extends Error {
  override readonly name = "AliasInProgress";
}

/** What the record of an event says that is about no application. */
export const OF_NO_APPLICATION = {
  applicationToken: null,
  entityToken: null,
  entityApplicationToken: null,
  nodeId: null,
  eventToken: null,
  isWithheld: false,
} as const;

/** The event as it is kept. */
export function recordOf(
  work: Work,
  event: JourneyEvent,
  body: Uint8Array,
  settings: ConsumerSettings,
): EventRecord {
  return {
    ...work.receipt,
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
    body,
    payloadKey: work.payloadKey,
    isWithheld: isUndecided(event),
  };
}

/** Joins what an event says with what is known of its application, and of its rerun. */
export async function mergeEvent(
  observation: ApplicationState,
  event: JourneyEvent,
  dependencies: Pick<ProcessDependencies, "store" | "settings" | "metrics" | "now">,
): Promise<Merged> {
  const { settings, now } = dependencies;
  const { firstCheckMs } = settings;
  const merged = await mergeAndCount(
    observation,
    checkAfter(event, now(), firstCheckMs),
    dependencies,
  );
  const rerun = stateOfRerun(event);
  const firstCheck = { dueAt: now() + firstCheckMs, when: "first" } as const;
  if (rerun !== null) await mergeAndCount(rerun, firstCheck, dependencies);
  return merged;
}

/** Whether the event came after something newer; reads the applicant's register where it is stored apart. */
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

/**
 * Whether an event that another message recorded had its effect then. While idempotency records live,
 * they say so; of an older event they say nothing any more, and it must not have its effect again.
 */
export async function hasHadEffect(
  recorded: Recording,
  { receiptIds, isForced }: Work,
  event: JourneyEvent,
  { store, now }: Pick<ProcessDependencies, "store" | "now">,
): Promise<boolean> {
  if (recorded.isNew || isForced || receiptIds.includes(recorded.receiptId)) return false;
  if (now() - recorded.receivedAt < IDEMPOTENCY.windowMs) return false;
  return !(await store.hasFailure(event.applicationToken, event.eventId));
}

/** Counts an event that was recorded just now, whatever it is about. */
export function countRecorded(
  { origin, receivedAt }: Receipt,
  event: {
    readonly at: number;
    /** When its webhook was sent; null when it does not say. */
    readonly sentAt: number | null;
    readonly cutTexts: number;
    readonly late: boolean;
    readonly isUnrecognised: boolean;
  },
  metrics: ProcessDependencies["metrics"],
): void {
  const { at, sentAt, cutTexts, late, isUnrecognised } = event;
  metrics.count(METRICS.eventsRecorded);
  if (origin === "poll") metrics.count(METRICS.eventsHealed);
  if (late) metrics.count(METRICS.eventsLate);
  if (isUnrecognised) metrics.count(METRICS.eventsUnrecognised);
  if (cutTexts > 0) metrics.count(METRICS.eventsCut);
  if (origin !== "webhook") return;
  metrics.milliseconds(METRICS.deliveryLatency, Math.max(0, receivedAt - at));
  if (sentAt === null) return;
  const attempt = String(attemptOf(sentAt - at));
  metrics.count(METRICS.webhooksByAttempt, 1, { [ATTEMPT_DIMENSION]: attempt });
}

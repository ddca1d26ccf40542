import type { ApplicationState } from "../domain/application-state.ts";
import { attemptOf } from "../domain/delivery.ts";
import { factsOf } from "../domain/event-types.ts";
import type { JourneyEvent } from "../domain/journey-event.ts";
import { stateOfRerun } from "../domain/observation.ts";
import type { EventRecord } from "../domain/ports.ts";
import { routeOf } from "../domain/journey-routes.ts";
import type { ToldEvent } from "../domain/twin.ts";
import { ATTEMPT_DIMENSION, METRICS } from "../settings.ts";
import type { ConsumerSettings } from "../settings.ts";
import { mergeAndCount } from "./merge-and-count.ts";
import type { ProcessDependencies } from "./process.ts";
import type { Work } from "./work.ts";

/** Another invocation is giving the event its effect, under another identity. */
export class TwinInProgress extends Error {
  override readonly name = "TwinInProgress";
}

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
  };
}

/** Joins what an event says with what is known of its application, and of its rerun. */
export async function mergeEvent(
  observation: ApplicationState,
  event: JourneyEvent,
  dependencies: Pick<ProcessDependencies, "store" | "settings" | "metrics" | "now">,
): Promise<ApplicationState> {
  const { settings, now } = dependencies;
  const firstCheck = { dueAt: now() + settings.firstCheckMs, when: "first" } as const;
  // Alloy ends applications without an outcome too: only its own answer can confirm that.
  const isUnconfirmed = factsOf(event.type)?.meaning.kind === "final" && event.outcome === null;
  const check = isUnconfirmed ? ({ dueAt: now(), when: "now" } as const) : firstCheck;
  const state = await mergeAndCount(observation, check, dependencies);
  const rerun = stateOfRerun(event);
  if (rerun !== null) await mergeAndCount(rerun, firstCheck, dependencies);
  return state;
}

/** What the poller healed of an application, but for what only looks like this event. */
export function healedOf(state: ApplicationState, eventId: string): readonly ToldEvent[] {
  return Object.entries(state.healed)
    .filter(([, healed]) => !healed.siblings.includes(eventId))
    .map(([id, healed]) => ({ ...healed, eventId: id }));
}

/** Counts an event that was recorded just now. */
export function countRecorded(
  { receipt, subject }: Work,
  event: JourneyEvent,
  late: boolean,
  metrics: ProcessDependencies["metrics"],
): void {
  metrics.count(METRICS.eventsRecorded);
  if (receipt.origin === "poll") metrics.count(METRICS.eventsHealed);
  if (late) metrics.count(METRICS.eventsLate);
  if (factsOf(event.type) === null) metrics.count(METRICS.eventsUnrecognised);
  if (receipt.origin !== "webhook") return;
  metrics.milliseconds(METRICS.deliveryLatency, Math.max(0, receipt.receivedAt - event.at));
  const sentAt = subject.kind === "journey-event" ? subject.sentAt : null;
  if (sentAt === null) return;
  const attempt = String(attemptOf(sentAt - event.at));
  metrics.count(METRICS.webhooksByAttempt, 1, { [ATTEMPT_DIMENSION]: attempt });
}

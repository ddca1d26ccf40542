import { stateOfEvent } from "../../lambdas/domain/application/observation.ts";
import type { Snapshot } from "../../lambdas/domain/application/observation.ts";
import type { JourneyEvent } from "../../lambdas/domain/event/journey-event.ts";
import type { EventRecord, FailureRecord } from "../../lambdas/domain/ports.ts";
import { reportOf } from "../../lambdas/domain/reconciliation/reconciliation.ts";
import { publishedEvent } from "../../lambdas/domain/routing/published-event.ts";
import type { PublishedEvent } from "../../lambdas/domain/routing/published-event.ts";
import type { RouteId } from "../../lambdas/settings/routes.ts";
import { aSnapshot as aSnapshotOf } from "./snapshots.ts";
import { aJourneyEvent } from "./journey-event.ts";

const NOW = Date.UTC(2026, 10, 23, 20);

/** An event as the table keeps it; from a webhook, on the route `progressed`, unless said otherwise. */
export function anEventRecord(
  event: JourneyEvent,
  changes: Partial<EventRecord> = {},
): EventRecord {
  return {
    ...reportOf(event),
    applicationToken: event.applicationToken,
    receivedAt: NOW,
    receiptId: "receipt-1",
    origin: "webhook",
    route: "progressed",
    body: new TextEncoder().encode(`{"type":"${event.type}","secret":"personal"}`),
    payloadKey: null,
    isWithheld: false,
    ...changes,
  };
}

/** A failure of an event that is being retried, unless said otherwise. */
export function aFailureRecord(changes: Partial<FailureRecord> = {}): FailureRecord {
  return {
    applicationToken: "JA-1",
    eventId: "0123456789abcdef0123456789abcdef",
    eventType: "pending_review",
    reason: "Publishing events failed: TimeoutError",
    failedAt: NOW,
    receiptId: "receipt-1",
    deadLettered: false,
    ...changes,
  };
}

/** Alloy's answer about an application, of the time of these records. */
export const aSnapshot = (changes: Partial<Snapshot> = {}) => aSnapshotOf({ at: NOW, ...changes });

/** What the consumer publishes of an event that came by a webhook and in time. */
export function aPublishedEvent(
  changes: Partial<JourneyEvent> = {},
  route: RouteId = "progressed",
): PublishedEvent {
  const event = aJourneyEvent(changes);
  return publishedEvent({
    event,
    sequence: 1,
    route,
    state: stateOfEvent(event),
    late: false,
    receipt: { receiptId: "receipt-1", origin: "webhook", receivedAt: event.at },
    environment: "sandbox",
  });
}

import { eventIdOf } from "../../lambdas/domain/event/identity.ts";
import type { JourneyEvent } from "../../lambdas/domain/event/journey-event.ts";

/** A Journey event; progress of the whole application, unless said otherwise. */
export function aJourneyEvent(changes: Partial<JourneyEvent> = {}): JourneyEvent {
  const event = {
    type: "started_application",
    at: 1_759_999_999_000,
    applicationToken: "JA-1",
    journeyToken: "J-1",
    journeyName: "Onboarding",
    environment: "sandbox",
    outcome: null,
    entityToken: null,
    entityApplicationToken: null,
    node: { id: null, type: null },
    externalIds: { group: null, entity: null, partner: null, application: null },
    eventToken: null,
    rerunApplicationToken: null,
    isShadow: false,
    ...changes,
  } as const;
  return { ...event, eventId: changes.eventId ?? eventIdOf({ ...event, nodeId: event.node.id }) };
}

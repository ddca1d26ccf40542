import type { PublishedEvent } from "../../../events/published-event.ts";
import type { RouteId } from "../../settings/routes.ts";
import { outcomeOf, statusOf } from "../application/application-state.ts";
import type { ApplicationState } from "../application/application-state.ts";
import type { EnvelopeKind } from "../event/envelope.ts";
import { routeOfInvestigation } from "../event/investigation-event.ts";
import type { InvestigationEvent } from "../event/investigation-event.ts";
import type { InvestigationReport } from "../reconciliation/investigation.ts";
import { entitiesIn } from "../application/entity-ids.ts";
import type { Decision } from "../application/decision.ts";
import type { Snapshot } from "../application/observation.ts";
import type {
  Environment,
  ExternalIds,
  UnsupportedWebhook,
  JourneyEvent,
} from "../event/journey-event.ts";
import type { EventReport } from "../event/event-report.ts";

export type { PublishedEvent };

/** How an event came to us. */
export interface Receipt {
  readonly receiptId: string;
  readonly origin: EnvelopeKind;
  /** Epoch milliseconds. */
  readonly receivedAt: number;
  /** The trace that it belongs to, in W3C's words; null or absent: none. */
  readonly traceparent?: string | null;
}

/** The event on the bus about a Journey event. */
export function publishedEvent(options: {
  readonly event: JourneyEvent;
  readonly sequence: number | null;
  readonly route: RouteId;
  /** After the event. */
  readonly state: ApplicationState;
  readonly late: boolean;
  readonly receipt: Receipt;
  /** For a webhook whose `type` does not say it. */
  readonly environment: Environment;
}): PublishedEvent {
  const { event, sequence, route, state, late, receipt } = options;
  return {
    version: 1,
    eventId: event.eventId,
    route,
    environment: event.environment ?? state.environment ?? options.environment,
    applicationToken: event.applicationToken,
    journeyToken: event.journeyToken,
    journeyName: event.journeyName ?? state.journeyName,
    eventType: event.type,
    eventAt: new Date(event.at).toISOString(),
    status: statusOf(state),
    // The application's, never a step's: a rule that matches "Approved" must not fire on an evaluation.
    outcome: outcomeOf(state),
    entityToken: event.entityToken,
    entityApplicationToken: event.entityApplicationToken,
    node: event.node,
    externalIds: knownExternalIds(event, state),
    ...cameBy(receipt),
    late,
    sequence,
    ...lineageIn(state),
  };
}

function cameBy({ origin, receivedAt, traceparent = null }: Receipt) {
  return { origin, receivedAt: new Date(receivedAt).toISOString(), traceparent };
}

function lineageIn({ chain, entityIds }: ApplicationState) {
  const { root, previous, rerunBy, rootGroup } = chain;
  return {
    chain: {
      root: root?.token ?? null,
      previous: previous?.token ?? null,
      rerunBy: rerunBy?.token ?? null,
      rootGroup: rootGroup?.token ?? null,
    },
    entities: entitiesIn(entityIds),
  };
}

/** The event's, and what others said of the application: a submission knows ids that no webhook carries. */
function knownExternalIds(event: JourneyEvent, state: ApplicationState): ExternalIds {
  const { group, entity, partner, application } = event.externalIds;
  return {
    group: group ?? state.externalIds.group,
    entity,
    partner: partner ?? state.externalIds.partner,
    application: application ?? state.externalIds.application,
  };
}

/** The event on the bus when Alloy's own answer says what none of its events did, or confirms one. */
export function publishedCorrection(options: {
  readonly eventId: string;
  readonly sequence: number | null;
  readonly snapshot: Snapshot;
  /** The withheld event that the answer confirms; null: there was no event. */
  readonly confirms: EventReport | null;
  readonly route: RouteId;
  /** After the correction. */
  readonly state: ApplicationState;
  readonly receipt: Receipt;
  /** Of an answer that does not say it. */
  readonly environment: Environment;
}): PublishedEvent {
  const { eventId, sequence, snapshot, confirms, route, state, receipt } = options;
  return {
    version: 1,
    eventId,
    route,
    environment: snapshot.environment ?? state.environment ?? options.environment,
    applicationToken: snapshot.applicationToken,
    journeyToken: snapshot.journeyToken,
    journeyName: state.journeyName,
    // No type of Alloy's where there was no event.
    eventType: confirms?.type ?? "snapshot",
    eventAt: new Date(confirms?.at ?? snapshot.at).toISOString(),
    status: statusOf(state),
    outcome: outcomeOf(state),
    entityToken: confirms?.entityToken ?? null,
    entityApplicationToken: confirms?.entityApplicationToken ?? null,
    node: { id: confirms?.nodeId ?? null, type: null },
    externalIds: { ...state.externalIds, entity: null },
    ...cameBy(receipt),
    late: false,
    sequence,
    ...lineageIn(state),
  };
}

/** The event on the bus about a decision and its reasons. */
export function publishedDecision(options: {
  readonly decision: Decision;
  readonly sequence: number | null;
  /** After the decision. */
  readonly state: ApplicationState;
  readonly late: boolean;
  readonly receipt: Receipt;
  /** Of an answer that does not say it. */
  readonly environment: Environment;
}): PublishedEvent {
  const { decision, late, ...rest } = options;
  const { snapshot, askedAt, decided, content, dashboardUrl } = decision;
  const { decisionId: eventId, previous, status, outcome } = decided;
  const answeredAt = new Date(askedAt).toISOString();
  return {
    ...publishedCorrection({ ...rest, eventId, snapshot, confirms: null, route: "decided" }),
    // As this answer says it: the event of the same end may still be on its way.
    status,
    outcome,
    late,
    decision: { previous, ...content, dashboardUrl, answeredAt },
  };
}

/** The event on the bus about a step of an Investigation. */
export function publishedInvestigation(options: {
  readonly event: InvestigationEvent;
  /** Under which it is known. */
  readonly report: Pick<InvestigationReport, "eventId" | "late">;
  readonly receipt: Receipt;
  /** Of a webhook that does not say it. */
  readonly environment: Environment;
}): PublishedEvent {
  const { event, report, receipt } = options;
  const { investigationToken: token, status, type, outcome, alertTokens, entityTokens } = event;
  return {
    ...NO_APPLICATION,
    version: 1,
    eventId: report.eventId,
    route: routeOfInvestigation(event),
    environment: event.environment ?? options.environment,
    eventType: status,
    eventAt: new Date(event.at).toISOString(),
    ...cameBy(receipt),
    late: report.late,
    investigation: { token, status, type, outcome, alertTokens, entityTokens },
  };
}

/** What an event says of an application that is about none. */
const NO_APPLICATION = {
  applicationToken: null,
  journeyToken: null,
  journeyName: null,
  status: null,
  outcome: null,
  entityToken: null,
  entityApplicationToken: null,
  node: { id: null, type: null },
  externalIds: { group: null, entity: null, partner: null, application: null },
  sequence: null,
  chain: { root: null, previous: null, rerunBy: null, rootGroup: null },
  entities: [],
};

/** The event on the bus about a body that is not a Journey event. */
export function publishedUnsupportedWebhook(options: {
  readonly webhook: UnsupportedWebhook;
  readonly route: Extract<RouteId, "other" | "unrecognised">;
  readonly receipt: Receipt;
  readonly environment: Environment;
}): PublishedEvent {
  const { webhook, route, receipt } = options;
  return {
    ...NO_APPLICATION,
    version: 1,
    eventId: webhook.eventId,
    route,
    environment: webhook.environment ?? options.environment,
    eventType: webhook.type,
    eventAt: webhook.at === null ? null : new Date(webhook.at).toISOString(),
    ...cameBy(receipt),
    late: false,
  };
}

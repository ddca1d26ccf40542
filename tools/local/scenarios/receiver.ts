import * as v from "valibot";
import type { EnvelopeKind } from "../../../lambdas/domain/event/envelope.ts";
import { routeOfInvestigation } from "../../../lambdas/domain/event/investigation-event.ts";
import type { InvestigationReport } from "../../../lambdas/domain/reconciliation/investigation.ts";
import { ROUTE_IDS } from "../../../lambdas/settings/routes.ts";
import type { RouteId } from "../../../lambdas/settings/routes.ts";
import type { StageConfiguration } from "../../../lib/config/stage-configuration.ts";

/** `Source` of the submissions: any but ours (docs/contracts.md#submissions). */
export const ONBOARDING = "onboarding.local";

/**
 * The running receiver as the scenarios need it: told of submissions, asked for what it has. The stack in
 * the emulator is one, the handlers in this process are the other.
 */
export interface Receiver {
  /** Does what the onboarding service does: puts "submitted" on the bus (docs/contracts.md#submissions). */
  announceSubmission(detail: unknown): Promise<void>;
  /** What it holds of an application; null when it has not heard of it. */
  application(applicationToken: string): Promise<ReceivedApplication | null>;
  /** The steps that it holds of an Investigation, oldest first; none when it has not heard of it. */
  investigation(investigationToken: string): Promise<readonly ReceivedStep[]>;
  /** Every message that has come into the routes' queues so far, each once. */
  published(): Promise<readonly PublishedMessage[]>;
  /** Messages in the event queue, waiting or being worked on. */
  waiting(): Promise<number>;
  /** Messages in the dead-letter queue. */
  deadLettered(): Promise<number>;
  /** Event types that its configuration drops. */
  readonly ignoredEventTypes: readonly string[];
  /** Routes that publish an event even when a newer one has moved the state already. */
  readonly routesPublishingLate: ReadonlySet<RouteId>;
}

export interface ReceivedApplication {
  readonly status: string | null;
  readonly outcome: string | null;
  readonly events: readonly ReceivedEvent[];
  /** Events that could not be processed so far. */
  readonly failures: number;
}

/** A step of an Investigation. */
export interface ReceivedStep {
  readonly route: RouteId;
  /** A newer step was there when it came: then it is published only where the route publishes late. */
  readonly isLate: boolean;
}

interface ReceivedEvent {
  readonly eventId: string;
  readonly type: string;
  readonly route: RouteId;
  /** `poll`: healed. */
  readonly origin: EnvelopeKind;
}

/** One message in a route's queue. Two of one event are two effects. */
export interface PublishedMessage {
  readonly messageId: string;
  /** The route in whose queue it was. */
  readonly route: RouteId;
  readonly eventId: string;
  readonly applicationToken: string | null;
  /** Of an event on the routes of Investigations. */
  readonly investigationToken: string | null;
  /** As whoever reads the queue gets it: the event in EventBridge's own JSON. */
  readonly body: string;
}

const Published = v.object({
  detail: v.object({
    eventId: v.string(),
    applicationToken: v.nullable(v.string()),
    investigation: v.optional(v.object({ token: v.string() })),
  }),
});

/** Reads a message of a route's queue, as far as the scenarios look at it. */
export function publishedMessage(
  message: Pick<PublishedMessage, "messageId" | "route" | "body">,
): PublishedMessage {
  const { detail } = v.parse(Published, JSON.parse(message.body));
  const { investigation, ...event } = detail;
  return { ...message, ...event, investigationToken: investigation?.token ?? null };
}

/** Reads the steps of an Investigation out of the reports that are kept of it. */
export function receivedSteps(
  reports: readonly Pick<InvestigationReport, "status" | "late">[],
): readonly ReceivedStep[] {
  return reports.map(({ status, late }) => ({
    route: routeOfInvestigation({ status }),
    isLate: late,
  }));
}

/** What a receiver of a stage leaves out, and what it publishes late. */
export function habitsOf({
  events,
  routes,
}: Pick<StageConfiguration, "events" | "routes">): Pick<
  Receiver,
  "ignoredEventTypes" | "routesPublishingLate"
> {
  return {
    ignoredEventTypes: events.handled.allBut,
    routesPublishingLate: new Set(ROUTE_IDS.filter((route) => routes[route].publishLate)),
  };
}

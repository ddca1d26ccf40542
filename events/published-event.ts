import * as v from "valibot";

import { APPLICATION_STATUSES } from "../lambdas/domain/event/event-types.ts";
import { ENTITY_IDS } from "../lambdas/settings/limits.ts";
import {
  DECISION_ROUTE_ID,
  INVESTIGATION_ROUTE_IDS,
  ROUTE_IDS,
} from "../lambdas/settings/routes.ts";
import type { RouteId } from "../lambdas/settings/routes.ts";
import type { Described } from "./fields.ts";
import {
  about,
  environment,
  eventType,
  externalId,
  instant,
  stableId,
  text,
  wholeText,
} from "./fields.ts";

/*
 * The `Detail` of an event on the bus, version 1: the publisher's type, the readers' types, parsers and schemas are made
 * from this one file. A field that is added here is optional (`v.exactOptional`): the events of the releases before do not
 * have it. The compatibility test refuses any other change (docs/consumers.md).
 */

const PublishedInvestigationSchema = v.object({
  token: wholeText,
  status: about("As Alloy says it: `created`, `promoted_to_case`, `closed`.", eventType),
  type: about("What the account calls its kind; null where only Alloy's list would say it.", text),
  outcome: text,
  alertTokens: v.array(wholeText),
  entityTokens: v.array(wholeText),
});

const count = v.pipe(v.number(), v.integer());

const PublishedDecisionSchema = v.object({
  previous: about("`eventId` of the decision that this one replaces; null: the first.", text),
  outcomeReasons: about(
    "Reasons of adverse action first.",
    v.nullable(
      v.array(
        v.object({
          name: wholeText,
          type: about("As Alloy says it: `adverse_action`, another word, or none.", text),
          adverseAction: v.boolean(),
        }),
      ),
    ),
  ),
  tags: v.nullable(v.array(wholeText)),
  outputAttributes: about(
    "Those that configuration names and Alloy's answer has, as Alloy writes them.",
    v.nullable(v.looseObject({})),
  ),
  omitted: about(
    "What does not fit 64 KB: how many, and the names of output attributes. Null: all is there.",
    v.nullable(
      v.object({
        outcomeReasons: count,
        tags: count,
        outputAttributes: v.array(v.string()),
        cutTexts: about("Names of reasons, and tags, that were cut.", count),
      }),
    ),
  ),
  dashboardUrl: v.nullable(v.string()),
  answeredAt: about("When Alloy said it. `eventAt` is when it happened.", instant),
});

const FIELDS = {
  version: v.literal(1),
  eventId: about("The same in every report of the event: deduplicate by it.", stableId),
  route: v.picklist(ROUTE_IDS),
  environment,
  applicationToken: about("Null for a body that is no Journey event.", text),
  journeyToken: text,
  journeyName: text,
  eventType: about(
    "Alloy's data.type; the type of another family of webhooks; `snapshot` for what Alloy's answer alone says.",
    eventType,
  ),
  eventAt: about("When it happened at Alloy.", v.nullable(instant)),
  status: about(
    "The application's, after this event.",
    v.nullable(v.picklist(APPLICATION_STATUSES)),
  ),
  outcome: about("The application's: only a completed one has an outcome.", text),
  entityToken: text,
  entityApplicationToken: text,
  node: v.object({ id: text, type: text }),
  externalIds: v.object({
    group: externalId,
    entity: externalId,
    partner: externalId,
    application: externalId,
  }),
  origin: about("What brought the event.", v.picklist(["webhook", "poll", "submission", "replay"])),
  receivedAt: instant,
  late: about("It came after a newer event had moved the state.", v.boolean()),
  traceparent: about(
    "The trace of the request that brought the event, as W3C Trace Context; null where there is none.",
    v.exactOptional(
      v.nullable(v.pipe(v.string(), v.regex(/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/))),
    ),
  ),
  sequence: about(
    "The number of this effect among those of its application, from 1: the same however often it is published. Null of an event of no application.",
    v.exactOptional(v.nullable(v.pipe(v.number(), v.integer()))),
  ),
  chain: about(
    "Where the application stands in a chain of reruns. Null: it is no rerun, or Alloy has not said it yet.",
    v.exactOptional(
      v.object({
        root: text,
        previous: text,
        rerunBy: about("Who started the rerun: `api`, `dashboard`, or what Alloy says.", text),
        rootGroup: about("The client's id of the root's group.", v.exactOptional(text)),
      }),
    ),
  ),
  entities: about(
    `All entities of the application that are known, at most ${ENTITY_IDS.most}; an event of the whole application has them too.`,
    v.exactOptional(v.array(v.object({ token: text, externalId: v.nullable(eventType) }))),
  ),
  replay: about(
    "On an event that people delivered again, to one target alone: why, and when. Null or absent: on no other.",
    v.exactOptional(
      v.nullable(
        v.object({
          reason: about(
            "`redrive`: it was a dead letter; `resume`: its route was paused; `replay`: it was asked for.",
            v.picklist(["redrive", "resume", "replay"]),
          ),
          at: instant,
        }),
      ),
    ),
  ),
  investigation: about(
    "On the routes of Investigations, and `unrecognised` for a step of one, alone.",
    v.exactOptional(PublishedInvestigationSchema),
  ),
  decision: about(
    "On the route `decided` alone. A field is null if configuration does not ask for it, or Alloy's answer lacks it.",
    v.exactOptional(PublishedDecisionSchema),
  ),
} as const;

/** What the consumer publishes: the compiler holds its output to it. */
const PublishedEventSchema = v.object(FIELDS);
export type PublishedEvent = Described<typeof PublishedEventSchema>;

/** Routes whose events are about no application, or may be. */
const NOT_OF_APPLICATIONS = ["unrecognised", "other", ...INVESTIGATION_ROUTE_IDS] as const;
type RouteOfApplications = Exclude<RouteId, (typeof NOT_OF_APPLICATIONS)[number]>;

/**
 * What a reader takes: the same, except that a later release may have routes which this one does not know. A reader that
 * does not know a route acknowledges the event and does nothing.
 */
export const RoutedEventSchema = v.object({
  ...FIELDS,
  route: about(
    "A later release may add routes: acknowledge an event whose route you do not know, and do nothing.",
    v.pipe(v.string(), v.examples([...ROUTE_IDS])),
  ),
});

/** A route that this release does not know. */
type LaterRoute = string & Record<never, never>;

/** An event of any route, as a reader takes it. */
export type RoutedEvent = Omit<PublishedEvent, "route"> & { readonly route: RouteId | LaterRoute };

/** An event of this route, as its guard says it. */
export type EventOf<Route extends RouteId> = RoutedEvent & {
  readonly route: Route;
} & (Route extends RouteOfApplications ? { readonly applicationToken: string } : unknown) &
  (Route extends (typeof INVESTIGATION_ROUTE_IDS)[number]
    ? { readonly investigation: Described<typeof PublishedInvestigationSchema> }
    : unknown) &
  (Route extends typeof DECISION_ROUTE_ID
    ? { readonly decision: Described<typeof PublishedDecisionSchema> }
    : unknown);

/** What a guard promises beyond the schema (`EventOf`): the field that an event of this route lacks, if any. */
export function missingFieldOf({
  route,
  applicationToken,
  investigation,
  decision,
}: RoutedEvent): "applicationToken" | "investigation" | "decision" | null {
  const isOneOf = (routes: readonly string[]) => routes.includes(route);
  if (isOneOf(INVESTIGATION_ROUTE_IDS)) return investigation === undefined ? "investigation" : null;
  if (route === DECISION_ROUTE_ID && decision === undefined) return "decision";
  const isOfApplication = isOneOf(ROUTE_IDS) && !isOneOf(NOT_OF_APPLICATIONS);
  return isOfApplication && applicationToken === null ? "applicationToken" : null;
}

import * as v from "valibot";

import type { Settings } from "./parse-settings.ts";
import { OUTCOME_ROUTE_IDS, ROUTE_IDS } from "./routes.ts";

/** How a route is published. */
const PublicationSchema = v.object({ publish: v.boolean(), publishLate: v.boolean() });

/** Outcomes in lower case, each with the route that it means. */
const OutcomeRoutesSchema = v.record(v.string(), v.picklist(OUTCOME_ROUTE_IDS));

/** What a Journey does differently. */
const JourneyRoutesSchema = v.object({
  outcomes: OutcomeRoutesSchema,
  routes: v.record(
    v.picklist(ROUTE_IDS),
    v.object({
      publish: v.exactOptional(v.boolean()),
      publishLate: v.exactOptional(v.boolean()),
    }),
  ),
});

/** The consumer's settings file; made from the stage's configuration. */
export const ConsumerSettingsSchema = v.object({
  /** Environment of a webhook whose `type` does not say it. */
  environment: v.picklist(["sandbox", "live"]),
  /** Journeys to accept; empty means all. */
  journeys: v.array(v.string()),
  /** Event types to drop, counted; every other one is handled, unknown ones always. */
  ignoredEventTypes: v.array(v.string()),
  routes: v.object(v.entriesFromList(ROUTE_IDS, PublicationSchema)),
  /** Whether Investigations have routes of their own; otherwise their webhooks are `other`. */
  investigations: v.boolean(),
  /** Whether the poller's answer about an ended application is published as its decision. */
  decides: v.boolean(),
  /** What single Journeys do differently, by their token. */
  journeyRoutes: v.record(v.string(), JourneyRoutesSchema),
  /** Journeys, beside `journeys`, whose applications are also counted by Journey; few, since each makes ten metrics. */
  countedJourneys: v.array(v.string()),
  /** First check of an application by the poller, after we heard of it. */
  firstCheckMs: v.number(),
  /** As of the poller: a webhook that comes later is late. Absent, in a file of a release before: no event is tallied. */
  graceMs: v.exactOptional(v.number()),
  /** How long an event item lives after its receipt, through the TTL attribute; null keeps it. */
  eventRetentionMs: v.nullable(v.number()),
  /** Whether metric filters of the stack read its usual metrics (`USUAL_COUNTS`); absent: no. */
  areMetricsFiltered: v.exactOptional(v.boolean()),
  /** Whether an application is found by the ids of its entities too; absent: no. */
  indexesEntities: v.exactOptional(v.boolean()),
});

export type ConsumerSettings = Settings<typeof ConsumerSettingsSchema>;
export type Publication = Settings<typeof PublicationSchema>;
export type OutcomeRoutes = Settings<typeof OutcomeRoutesSchema>;
export type JourneyRoutes = Settings<typeof JourneyRoutesSchema>;

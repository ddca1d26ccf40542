import type { ConsumerSettings, JourneyRoutes } from "../../lambdas/settings/consumer-settings.ts";
import type { IngestSettings } from "../../lambdas/settings/ingest-settings.ts";
import type { DecisionSettings, PollerSettings } from "../../lambdas/settings/poller-settings.ts";
import { ROUTE_IDS } from "../../lambdas/settings/routes.ts";
import type { StatementSettings } from "../../lambdas/settings/statement-settings.ts";
import { comparisonsOf, expectedOutcomesOf } from "./compared-outcomes.ts";
import { countedJourneysOf } from "./notification-rules.ts";
import { perRoute } from "./per-route.ts";
import { isEverPublished } from "./stage-configuration.ts";
import type {
  DecisionConfiguration,
  JourneyRouteConfiguration,
  StageConfiguration,
} from "./stage-configuration.ts";

/** What ingest needs to know of its stage. */
export function ingestSettings(stage: StageConfiguration): IngestSettings {
  const { auth, allowList } = stage;
  return { auth, allowList, countsStored: !countsByFilters(stage) };
}

/** Whether metric filters of the stack count what is usual. */
export function countsByFilters({ counting = "filters" }: StageConfiguration): boolean {
  return counting === "filters";
}

/** What the consumer needs to know of its stage. */
export function consumerSettings(stage: StageConfiguration): ConsumerSettings {
  return {
    environment: stage.environment,
    journeys: stage.journeys,
    ignoredEventTypes: stage.events.handled.allBut,
    routes: perRoute((route) => {
      const { publish, publishLate } = stage.routes[route];
      return { publish, publishLate };
    }),
    investigations: stage.investigations === "on",
    decides: stage.decision !== "off",
    journeyRoutes: Object.fromEntries(
      Object.entries(stage.journeyRoutes).map(([token, own]) => [token, journeyRoutesOf(own)]),
    ),
    // Those that are accepted by name stand in `journeys` already.
    countedJourneys: countedJourneysOf(stage).filter((token) => !stage.journeys.includes(token)),
    firstCheckMs: stage.polling.firstCheckMs,
    graceMs: stage.gaps.graceMs,
    eventRetentionMs: stage.retention.eventsMs,
    ...(countsByFilters(stage) && { areMetricsFiltered: true }),
    ...entityIndexSettings(stage),
  };
}

/** Where it is off, the settings file stays as it was. */
function entityIndexSettings({ entityIndex }: { entityIndex?: StageConfiguration["entityIndex"] }) {
  return entityIndex === "on" ? { indexesEntities: true } : {};
}

/** Outcomes are compared in lower case, as Alloy's own are. */
function journeyRoutesOf({ outcomes = {}, routes = {} }: JourneyRouteConfiguration): JourneyRoutes {
  const words = Object.entries(outcomes).map(
    ([outcome, route]) => [outcome.trim().toLowerCase(), route] as const,
  );
  return { outcomes: Object.fromEntries(words), routes };
}

/** What the daily statement needs to know of its stage. */
export function statementSettings(stage: StageConfiguration): StatementSettings {
  return {
    publishedRoutes: ROUTE_IDS.filter((route) => isEverPublished(stage, route)),
    finalCheckMs: stage.polling.finalCheckMs,
  };
}

function decisionSettings({
  outcomeReasons = false,
  tags = false,
  outputAttributes = [],
  dashboardUrl,
}: DecisionConfiguration): DecisionSettings {
  return { outcomeReasons, tags, outputAttributes, dashboardUrl: dashboardUrl ?? null };
}

/** What the poller needs to know of its stage. */
export function pollerSettings({
  environment,
  alloy,
  auth,
  allowList,
  retention,
  journeys,
  events,
  investigations,
  decision,
  polling,
  gaps,
  notifications,
  entityIndex,
}: StageConfiguration): PollerSettings {
  return {
    environment,
    alloyBaseUrl: alloy.baseUrl,
    alloyAuth: alloy.auth,
    refusals: { byAuthorizer: auth !== "secret", byAddress: allowList.mode === "enforce" },
    eventRetentionMs: retention.eventsMs,
    ...entityIndexSettings({ entityIndex }),
    journeys,
    ignoredEventTypes: events.handled.allBut,
    investigations: investigations === "on",
    decision: decision === "off" ? null : decisionSettings(decision),
    polling,
    gaps,
    comparisons: comparisonsOf(notifications),
    expectedOutcomes: expectedOutcomesOf(notifications),
  };
}

import type { ConsumerSettings, PollerSettings } from "../lambdas/settings.ts";
import { perRoute } from "./per-route.ts";
import type { StageConfiguration } from "./stage-configuration.ts";

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
    countedJourneys: stage.journeys,
    firstCheckMs: stage.polling.firstCheckMs,
    eventRetentionMs: stage.retention.eventsMs,
  };
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
  polling,
  gaps,
}: StageConfiguration): PollerSettings {
  return {
    environment,
    alloyBaseUrl: alloy.baseUrl,
    alloyAuth: alloy.auth,
    refusals: { byAuthorizer: auth !== "secret", byAddress: allowList.mode === "enforce" },
    eventRetentionMs: retention.eventsMs,
    journeys,
    ignoredEventTypes: events.handled.allBut,
    polling,
    gaps,
  };
}

import type {
  ConsumerSettings,
  OutcomeRoutes,
  Publication,
} from "../../settings/consumer-settings.ts";
import type { RouteId } from "../../settings/routes.ts";
import type { JourneyEvent } from "../event/journey-event.ts";
import { routeFor } from "./route.ts";

type RouteSettings = Pick<ConsumerSettings, "routes" | "journeyRoutes">;

/** The routes of a Journey's own outcomes; they come before the rules for all. */
export function outcomesOf(
  journeyToken: string | null,
  settings: Pick<ConsumerSettings, "journeyRoutes">,
): OutcomeRoutes {
  return ownOf(journeyToken, settings)?.outcomes ?? {};
}

/** Where an event goes, by what its Journey calls its outcomes. */
export function routeOf(
  event: Pick<JourneyEvent, "type" | "outcome" | "journeyToken">,
  settings: Pick<ConsumerSettings, "journeyRoutes">,
): RouteId {
  return routeFor(event, outcomesOf(event.journeyToken, settings));
}

/** How a route is published for a Journey: as the Journey says, and for the rest as the stage does. */
export function publicationOf(
  journeyToken: string | null,
  route: RouteId,
  settings: RouteSettings,
): Publication {
  return { ...settings.routes[route], ...ownOf(journeyToken, settings)?.routes[route] };
}

function ownOf(
  journeyToken: string | null,
  { journeyRoutes }: Pick<ConsumerSettings, "journeyRoutes">,
) {
  // The token is Alloy's word; no word of it may find what every object inherits.
  return journeyToken !== null && Object.hasOwn(journeyRoutes, journeyToken)
    ? journeyRoutes[journeyToken]
    : undefined;
}

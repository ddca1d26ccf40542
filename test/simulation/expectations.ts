import type { RouteId } from "../../lambdas/settings.ts";
import type { Observer } from "./observer.ts";
import type { TrueEvent } from "./plot-application.ts";
import type { Plot } from "./plot.ts";

/*
 * What must become of an event, by the plot alone: no line here asks the code under test.
 */

/** Whether configuration handles it. */
export function isHandled(
  { settings }: Pick<Plot, "settings">,
  journeyToken: string,
  type: string | null = null,
): boolean {
  const { journeys, ignoredEventTypes } = settings;
  if (journeys.length > 0 && !journeys.includes(journeyToken)) return false;
  return type === null || !ignoredEventTypes.includes(type);
}

/** The event's route, by what its Journey says that its outcomes mean. */
export function routeOf({ route, application, told }: TrueEvent, { settings }: Plot): RouteId {
  if (told.type !== "completed_application" || typeof told["outcome"] !== "string") return route;
  const { outcomes = {} } = settings.journeyRoutes[application.journeyToken] ?? {};
  return outcomes[told["outcome"].toLowerCase()] ?? route;
}

/** How a route is published: as the Journey says, or else as the stage does. */
export function publicationOf(journeyToken: string, route: RouteId, { settings }: Plot) {
  return { ...settings.routes[route], ...settings.journeyRoutes[journeyToken]?.routes[route] };
}

/** Whether it must be published: its route is, and it was not overtaken by something newer. */
export function isPublicationDue(
  event: TrueEvent,
  { plot, observer }: { readonly plot: Plot; readonly observer: Observer },
): boolean {
  const { journeyToken } = event.application;
  const { publish, publishLate } = publicationOf(journeyToken, routeOf(event, plot), plot);
  if (!publish || event.application.isShadow) return false;
  if (publishLate || event.isAlwaysNews) return true;
  const { token } = event.application;
  return !event.times.some((at) => observer.isOvertaken(token, at));
}

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

/** Whether it must be published: its route is, and it was not overtaken by something newer. */
export function isPublicationDue(
  event: TrueEvent,
  { plot, observer }: { readonly plot: Plot; readonly observer: Observer },
): boolean {
  const { publish, publishLate } = plot.settings.routes[event.route];
  if (!publish || event.application.isShadow) return false;
  if (publishLate || event.isAlwaysNews) return true;
  const { token } = event.application;
  return !event.times.some((at) => observer.isOvertaken(token, at));
}

import type { Observer } from "../world/observer.ts";
import {
  isBeyondApi,
  isDamaged,
  isEnd,
  isForAlloyToConfirm,
  isUncertainEnd,
  publicationOf,
  routeOf,
} from "../scenario/expectations.ts";
import type { TrueEvent } from "../scenario/application.ts";
import type { Scenario } from "../scenario/scenario-type.ts";

/** Whether Alloy's own answer has told of an end: its event has no effect of its own then. */
export function isSaidByAnswer(
  event: TrueEvent,
  { scenario, observer }: { readonly scenario: Scenario; readonly observer: Observer },
): boolean {
  if (!isEnd(event)) return false;
  return observer
    .publicationsAbout(event.application.token)
    .some(
      ({ event: said }) => said.eventType === "snapshot" && said.route === routeOf(event, scenario),
    );
}

/** Whether it must be published: its route is, and it was not overtaken by something newer. */
export function isPublicationDue(
  event: TrueEvent,
  { scenario, observer }: { readonly scenario: Scenario; readonly observer: Observer },
): boolean {
  const { journeyToken, isShadow, isForeign } = event.application;
  const { publish, publishLate } = publicationOf(journeyToken, routeOf(event, scenario), scenario);
  if (!publish || isShadow || isForeign || event.mayBeSilent) return false;
  if (isUncertainEnd(event, scenario)) return false;
  // What only Alloy's answer can confirm stays withheld while Alloy does not answer, or nobody knows its status.
  const isUnknown = event.application.versions.at(-1)?.isUnknown === true;
  const isUnconfirmed = isUnknown || isBeyondApi(event.application, scenario);
  if (isForAlloyToConfirm(event) && isUnconfirmed) return false;
  if (isDamaged(event.application)) return false;
  if (publishLate || event.isAlwaysNews) return true;
  const { token } = event.application;
  return !event.times.some((at) => observer.isOvertaken(token, at));
}

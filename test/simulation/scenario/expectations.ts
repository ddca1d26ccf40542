import type { RouteId } from "../../../lambdas/settings/routes.ts";
import type { Deliveries } from "../../../tools/alloy-simulator/deliveries.ts";
import type { Version } from "./answers.ts";
import type { TrueApplication, TrueEvent } from "./application.ts";
import type { Scenario } from "./scenario-type.ts";
import { isUnnamed } from "./views.ts";

/*
 * What must become of an event, by the scenario alone: no line here asks the code under test.
 */

/** Whether configuration handles it. */
export function isHandled(
  { settings }: Pick<Scenario, "settings">,
  journeyToken: string,
  type: string | null = null,
): boolean {
  const { journeys, ignoredEventTypes } = settings;
  if (journeys.length > 0 && !journeys.includes(journeyToken)) return false;
  return type === null || !ignoredEventTypes.includes(type);
}

/** Whether Alloy's API cannot make good what its webhooks leave out. */
export function isBeyondApi(
  { isUnknownToUs, isFailing }: TrueApplication,
  { api }: Scenario,
): boolean {
  return isUnknownToUs || isFailing || api.revokedAt < Number.POSITIVE_INFINITY;
}

/**
 * The tokens of those of which anybody has told us: a webhook that we took, the onboarding service, what the release
 * before left, or Alloy's answer about what they are a rerun of. Alloy has no list to ask for the others.
 */
export function heardOf(scenario: Scenario, deliveries: Deliveries): ReadonlySet<string> {
  const { applications, upgrade } = scenario;
  const delivered = new Set(
    deliveries.log
      .filter(({ state }) => state === "delivered")
      .map(({ applicationToken, eventToken }) => `${applicationToken} ${eventToken}`),
  );
  const heard = new Set<string>();
  // What is rerun comes before its rerun.
  for (const { token, journeyToken, submission, rerunOf, events, adoptedAt } of applications) {
    const hasCome = events.some(
      (event) =>
        isHandled(scenario, journeyToken, event.type) &&
        (delivered.has(`${token} ${event.name}`) ||
          (upgrade?.fates.get(event)?.kind ?? "missed") !== "missed"),
    );
    const isAnnounced = submission !== null || adoptedAt < Number.POSITIVE_INFINITY;
    if (isAnnounced || hasCome || (rerunOf !== null && heard.has(rerunOf))) heard.add(token);
  }
  return heard;
}

/** Whether anything may become of it: nothing can be done with its item, or it is judged by itself (`judgeApart`). */
export function isDamaged({ damagedAt, adoptedAt, forgottenAt }: TrueApplication): boolean {
  return Math.min(damagedAt, adoptedAt, forgottenAt) < Number.POSITIVE_INFINITY;
}

/** The event's route, by what its Journey says that its outcomes mean. */
export function routeOf(
  { route, application, told, listed }: TrueEvent,
  scenario: Scenario,
): RouteId {
  const outcome = told["outcome"] ?? listed["outcome"];
  if (told.type !== "completed_application" || typeof outcome !== "string") return route;
  return ownRouteOf(application.journeyToken, outcome, scenario) ?? route;
}

/** Whether an event may be published so: one side of it may not name its outcome. */
export function isRouteOf(event: TrueEvent, said: RouteId, scenario: Scenario): boolean {
  if (said === routeOf(event, scenario)) return true;
  return said === "completed" && isUnnamed(event);
}

function ownRouteOf(journeyToken: string, outcome: string, { settings }: Scenario): RouteId | null {
  const { outcomes = {} } = settings.journeyRoutes[journeyToken] ?? {};
  return outcomes[outcome.toLowerCase()] ?? null;
}

/** Where the end goes that Alloy's answer states; null: it is none. */
export function routeOfEnd(
  { status, outcome }: { readonly status: string; readonly outcome: string | null },
  journeyToken: string,
  scenario: Scenario,
): RouteId | null {
  if (status === "error") return "errored";
  if (status === "expired") return "expired";
  if (status !== "completed") return null;
  const own = outcome === null ? null : ownRouteOf(journeyToken, outcome, scenario);
  if (own !== null) return own;
  const word = outcome?.toLowerCase();
  return word === "approved" || word === "denied" ? word : "completed";
}

/** How a route is published: as the Journey says, or else as the stage does; of a dead one nothing can be. */
export function publicationOf(journeyToken: string, route: RouteId, scenario: Scenario) {
  const { settings, deadRoute } = scenario;
  return {
    ...settings.routes[route],
    ...settings.journeyRoutes[journeyToken]?.routes[route],
    ...(route === deadRoute && { publish: false }),
  };
}

const OPEN: readonly RouteId[] = ["progressed", "manual-review", "needs-action"];

/** Whether something of it goes by the dead route: that is never told, and stays dead-lettered and in gap. */
export function isHeldUp(application: TrueApplication, scenario: Scenario): boolean {
  const { deadRoute } = scenario;
  if (deadRoute === null) return false;
  const { events, versions, journeyToken } = application;
  return (
    // A correction may say so of any application that is open.
    OPEN.includes(deadRoute) ||
    events.some((event) => isRouteOf(event, deadRoute, scenario)) ||
    versions.some((version) => routeOfEnd(version, journeyToken, scenario) === deadRoute)
  );
}

export const FINAL: readonly (string | null)[] = ["completed", "error", "expired"];

/** By the type of an end's event, where it leaves the application. */
const STATUS_OF_END: ReadonlyMap<string, string> = new Map([
  ["completed_application", "completed"],
  ["application_expired", "expired"],
  ["error", "error"],
]);

export const ENDS: readonly string[] = [...STATUS_OF_END.keys()];

/** Whether only Alloy's answer can say what it says: an error, or an end that is not the only one. */
export function isForAlloyToConfirm({ type, application }: TrueEvent): boolean {
  if (!ENDS.includes(type)) return false;
  return type === "error" || application.events.filter((one) => ENDS.includes(one.type)).length > 1;
}

/** Whether Alloy's last answer stands by it; an event that leaves out what Alloy knows may come second. */
function isConfirmed({ application, order, type, isAlloysAlone }: TrueEvent): boolean {
  if (isAlloysAlone) return false;
  const later = application.events.filter((one) => one.order > order);
  const { status = "" } = application.versions.at(-1) ?? {};
  return !later.some(isEnd) && STATUS_OF_END.get(type) === status;
}

/**
 * Whether Alloy moved on from this end without any event: one that is tried again after that answer was taken over would
 * take it back.
 */
function isLeftBehind(event: TrueEvent, scenario: Scenario): boolean {
  const { versions, journeyToken } = event.application;
  const last = versions.at(-1);
  if (!isEnd(event) || last?.isUnsaid !== true) return false;
  return routeOfEnd(last, journeyToken, scenario) !== routeOf(event, scenario);
}

/** Whether it depends on what came first whether it is published. */
export function isUncertainEnd(event: TrueEvent, scenario: Scenario): boolean {
  if (isLeftBehind(event, scenario)) return true;
  return (isForAlloyToConfirm(event) || event.isAlloysAlone) && !isConfirmed(event);
}

export function isEnd({ type }: Pick<TrueEvent, "type">): boolean {
  return ENDS.includes(type);
}

/**
 * Whether Alloy's last answer names no outcome, and no event tells that it came to that: whoever saw no answer in between
 * takes it for the end before, whose outcome an event named.
 */
export function isOutcomeUnsaid({ versions }: TrueApplication): boolean {
  const last = versions.at(-1);
  return last?.isUnsaid === true && last.status === "completed" && last.outcome === null;
}

export const REOPENINGS: readonly string[] = [
  "application_unarchived",
  "journey_application_retriggered",
];

/**
 * Whether only an answer, or only one side of an event, said how it stands before Alloy used a status that nobody knows:
 * whoever asked in time, or has heard that side, knows it.
 */
export function isHeardInTime({ versions, events }: TrueApplication): boolean {
  const last = versions.at(-1);
  if (last?.isUnknown !== true) return false;
  const isTold = ({ outcome }: Version) => events.some(({ told }) => told["outcome"] === outcome);
  return (
    events.some(isForAlloyToConfirm) ||
    // After an end, only Alloy's answer says that the application is open again (docs/statuses.md).
    events.some(({ type }) => REOPENINGS.includes(type)) ||
    events.some(({ told, listed }) => (told["outcome"] ?? null) !== (listed["outcome"] ?? null)) ||
    versions.some(
      (one) => !one.isUnknown && (one.isUnsaid || (one.outcome !== null && !isTold(one))),
    )
  );
}

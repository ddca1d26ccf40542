import type { PublishedEvent } from "../../../lambdas/domain/routing/published-event.ts";
import { POLLER } from "../../../lambdas/settings/limits.ts";
import type { RouteId } from "../../../lambdas/settings/routes.ts";
import type { FaultKind } from "../faults/faults.ts";
import {
  REOPENINGS,
  ENDS,
  FINAL,
  isBeyondApi,
  isDamaged,
  isHandled,
  publicationOf,
  routeOf,
  routeOfEnd,
} from "../scenario/expectations.ts";
import { isUnnamed } from "../scenario/views.ts";
import type { Seen } from "./seen.ts";
import type { Observer, Publication } from "../world/observer.ts";
import type { TrueApplication, TrueEvent } from "../scenario/application.ts";
import type { Scenario } from "../scenario/scenario-type.ts";
import { DAY } from "../../../tools/cloud-in-memory/clock.ts";

/*
 * What was told downstream of an application as a whole, by whichever event or correction, and how often Alloy
 * was asked for it.
 */

const { callsPerApplicationPerDay: MOST_ASKS_A_DAY } = POLLER;

/** Whether it tells of an end: an event of that kind, or a correction. */
function tellsOfEnd({ eventType, status }: PublishedEvent): boolean {
  return ENDS.includes(eventType) || (eventType === "snapshot" && FINAL.includes(status));
}

/**
 * Whether its end was the first that was known here when it came: then it is told at once, and Alloy's answer
 * afterwards, whatever that is (docs/statuses.md). One that names the outcome of an end before it completes that.
 */
function isFirstKnown(event: TrueEvent | null, { stoodBefore }: Observer): boolean {
  if (event === null || event.type === "error") return false;
  return event.ids.some((id) => {
    const stood = stoodBefore.get(id);
    if (stood === undefined) return false;
    if (stood === null || !FINAL.includes(stood.status)) return true;
    return stood.status === "completed" && stood.outcome === null;
  });
}

/**
 * Between how many reopenings, taken or not, its events have this end: from the same answer on either side of one
 * nobody can know whether Alloy took it.
 */
function epochsWith(route: RouteId, { events }: TrueApplication, scenario: Scenario): number {
  const epochs = new Set<number>();
  let epoch = 0;
  for (const event of events) {
    if (REOPENINGS.includes(event.type)) epoch += 1;
    if (ENDS.includes(event.type) && routeOf(event, scenario) === route) epochs.add(epoch);
  }
  return epochs.size;
}

/**
 * 1. No end is told that Alloy never stated, but by the first of its events that came here.
 * 2. No end is told more often than Alloy came to it, by its answers or by an end after a reopening; but once more where
 *    its event told of it before Alloy's answers said another one, or that the application is open, and then this.
 * 3. The end at which Alloy's last answer leaves the application has been told, and is the last that was.
 */
export function judgeEnds(application: TrueApplication, { scenario, observer, heard }: Seen): void {
  const { token, journeyToken, versions, isShadow, isUnknownToUs } = application;
  if (!isHandled(scenario, journeyToken) || isUnknownToUs || isShadow) return;
  if (isDamaged(application) || !heard.has(token)) return;
  const stated = versions.flatMap((version, index) => {
    const route = routeOfEnd(version, journeyToken, scenario);
    const before = versions[index - 1];
    const isSame = before !== undefined && routeOfEnd(before, journeyToken, scenario) === route;
    return route === null || isSame ? [] : [route];
  });
  const told = new Map<RouteId, Set<string>>();
  let lastTold: Publication | null = null;
  const toldAt = new Map<RouteId, number>();
  const inTurn: RouteId[] = [];
  const publishedByEvent = new Map<RouteId, number>();
  const publishedOpen: number[] = [];
  for (const publication of observer.publicationsAbout(token)) {
    const { event, at } = publication;
    if (event.eventType === "snapshot" && !tellsOfEnd(event)) publishedOpen.push(at);
    if (!tellsOfEnd(event)) continue;
    // An end that names no outcome is told as it is, and Alloy's own word follows.
    const isByEvent = event.eventType !== "snapshot";
    // The outcome beside it is the state's: another end may have named it.
    const own = isByEvent ? scenario.eventOf(event.eventId) : null;
    const isFromState = own !== null && isUnnamed(own);
    const isNamed = isFromState
      ? event.outcome !== null && stated.includes("completed")
      : event.outcome !== null || isByEvent;
    if (event.route === "completed" && !isNamed) continue;
    const ids = told.get(event.route) ?? new Set();
    if (!ids.has(event.eventId)) {
      // A late end says of itself that something newer came before it.
      if (!event.late) lastTold = publication;
      toldAt.set(event.route, at);
      inTurn.push(event.route);
      if (isByEvent && !publishedByEvent.has(event.route)) publishedByEvent.set(event.route, at);
    }
    told.set(event.route, ids.add(event.eventId));
  }
  for (const [route, ids] of told) {
    const times = stated.filter((one) => one === route).length;
    const isBack =
      isNewsAgain(route) ||
      (stated.length > 1 && stated.at(-1) === route && isToldAnew(route, inTurn, stated));
    const most = Math.max(times, epochsWith(route, application, scenario)) + (isBack ? 1 : 0);
    if (times === 0 && ![...ids].every((id) => isFirstKnown(scenario.eventOf(id), observer))) {
      observer.violate("regressed", `${token} is published as ${route}, and Alloy never said so`);
    } else if (ids.size > most) {
      observer.violate(
        "doubled",
        `${token} is published as ${route} under ${ids.size} ids, and came to it ${times} times`,
      );
    }
  }
  /**
   * Whether Alloy's own decision for this end is news after the publication of its event: the first end that arrives is
   * published at once (docs/statuses.md), and between the two Alloy's answer took it back. Either the answer that the
   * application is open was published, or Alloy decided another end, which configuration does not publish.
   */
  function isNewsAgain(route: RouteId): boolean {
    const decided = versions.find((one) => routeOfEnd(one, journeyToken, scenario) === route);
    const eventAt = publishedByEvent.get(route);
    if (decided === undefined || eventAt === undefined) return false;
    const isBetween = (at: number) => eventAt < at && at < decided.at;
    return (
      publishedOpen.some(isBetween) ||
      versions.some((one) => {
        const other = isBetween(one.at) ? routeOfEnd(one, journeyToken, scenario) : null;
        return other !== null && !publicationOf(journeyToken, other, scenario).publish;
      })
    );
  }

  const last = versions.at(-1);
  const end =
    last === undefined || last.isUnknown ? null : routeOfEnd(last, journeyToken, scenario);
  const isLeftUnnamed = last?.status === "completed" && last.outcome === null;
  if (end === null || isLeftUnnamed || isBeyondApi(application, scenario)) return;
  if (!publicationOf(journeyToken, end, scenario).publish) return;
  if (!told.has(end)) observer.violate("lost", `${token} ended as ${end}, and nobody was told`);
  // Of two invocations at one time, neither can know what the other one tells.
  const knownAt = toldAt.get(end) ?? Number.POSITIVE_INFINITY;
  const { event, invocation } = lastTold ?? {};
  if (event === undefined || event.route === end) return;
  if ((invocation?.startedAt ?? knownAt) > knownAt) {
    observer.violate("lost", `${token} ended as ${end}, and was told of as ${event.route} then`);
  }
}

/** Whether another end that Alloy stated was told last before it, and it was told before that. */
function isToldAnew(
  route: RouteId,
  inTurn: readonly RouteId[],
  stated: readonly RouteId[],
): boolean {
  const last = inTurn.lastIndexOf(route);
  const before = inTurn[last - 1];
  const isOther = before !== undefined && before !== route && stated.includes(before);
  return isOther && inTurn.indexOf(route) < last - 1;
}

/** While one of our services takes nothing, no check comes to its end, and each tick begins it anew. */
const OURS_OUT: ReadonlySet<FaultKind> = new Set<FaultKind>(["table-out", "queue-out", "bus-out"]);

/** Alloy is not asked without end, whatever is wrong. */
export function judgeAsking({ token }: TrueApplication, { observer, faults }: Seen): void {
  if (faults.some(({ kind }) => OURS_OUT.has(kind))) return;
  const times = observer.asks.get(token) ?? [];
  for (const [index, at] of times.entries()) {
    const earlier = times[index - MOST_ASKS_A_DAY];
    if (earlier === undefined || at - earlier > DAY) continue;
    observer.violate("overasked", `Alloy was asked ${MOST_ASKS_A_DAY} times a day for ${token}`);
    return;
  }
}

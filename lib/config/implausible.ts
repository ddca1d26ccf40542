import { EVENT_TYPES } from "../../lambdas/domain/event/event-types.ts";
import {
  DECIDING_EVENT_TYPES,
  DECISION_ROUTE_ID,
  INVESTIGATION_ROUTE_IDS,
  ROUTE_IDS,
} from "../../lambdas/settings/routes.ts";
import type { RouteId } from "../../lambdas/settings/routes.ts";
import { implausibleAddresses } from "./implausible-addresses.ts";
import { wrongUnits } from "./implausible-times.ts";
import { issuerByItsDocument, secretsInUrls, withoutVersion } from "./implausible-urls.ts";
import type { Implausible } from "./implausible-value.ts";
import { nearest } from "./nearest.ts";
import { isEverPublished } from "./stage-configuration.ts";
import type { StageConfiguration } from "./stage-configuration.ts";

/**
 * Values that are well-formed and would hurt without a word: Alloy's other environment, a password in a URL, an allow-list
 * that lets nobody or everybody in, decisions that are dropped, event types that do not exist, targets that get nothing, days where milliseconds are
 * meant, pages that reach nobody.
 *
 * @returns one entry for each, in the order of the settings.
 */
export function implausible(stage: StageConfiguration): readonly Implausible[] {
  return [
    ...otherEnvironment(stage),
    ...secretsInUrls(stage),
    ...issuerByItsDocument(stage),
    ...droppedDecisions(stage),
    ...unknownTypes(stage),
    ...implausibleAddresses(stage),
    // A local stage runs as fast as its time scale says.
    ...(stage.stage === "local" ? [] : [...withoutVersion(stage), ...wrongUnits(stage)]),
    ...unreachedTargets(stage),
    ...unreadPages(stage),
    ...leanByParts(stage),
  ];
}

/** What takes a deployment back are alarms, and a lean stage has not all of them. */
function leanByParts({ footprint, rollout }: StageConfiguration): readonly Implausible[] {
  if (footprint !== "lean" || rollout === "all-at-once") return [];
  const wanted = '"all-at-once" where footprint is "lean", which has no tickets to go back by';
  return [{ path: "rollout", given: rollout, wanted }];
}

/** Alloy's documented hosts are sandbox.alloy.co and api.alloy.co; some clients have their own. */
function otherEnvironment({ environment, alloy }: StageConfiguration): readonly Implausible[] {
  const { hostname } = new URL(alloy.baseUrl);
  const refuse = (wanted: string) => [{ path: "alloy.baseUrl", given: alloy.baseUrl, wanted }];
  if (environment === "sandbox") {
    return hostname === "api.alloy.co"
      ? refuse('Alloy\'s sandbox, such as https://sandbox.alloy.co/v1: environment is "sandbox"')
      : [];
  }
  const isSandbox = hostname.split(/[.-]/).includes("sandbox");
  const isThisMachine = hostname === "localhost" || hostname === "127.0.0.1";
  return isSandbox || isThisMachine
    ? refuse('Alloy\'s live API, such as https://api.alloy.co/v1: environment is "live"')
    : [];
}

/** Of an event that is dropped no state, no route and no alarm says anything. */
function droppedDecisions({ events }: StageConfiguration): readonly Implausible[] {
  const deciding: readonly string[] = DECIDING_EVENT_TYPES;
  return events.handled.allBut.flatMap((type, index) =>
    deciding.includes(type)
      ? [
          {
            path: `events.handled.allBut.${index}`,
            given: type,
            wanted:
              "an event type in which no decision is: this one says how an application stands; to publish nothing of it, set publish: false in routes",
          },
        ]
      : [],
  );
}

/**
 * A mistyped type drops nothing, and nothing says so. A type that Alloy invents is not known here either: what the receiver
 * does not know is never dropped.
 */
function unknownTypes({ events }: StageConfiguration): readonly Implausible[] {
  const known = Object.keys(EVENT_TYPES);
  return events.handled.allBut.flatMap((type, index) =>
    known.includes(type)
      ? []
      : [
          {
            path: `events.handled.allBut.${index}`,
            given: type,
            wanted: `an event type that Alloy documents, such as "${nearest(type, known)}": what the receiver does not know is never dropped`,
          },
        ],
  );
}

/** Nothing is delivered for a route that is not published, and nothing says so. */
function unreachedTargets(stage: StageConfiguration): readonly Implausible[] {
  return ROUTE_IDS.filter((route) => !isEverPublished(stage, route)).flatMap((route) => {
    const { targetArn, targets = [] } = stage.routes[route];
    const wanted = (empty: string) =>
      `${empty}, since the route is not published: ${WHY_NOT[route] ?? "publish is false"}, and the target would get nothing`;
    return [
      ...(targetArn === null
        ? []
        : [{ path: `routes.${route}.targetArn`, given: targetArn, wanted: wanted("null") }]),
      ...(targets.length === 0
        ? []
        : [
            {
              path: `routes.${route}.targets`,
              given: targets.map(({ name }) => name),
              wanted: wanted("left out"),
            },
          ]),
    ];
  });
}

/** What leaves a route unpublished besides `publish`. */
const WHY_NOT: Readonly<Partial<Record<RouteId, string>>> = {
  ...Object.fromEntries(
    INVESTIGATION_ROUTE_IDS.map((route) => [route, 'publish is false, or investigations is "off"']),
  ),
  [DECISION_ROUTE_ID]: 'publish is false, or decision is "off"',
};

/** What a stage retains is worth waking somebody for. */
function unreadPages({ removal, alarms: { channels } }: StageConfiguration): Implausible[] {
  if (removal === "destroy" || channels === "none" || channels.page.length > 0) return [];
  return [
    {
      path: "alarms.channels.page",
      given: channels.page,
      wanted:
        'at least one channel, such as { email: "oncall@example.com" }: removal is "retain", and a page would reach nobody; or say so with channels: "none"',
    },
  ];
}

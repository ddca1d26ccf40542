import { ROUTE_IDS } from "../../lambdas/settings/routes.ts";
import type { RouteId } from "../../lambdas/settings/routes.ts";
import type { Implausible } from "./implausible-value.ts";
import { hasApplication, isFifo, targetKindOf } from "./route-targets.ts";
import type { ArnTarget, RouteTarget } from "./route-targets.ts";
import { isEverPublished } from "./stage-configuration.ts";
import type { StageConfiguration } from "./stage-configuration.ts";

/** EventBridge's limit of rules on a bus. */
const MOST_RULES = 300;

/** Rules on the bus that are of no target: one of each route, and the one of submissions. */
const OTHER_RULES = 1;

/** What is wrong with the targets of a stage, though each by itself is well-formed. */
export function targetMistakes(stage: StageConfiguration): readonly Implausible[] {
  return [
    ...ROUTE_IDS.flatMap((route) => ofRoute(stage, route)),
    ...otherRegions(stage),
    ...tooManyRules(stage),
  ];
}

function ofRoute(stage: StageConfiguration, route: RouteId): readonly Implausible[] {
  const { targets = [], targetArn } = stage.routes[route];
  const names = new Set<string>();
  const places = new Set(targetArn === null ? [] : [targetArn]);
  return targets.flatMap((target, index) => {
    const path = `routes.${route}.targets.${index}`;
    const place = "arn" in target ? target.arn : target.http.url;
    const mistakes = [
      ...(names.has(target.name)
        ? [
            {
              path: `${path}.name`,
              given: target.name,
              wanted: "a name that no other target of the route has",
            },
          ]
        : []),
      ...(places.has(place)
        ? [
            {
              path: `${path}.${"arn" in target ? "arn" : "http.url"}`,
              given: place,
              wanted:
                "another target: the route delivers to this one already, and it would get each event twice",
            },
          ]
        : []),
      ...("arn" in target ? ofArn(stage, route, path, target) : []),
    ];
    names.add(target.name);
    places.add(place);
    return mistakes;
  });
}

function ofArn(
  { stage }: StageConfiguration,
  route: RouteId,
  path: string,
  { arn, group }: ArnTarget,
): readonly Implausible[] {
  const isGrouped =
    targetKindOf(arn) === "stream" || (targetKindOf(arn) === "queue" && isFifo(arn));
  const mistakes: Implausible[] = [];
  if (group !== undefined && !isGrouped) {
    mistakes.push({
      path: `${path}.group`,
      given: group,
      wanted: "left out: a FIFO queue, whose name ends in .fifo, and a stream alone have groups",
    });
  }
  if (group === "application" && !hasApplication(route)) {
    mistakes.push({
      path: `${path}.group`,
      given: group,
      wanted:
        '"event": an event of this route may name no application, and would be delivered nowhere',
    });
  }
  if (arn.endsWith(`:event-bus/AlloyJourneyWebhooks-${stage}`)) {
    mistakes.push({
      path: `${path}.arn`,
      given: arn,
      wanted: "another bus: this is the stack's own, and each event would come back to it",
    });
  }
  return mistakes;
}

/** EventBridge delivers to another region by a bus there, and by nothing else (its guide, "Sending and receiving events between Regions"). */
function otherRegions(stage: StageConfiguration): readonly Implausible[] {
  const arns = ROUTE_IDS.flatMap((route) => {
    const { targets = [], targetArn } = stage.routes[route];
    const all = targets.flatMap((target, index) => placesOf(route, target, index));
    return targets.length === 0 || targetArn === null
      ? all
      : [{ path: `routes.${route}.targetArn`, arn: targetArn }, ...all];
  }).filter(({ arn }) => targetKindOf(arn) !== "event-bus");
  const [first, ...others] = arns;
  if (first === undefined) return [];
  return others
    .filter(({ arn }) => regionOf(arn) !== regionOf(first.arn))
    .map(({ path, arn }) => ({
      path,
      given: arn,
      wanted: `in ${regionOf(first.arn)} as ${first.path}: EventBridge delivers to another region by an event bus there alone`,
    }));
}

function placesOf(route: RouteId, target: RouteTarget, index: number) {
  const path = `routes.${route}.targets.${index}`;
  if ("arn" in target) return [{ path: `${path}.arn`, arn: target.arn }];
  return [];
}

/** The region of an ARN, such as us-east-1. */
export function regionOf(arn: string): string {
  return arn.split(":")[3] ?? "";
}

/** A route with a list has a rule that holds; a target has two, also those of the route's own. */
function tooManyRules(stage: StageConfiguration): readonly Implausible[] {
  const rules = ROUTE_IDS.filter((route) => isEverPublished(stage, route)).reduce((sum, route) => {
    const { targets, queue, targetArn } = stage.routes[route];
    if (targets === undefined) return sum + 1;
    return sum + 2 + targets.length * 2 + Number(queue) + Number(targetArn !== null);
  }, OTHER_RULES);
  if (rules <= MOST_RULES) return [];
  return [
    {
      path: "routes",
      given: `targets that need ${rules} rules`,
      wanted: `targets that need ${MOST_RULES} rules at most: EventBridge has no more on a bus; put a bus of your own behind a route, and your rules on that`,
    },
  ];
}

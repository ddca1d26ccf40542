import { createHash } from "node:crypto";
import type { RouteId } from "../../lambdas/settings/routes.ts";

/** EventBridge's limit of the name of a rule, of a connection and of an API destination, in characters. */
const LONGEST_NAME = 64;

/** What is left of a name that is too long, before the hyphen and the eight characters of its hash. */
const LONGEST_PREFIX = LONGEST_NAME - 9;

/**
 * The name of a rule of the stack's bus, which the operators' tool computes too. Named, since CloudWatch counts by the
 * name, and CloudFormation returns it with the bus before it.
 *
 * @param parts - a route, a target, what the rule is for; where they make a name too long, it ends in their hash.
 */
export function ruleNameFor(stackName: string, ...parts: readonly string[]): string {
  const name = [stackName, ...parts].join("-");
  if (name.length <= LONGEST_NAME) return name;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 8);
  return `${name.slice(0, LONGEST_PREFIX)}-${hash}`;
}

/** What the names of a route's rules begin with, and at most those of routes whose names begin in the same way. */
export function rulePrefixOf(stackName: string, route: RouteId): string {
  return `${stackName}-${route}`.slice(0, LONGEST_PREFIX);
}

/** The rules of a route that has a list of targets. A target's own name stands for its rule. */
export function rulesOfRoute(stackName: string, route: RouteId) {
  return {
    /** Feeds the route's own queue, and its `targetArn`. */
    own: ruleNameFor(stackName, route),
    of: (target: string) => ruleNameFor(stackName, route, target),
    /** Delivers to one target alone. */
    replay: (target: string) => ruleNameFor(stackName, route, target, "replay"),
    /** Keeps the events of a route that is paused. */
    hold: ruleNameFor(stackName, route, "hold"),
  };
}

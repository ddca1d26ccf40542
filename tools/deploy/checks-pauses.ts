import { isDeepStrictEqual } from "node:util";

import { ROUTE_IDS } from "../../lambdas/settings/routes.ts";
import type { RouteId } from "../../lambdas/settings/routes.ts";
import { rulesOfRoute } from "../../lib/config/rule-names.ts";
import { pascalCase } from "../../lib/pascal-case.ts";
import type { StackTemplate } from "../template/template.ts";
import { enabledRulesOf } from "./enabled-rules.ts";
import { green } from "./finding.ts";
import type { Result, Surroundings } from "./finding.ts";

/**
 * Whether a route is paused of which the deployment changes a rule. CloudFormation writes the state of a rule whenever the rule
 * changes, as the template has it: the targets on, and what keeps the events off. If it changes that rule alone, the events
 * of the pause are lost from then on; if it changes a target's, they are delivered and kept too. A rule that does not
 * change stays as people turned it.
 */
export async function checkPauses(surroundings: Surroundings): Promise<Result> {
  const { account, stack, stackName, template } = surroundings;
  const good = "no route is paused of which a rule changes";
  if (stack === null || Object.keys(stack.outputs).length === 0) {
    return green("nothing is deployed yet", good);
  }
  const deployed = await account.template(stack.id);
  const pausable = ROUTE_IDS.filter((route) =>
    rulesIn(deployed, route).some(([id]) => id === `${pascalCase(route)}HoldRule`),
  );
  if (pausable.length === 0) return green("no route has a list of targets", good);
  const enabled = await enabledRulesOf(account.region, stackName);
  const paused = pausable.filter((route) => enabled.has(rulesOfRoute(stackName, route).hold));
  if (paused.length === 0) return green("no route is paused", good);
  const touched = paused.filter(
    (route) => !isDeepStrictEqual(rulesIn(deployed, route), rulesIn(template, route)),
  );
  if (touched.length > 0) {
    return {
      state: "red",
      found: `paused, and a rule of it changes: ${touched.join(", ")}. CloudFormation would turn its rules as the template says, and events could be lost`,
      good,
      fix: `end the pause first: ${touched.map((route) => `npm run ops -- route resume ${route}`).join("; ")}`,
    };
  }
  return {
    state: "yellow",
    found: `paused: ${paused.join(", ")}. None of its rules changes, so the pause goes on`,
    good,
    fix: "nothing, if the pause is meant",
  };
}

/** The rules that a pause turns on and off, by their logical ids, in order. */
function rulesIn({ resources }: StackTemplate, route: RouteId) {
  return resources
    .filter(
      ({ logicalId, Type }) =>
        Type === "AWS::Events::Rule" &&
        logicalId.startsWith(pascalCase(route)) &&
        logicalId.endsWith("Rule") &&
        !logicalId.endsWith("ReplayRule"),
    )
    .map(({ logicalId, Properties }) => [logicalId, Properties] as const)
    .toSorted(([one], [other]) => (one < other ? -1 : 1));
}

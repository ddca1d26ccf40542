import { DescribeRuleCommand } from "@aws-sdk/client-eventbridge";
import * as v from "valibot";

import { ROUTE_IDS } from "../../lambdas/settings/routes.ts";
import type { RouteId } from "../../lambdas/settings/routes.ts";
import { rulesOfRoute } from "../../lib/config/rule-names.ts";
import { pascalCase } from "../../lib/pascal-case.ts";
import { OperatorError, UsageError } from "./operator-error.ts";
import type { ConnectedStack } from "./stack.ts";
import { resourcesOf } from "./verify-resources.ts";

/** The rules of a route that has a list of targets, as the account has them. */
export interface RouteRules {
  readonly route: RouteId;
  /** The rule that keeps the events of a pause. */
  readonly hold: string;
  /** The rules that feed the targets. */
  readonly live: readonly string[];
  /** What a replay can be sent to alone: those of the list, and the route's own queue and ARN. */
  readonly targets: readonly string[];
  readonly heldQueueUrl: string;
  readonly deadLetterQueueUrl: string;
}

const Pattern = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ "detail-type": v.tuple([v.string()]) }),
);

/**
 * Finds the rules of a route.
 *
 * @throws UsageError when there is no such route, OperatorError when it has no list of targets.
 */
export async function rulesOf(stack: ConnectedStack, given: string): Promise<RouteRules> {
  const name = ROUTE_IDS.find((one) => one === given);
  if (name === undefined) {
    throw new UsageError(`There is no route "${given}". The routes: ${ROUTE_IDS.join(", ")}.`);
  }
  const resources = await resourcesOf(stack);
  const queue = (id: string) => resources.ofType("AWS::SQS::Queue").find((one) => one.id === id);
  const route = pascalCase(name);
  const names = rulesOfRoute(stack.stackName, name);
  const rules = resources.ofType("AWS::Events::Rule").map((one) => ({
    id: one.id,
    // CloudFormation names a rule of a bus with the bus before it.
    name: one.name.split("|").at(-1) ?? "",
  }));
  const hold = rules.find(({ id }) => id === `${route}HoldRule`);
  const heldQueueUrl = queue("HeldEventQueue")?.name;
  const deadLetterQueueUrl = queue(`${route}DeadLetterQueue`)?.name;
  if (hold === undefined || heldQueueUrl === undefined || deadLetterQueueUrl === undefined) {
    throw new OperatorError(
      `The route ${name} has no list of targets, so it has no rule that keeps its events. Write routes.${name}.targets, also an empty list, in lib/stages.ts, and deploy.`,
    );
  }
  const listed = rules.filter(({ id }) => id.startsWith(route) && id.endsWith("Rule"));
  const replays = listed.filter(({ id }) => id.endsWith("ReplayRule"));
  const live = listed.filter((one) => one !== hold && !replays.includes(one));
  return {
    route: name,
    hold: hold.name,
    live: [...new Set([names.own, ...live.map((one) => one.name)])],
    targets: await Promise.all(replays.map((one) => targetOf(stack, one.name))),
    heldQueueUrl,
    deadLetterQueueUrl,
  };
}

/**
 * The route of a target by what people write, such as `approved/ledger`. It reads no rule: whoever replays has no right to.
 *
 * @throws UsageError when there is no such target.
 */
export async function routeOfTarget(
  stack: ConnectedStack,
  text: string,
): Promise<{ readonly route: RouteId; readonly target: string }> {
  const [given = "", target = ""] = text.split("/");
  const route = ROUTE_IDS.find((one) => one === given);
  if (route === undefined) {
    throw new UsageError(`There is no route "${given}". The routes: ${ROUTE_IDS.join(", ")}.`);
  }
  const rule = rulesOfRoute(stack.stackName, route).replay(target);
  const resources = await resourcesOf(stack);
  const names = resources.ofType("AWS::Events::Rule").map(({ name }) => name.split("|").at(-1));
  if (names.includes(rule)) return { route, target };
  throw new UsageError(
    `The route ${route} of ${stack.stackName} has no target "${target}". routes.${route}.targets in lib/stages.ts has their names; queue is the route's own queue.`,
  );
}

/** The target of a replay rule: it stands in the rule's pattern, since a long name is cut. */
async function targetOf(stack: ConnectedStack, rule: string): Promise<string> {
  const { EventPattern } = await describe(stack, rule);
  return v.parse(Pattern, EventPattern)["detail-type"][0].split("/").at(-1) ?? "";
}

/** Whether a rule takes events. */
export async function isEnabled(stack: ConnectedStack, rule: string): Promise<boolean> {
  return (await describe(stack, rule)).State === "ENABLED";
}

function describe({ events, stackName }: ConnectedStack, Name: string) {
  // The bus has the stack's name.
  return events.send(new DescribeRuleCommand({ Name, EventBusName: stackName }));
}

import { Stack } from "aws-cdk-lib";
import type { EventBus } from "aws-cdk-lib/aws-events";
import { Rule } from "aws-cdk-lib/aws-events";
import { Construct } from "constructs";
import { EVENT_SOURCE, REPLAY_SOURCE, ROUTE_TITLES } from "../../lambdas/settings/routes.ts";
import type { RouteId } from "../../lambdas/settings/routes.ts";
import type { AlertTopics } from "../alarms/alert-topics.ts";
import { makeTargetAlarms } from "../alarms/target-alarms.ts";
import { groupOf, OWN_TARGETS, targetKindOf } from "../config/route-targets.ts";
import type { RouteTarget } from "../config/route-targets.ts";
import { ruleNameFor, rulesOfRoute } from "../config/rule-names.ts";
import { pascalCase } from "../pascal-case.ts";
import type { SecureQueue } from "./event-queue.ts";
import { HttpEndpoint } from "./http-target.ts";
import { pinLogicalId } from "./stateful.ts";
import { addTarget, deliveryTo } from "./target-delivery.ts";
import type { DeliveringRule, TargetPlace } from "./target-delivery.ts";

export interface RouteTargetsProps {
  readonly route: RouteId;
  readonly targets: readonly RouteTarget[];
  readonly bus: EventBus;
  readonly deadLetters: SecureQueue;
  /** Takes the events of a paused route. */
  readonly held: SecureQueue;
  readonly alerts: AlertTopics;
  /** The rule of the route's queue and of its `targetArn`. */
  readonly own: Rule;
}

/**
 * The targets of a route beside its queue. Each has a rule of its own, so that CloudWatch counts it by itself, no rule
 * meets EventBridge's limit of five targets, and a pause and a replay reach it alone (docs/decisions/0056).
 */
export class RouteTargets extends Construct {
  readonly #props: RouteTargetsProps;
  readonly #names: ReturnType<typeof rulesOfRoute>;

  constructor(scope: Construct, id: string, props: RouteTargetsProps) {
    super(scope, id);
    this.#props = props;
    const { route, targets, own } = props;
    this.#names = rulesOfRoute(Stack.of(this).stackName, route);
    const live = targets.map((target) => this.#makeTarget(target));
    this.#makeHold([own, ...live]);
  }

  /** A rule by which operators deliver again to one target of the route. */
  replayRule(target: string): DeliveringRule {
    const { bus, deadLetters, route } = this.#props;
    const scope = new Construct(this, `${pascalCase(target)}Replay`);
    const name = this.#names.replay(target);
    const rule = new Rule(scope, "Rule", {
      ruleName: name,
      eventBus: bus,
      description: `${ROUTE_TITLES[route]}: what people deliver again to ${target}`,
      eventPattern: { source: [REPLAY_SOURCE], detailType: [`${route}/${target}`] },
    });
    pinLogicalId(rule, `${pascalCase(route)}${pascalCase(target)}ReplayRule`);
    deadLetters.allowEventBridge(rule.ruleArn);
    return { rule, name, brings: "replay" };
  }

  /** Lets operators deliver again to the route's own queue, and to its `targetArn`. */
  replayToQueue(queue: SecureQueue): void {
    const { rule } = this.replayRule(OWN_TARGETS.queue);
    const { route, deadLetters } = this.#props;
    queue.allowEventBridge(rule.ruleArn);
    const place = { kind: "queue", arn: queue.queueArn, route, deadLetters } as const;
    addTarget(this, place, [
      { rule, name: this.#names.replay(OWN_TARGETS.queue), brings: "replay" },
    ]);
  }

  #makeTarget(target: RouteTarget): Rule {
    const { route, bus, deadLetters, alerts } = this.#props;
    const scope = new Construct(this, pascalCase(target.name));
    const name = this.#names.of(target.name);
    const rule = new Rule(scope, "Rule", {
      ruleName: name,
      eventBus: bus,
      description: `${ROUTE_TITLES[route]}: to ${target.name}`,
      eventPattern: { source: [EVENT_SOURCE], detailType: [ROUTE_TITLES[route]] },
    });
    pinLogicalId(rule, `${pascalCase(route)}${pascalCase(target.name)}Rule`);
    deadLetters.allowEventBridge(rule.ruleArn);
    const replay = this.replayRule(target.name);
    addTarget(scope, placeOf(scope, target, this.#props), [
      { rule, name, brings: "event" },
      replay,
    ]);
    makeTargetAlarms(scope, {
      alerts,
      bus,
      deadLetters,
      route,
      target,
      ruleName: name,
      replayRuleName: replay.name,
    });
    return rule;
  }

  /**
   * The rule that keeps the events of the route while it is paused; operators enable it before they disable the others.
   * CloudFormation writes a rule's state with each change of the rule. So this rule comes after the others: a deployment
   * that changes all of them enables those before it disables this one.
   */
  #makeHold(live: readonly Rule[]): void {
    const { route, bus, deadLetters, held } = this.#props;
    const rule = new Rule(this, "Hold", {
      ruleName: this.#names.hold,
      eventBus: bus,
      description: `${ROUTE_TITLES[route]}: kept while the route is paused`,
      eventPattern: { source: [EVENT_SOURCE], detailType: [ROUTE_TITLES[route]] },
      enabled: false,
    });
    pinLogicalId(rule, `${pascalCase(route)}HoldRule`);
    deadLetters.allowEventBridge(rule.ruleArn);
    held.allowEventBridge(rule.ruleArn);
    rule.addTarget({ bind: () => deliveryTo(held.queueArn, deadLetters) });
    rule.node.addDependency(...live);
  }
}

function placeOf(
  scope: Construct,
  target: RouteTarget,
  { route, deadLetters }: RouteTargetsProps,
): TargetPlace {
  if ("http" in target) {
    const name = ruleNameFor(Stack.of(scope).stackName, route, target.name);
    const { arn } = new HttpEndpoint(scope, "Http", { target, name });
    return { kind: "api-destination", arn, route, deadLetters };
  }
  const kind = targetKindOf(target.arn);
  if (kind === undefined)
    throw new Error(`${target.arn} is no target: the validation was left out.`);
  const { arn, group = groupOf(route) } = target;
  return { kind, arn, route, deadLetters, group };
}

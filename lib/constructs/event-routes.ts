import { Stack } from "aws-cdk-lib";
import { EventBus, EventField, Match, Rule, RuleTargetInput } from "aws-cdk-lib/aws-events";
import { AnyPrincipal, Effect, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { IRole } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import {
  EVENT_SOURCE,
  REPLAY_SOURCE,
  ROUTE_IDS,
  ROUTE_TITLES,
  SUBMISSION_DETAIL_TYPE,
} from "../../lambdas/settings/routes.ts";
import type { RouteId } from "../../lambdas/settings/routes.ts";
import { pascalCase } from "../pascal-case.ts";
import { OWN_TARGETS, targetKindOf } from "../config/route-targets.ts";
import { ruleNameFor, rulesOfRoute } from "../config/rule-names.ts";
import { isEverPublished } from "../config/stage-configuration.ts";
import type { StageConfiguration } from "../config/stage-configuration.ts";
import type { AlertTopics } from "../alarms/alert-topics.ts";
import { BusArchive } from "./bus-archive.ts";
import { BusDeadLetters } from "./bus-dead-letters.ts";
import type { EventQueue } from "./event-queue.ts";
import { OPERATOR_TAG, SecureQueue } from "./event-queue.ts";
import { makeRuleAlarm, makeUnreadAlarm } from "../alarms/rule-alarm.ts";
import { HeldEvents } from "./held-events.ts";
import { RouteTargets } from "./route-targets.ts";
import { pinLogicalId } from "./stateful.ts";
import { addTarget, deliveryTo } from "./target-delivery.ts";

export interface EventRoutesProps {
  readonly stage: StageConfiguration;
  readonly key: IKey | undefined;
  readonly queue: EventQueue;
  readonly alerts: AlertTopics;
}

/** The bus, a rule with its targets for each route, and the way back in for submissions. */
export class EventRoutes extends Construct {
  readonly bus: EventBus;
  /** The queues of the routes that have one of their own. */
  readonly queues: ReadonlyMap<RouteId, IQueue>;
  /** The names of the rules, one for each route that is published. */
  readonly ruleNames: ReadonlyMap<RouteId, string>;
  /** Keeps the events of paused routes; undefined where no route has a list of targets. */
  readonly held: HeldEvents | undefined;
  /** The dead-letter queues of the routes that have a list of targets. */
  readonly targetDeadLetters: ReadonlyMap<RouteId, IQueue>;
  readonly #targetDeadLetters = new Map<RouteId, IQueue>();

  constructor(scope: Construct, id: string, props: EventRoutesProps) {
    super(scope, id);
    const undecryptable =
      props.key === undefined ? undefined : new BusDeadLetters(this, "BusDeadLetters", props);
    const bus = new EventBus(this, "Bus", {
      eventBusName: Stack.of(this).stackName,
      description: "What happened to Alloy's Journey Applications, by route",
      ...(props.key !== undefined && { kmsKey: props.key }),
      ...(undecryptable !== undefined && { deadLetterQueue: undecryptable.queue }),
    });
    pinLogicalId(bus, "EventBus");
    undecryptable?.allow(bus);
    this.bus = bus;
    if (props.stage.archive !== undefined) {
      const { retentionDays } = props.stage.archive;
      new BusArchive(this, "Archive", { ...props, retentionDays, bus });
    }

    const published = ROUTE_IDS.filter((route) => isEverPublished(props.stage, route));
    const pausable = published.filter((route) => props.stage.routes[route].targets !== undefined);
    if (pausable.length > 0) {
      this.held = new HeldEvents(this, "Held", props);
      this.#keepReplaysForPeople();
    }
    this.targetDeadLetters = this.#targetDeadLetters;
    const queues = published.flatMap((route) => {
      const queue = this.#makeRoute(route, props);
      return queue === undefined ? [] : [[route, queue] as const];
    });
    this.queues = new Map(queues);
    this.ruleNames = new Map(published.map((route) => [route, this.#ruleName(route)]));

    this.#makeSubmissionRule(props);
  }

  /**
   * Reserves our source for our own functions. A service that announces submissions has the right to put events on this bus, and
   * could otherwise tell every route that an application is approved.
   */
  keepSourceFor(...roles: readonly IRole[]): void {
    this.bus.addToResourcePolicy(
      new PolicyStatement({
        sid: "OurSourceIsOurs",
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: ["events:PutEvents"],
        resources: [this.bus.eventBusArn],
        conditions: {
          // One such entry in a call is enough.
          "ForAnyValue:StringEquals": { "events:source": EVENT_SOURCE },
          ArnNotEquals: { "aws:PrincipalArn": roles.map(({ roleArn }) => roleArn) },
        },
      }),
    );
  }

  /** What is delivered again, people have chosen: nobody else may say that it was published. */
  #keepReplaysForPeople(): void {
    const { account, partition } = Stack.of(this);
    this.bus.addToResourcePolicy(
      new PolicyStatement({
        sid: "PeopleAloneReplay",
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: ["events:PutEvents"],
        resources: [this.bus.eventBusArn],
        conditions: {
          "ForAnyValue:StringEquals": { "events:source": REPLAY_SOURCE },
          ArnNotLike: {
            "aws:PrincipalArn": `arn:${partition}:iam::${account}:role/aws-reserved/sso.amazonaws.com/*`,
          },
          StringNotEquals: { [`aws:PrincipalTag/${OPERATOR_TAG.key}`]: OPERATOR_TAG.value },
        },
      }),
    );
  }

  /** Returns the route's own queue, when it has one. */
  #makeRoute(route: RouteId, { stage, key, alerts }: EventRoutesProps): IQueue | undefined {
    const { queue: wantsQueue, targetArn, targets } = stage.routes[route];
    const scope = new Construct(this, pascalCase(route));
    const rule = new Rule(scope, "Rule", {
      ruleName: this.#ruleName(route),
      eventBus: this.bus,
      description: `${ROUTE_TITLES[route]}: to its target`,
      eventPattern: { source: [EVENT_SOURCE], detailType: [ROUTE_TITLES[route]] },
    });
    // Takes events that EventBridge could not deliver, and messages on which the queue's reader failed.
    const deadLetters = new SecureQueue(scope, "DeadLetters", {
      stage,
      key,
      logicalId: `${pascalCase(route)}DeadLetterQueue`,
    });
    makeRuleAlarm(scope, `route-failing-${route}`, {
      alerts,
      ruleName: this.#ruleName(route),
      furtherRules: this.#furtherRules(stage, route),
      bus: this.bus,
      deadLetters,
      fact: `At least one event of the route "${route}" was not delivered, or the reader of its queue failed on it.`,
      impact: `the team behind the route does not receive it: ${ROUTE_TITLES[route]}.`,
    });
    if (targets !== undefined) this.#targetDeadLetters.set(route, deadLetters);
    if (targets === undefined || wantsQueue || targetArn !== null) {
      deadLetters.allowEventBridge(rule.ruleArn);
    }
    const more =
      targets === undefined || this.held === undefined
        ? undefined
        : new RouteTargets(scope, "Targets", {
            route,
            targets,
            bus: this.bus,
            deadLetters,
            held: this.held.queue,
            alerts,
            own: rule,
          });
    const kind = targetArn === null ? undefined : targetKindOf(targetArn);
    if (targetArn !== null && kind !== undefined) {
      addTarget(scope, { kind, arn: targetArn, deadLetters, route }, [
        { rule, name: this.#ruleName(route), brings: "event" },
        ...(more === undefined ? [] : [more.replayRule(OWN_TARGETS.arn)]),
      ]);
    }
    if (!wantsQueue) return undefined;
    const queue = new SecureQueue(scope, "Queue", {
      stage,
      key,
      logicalId: `${pascalCase(route)}Queue`,
      deadLetters,
    });
    makeUnreadAlarm(scope, { alerts, route, queue });
    queue.allowEventBridge(rule.ruleArn);
    rule.addTarget({ bind: () => deliveryTo(queue.queueArn, deadLetters) });
    more?.replayToQueue(queue);
    return queue;
  }

  /** The onboarding service says "submitted" on the bus; it becomes an envelope without code. */
  #makeSubmissionRule({ stage, key, queue, alerts }: EventRoutesProps): void {
    const deadLetters = new SecureQueue(this, "SubmissionDeadLetters", {
      stage,
      key,
      logicalId: "SubmissionDeadLetterQueue",
    });
    const rule = new Rule(this, "Submission", {
      ruleName: this.#ruleName("submission"),
      eventBus: this.bus,
      description: "A submitted Journey Application: into the event queue",
      eventPattern: {
        source: submissionSources(stage),
        detailType: [SUBMISSION_DETAIL_TYPE],
      },
    });
    const input = RuleTargetInput.fromObject({
      v: 1,
      kind: "submission",
      receiptId: EventField.eventId,
      receivedAt: EventField.time,
      submission: EventField.fromPath("$.detail"),
    });
    deadLetters.allowEventBridge(rule.ruleArn);
    queue.events.allowEventBridge(rule.ruleArn);
    rule.addTarget({ bind: () => ({ ...deliveryTo(queue.events.queueArn, deadLetters), input }) });
    makeRuleAlarm(this, "submissions-failing", {
      alerts,
      ruleName: this.#ruleName("submission"),
      bus: this.bus,
      deadLetters,
      fact: "At least one submission that the onboarding service announced did not reach the event queue.",
      impact:
        "the application is unknown here until its first webhook; if its webhooks are lost too, nobody notices.",
    });
  }

  /** The rules of a route that share its alarm: those of its list of targets have alarms of their own. */
  #furtherRules({ routes }: StageConfiguration, route: RouteId): readonly string[] {
    const { targets, queue, targetArn } = routes[route];
    if (targets === undefined) return [];
    const { hold, replay } = rulesOfRoute(Stack.of(this).stackName, route);
    return [
      hold,
      ...(queue ? [replay(OWN_TARGETS.queue)] : []),
      ...(targetArn === null ? [] : [replay(OWN_TARGETS.arn)]),
    ];
  }

  #ruleName(name: string): string {
    return ruleNameFor(Stack.of(this).stackName, name);
  }
}

/** A sender chooses the `Source` of its events. Ours is never accepted, whatever the stage says. */
function submissionSources({ submissions }: StageConfiguration): string[] {
  return submissions.sources === "any"
    ? Match.anythingBut(EVENT_SOURCE)
    : submissions.sources.filter((source) => source !== EVENT_SOURCE);
}

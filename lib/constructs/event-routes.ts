import { Duration, Stack } from "aws-cdk-lib";
import type { IRuleTarget } from "aws-cdk-lib/aws-events";
import { EventBus, EventField, Match, Rule, RuleTargetInput } from "aws-cdk-lib/aws-events";
import { AnyPrincipal, Effect, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { IRole } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { CfnPermission } from "aws-cdk-lib/aws-lambda";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import {
  EVENT_SOURCE,
  ROUTE_IDS,
  ROUTE_TITLES,
  SUBMISSION_DETAIL_TYPE,
} from "../../lambdas/settings/routes.ts";
import type { RouteId } from "../../lambdas/settings/routes.ts";
import { pascalCase } from "../pascal-case.ts";
import { targetKindOf } from "../config/route-targets.ts";
import type { TargetKind } from "../config/route-targets.ts";
import { isEverPublished } from "../config/stage-configuration.ts";
import type { StageConfiguration } from "../config/stage-configuration.ts";
import type { AlertTopics } from "../alarms/alert-topics.ts";
import { BusDeadLetters } from "./bus-dead-letters.ts";
import type { EventQueue } from "./event-queue.ts";
import { SecureQueue } from "./event-queue.ts";
import { makeRuleAlarm, makeUnreadAlarm } from "../alarms/rule-alarm.ts";
import { pinLogicalId } from "./stateful.ts";

/**
 * How long and how often EventBridge tries to deliver: both are its maximum. A target that is down
 * for a night receives its events in the morning; after that the event is in the route's dead-letter queue.
 */
const RETRY = { maxEventAge: Duration.hours(24), retryAttempts: 185 };

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

    const published = ROUTE_IDS.filter((route) => isEverPublished(props.stage, route));
    const queues = published.flatMap((route) => {
      const queue = this.#makeRoute(route, props);
      return queue === undefined ? [] : [[route, queue] as const];
    });
    this.queues = new Map(queues);
    this.ruleNames = new Map(published.map((route) => [route, ruleNameOf(this, route)]));

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

  /** Returns the route's own queue, when it has one. */
  #makeRoute(route: RouteId, { stage, key, alerts }: EventRoutesProps): IQueue | undefined {
    const { queue: wantsQueue, targetArn } = stage.routes[route];
    const scope = new Construct(this, pascalCase(route));
    const rule = new Rule(scope, "Rule", {
      ruleName: ruleNameOf(this, route),
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
      ruleName: ruleNameOf(this, route),
      bus: this.bus,
      deadLetters,
      fact: `At least one event of the route "${route}" was not delivered, or the reader of its queue failed on it.`,
      impact: `the team behind the route does not receive it: ${ROUTE_TITLES[route]}.`,
    });
    deadLetters.allowEventBridge(rule.ruleArn);
    const kind = targetArn === null ? undefined : targetKindOf(targetArn);
    if (targetArn !== null && kind !== undefined) {
      const delivery = deliveryTo(targetArn, deadLetters);
      rule.addTarget(makeTarget(scope, kind, delivery, { rule, name: route }));
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
      ruleName: ruleNameOf(this, "submission"),
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
      ruleName: ruleNameOf(this, "submission"),
      bus: this.bus,
      deadLetters,
      fact: "At least one submission that the onboarding service announced did not reach the event queue.",
      impact:
        "the application is unknown here until its first webhook; if its webhooks are lost too, nobody notices.",
    });
  }
}

/** A sender chooses the `Source` of its events. Ours is never accepted, whatever the stage says. */
function submissionSources({ submissions }: StageConfiguration): string[] {
  return submissions.sources === "any"
    ? Match.anythingBut(EVENT_SOURCE)
    : submissions.sources.filter((source) => source !== EVENT_SOURCE);
}

/** Named, since CloudWatch counts by the name, and CloudFormation returns it with the bus before it. */
function ruleNameOf(scope: Construct, name: string): string {
  return `${Stack.of(scope).stackName}-${name}`;
}

/** Where a rule delivers, how often it tries, and where it puts what it cannot deliver. */
function deliveryTo(arn: string, deadLetters: IQueue) {
  return {
    arn,
    deadLetterConfig: { arn: deadLetters.queueArn },
    retryPolicy: {
      maximumEventAgeInSeconds: RETRY.maxEventAge.toSeconds(),
      maximumRetryAttempts: RETRY.retryAttempts,
    },
  };
}

/** The actions by which EventBridge delivers to a kind of target under a role of ours. */
const ROLE_ACTIONS = {
  "event-bus": ["events:PutEvents"],
  "api-destination": ["events:InvokeApiDestination"],
  "state-machine": ["states:StartExecution"],
  stream: ["kinesis:PutRecord"],
  "delivery-stream": ["firehose:PutRecord"],
} as const;

/**
 * Somebody else's target. SQS and SNS let EventBridge in by their own policy, which their owner
 * writes; a function gets a permission; for the others EventBridge takes a role
 * (EventBridge's guide, "Using resource-based policies").
 */
function makeTarget(
  scope: Construct,
  kind: TargetKind,
  delivery: ReturnType<typeof deliveryTo>,
  { rule, name }: { readonly rule: Rule; readonly name: string },
): IRuleTarget {
  switch (kind) {
    case "queue":
    case "topic":
      return { bind: () => delivery };
    case "function":
      new CfnPermission(scope, "TargetPermission", {
        action: "lambda:InvokeFunction",
        functionName: delivery.arn,
        principal: "events.amazonaws.com",
        sourceArn: rule.ruleArn,
      });
      return { bind: () => delivery };
    case "event-bus":
    case "api-destination":
    case "state-machine":
    case "stream":
    case "delivery-stream": {
      const { account, partition, region, stackName } = Stack.of(scope);
      const ruleArn = `arn:${partition}:events:${region}:${account}:rule/${stackName}/${ruleNameOf(scope, name)}`;
      const role = new Role(scope, "TargetRole", {
        // By its name: the rule names the role, and neither may wait for the other.
        assumedBy: new ServicePrincipal("events.amazonaws.com", {
          conditions: {
            StringEquals: { "aws:SourceAccount": account, "aws:SourceArn": ruleArn },
          },
        }),
      });
      role.addToPolicy(
        new PolicyStatement({ actions: [...ROLE_ACTIONS[kind]], resources: [delivery.arn] }),
      );
      return { bind: () => ({ ...delivery, role }) };
    }
  }
}

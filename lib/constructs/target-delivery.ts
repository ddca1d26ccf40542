import { Duration, Stack } from "aws-cdk-lib";
import { RuleTargetInput } from "aws-cdk-lib/aws-events";
import type { IRuleTarget, Rule, RuleTargetConfig } from "aws-cdk-lib/aws-events";
import { PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { CfnPermission } from "aws-cdk-lib/aws-lambda";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import type { RouteId } from "../../lambdas/settings/routes.ts";
import { groupOf, isFifo } from "../config/route-targets.ts";
import type { TargetGroup, TargetKind } from "../config/route-targets.ts";

/**
 * How long and how often EventBridge tries to deliver: both are its maximum. A target that is down
 * for a night receives its events in the morning; after that the event is in the route's dead-letter queue.
 */
const RETRY = { maxEventAge: Duration.hours(24), retryAttempts: 185 };

/** Where a rule delivers, how often it tries, and where it puts what it cannot deliver. */
export function deliveryTo(arn: string, deadLetters: IQueue) {
  return {
    arn,
    deadLetterConfig: { arn: deadLetters.queueArn },
    retryPolicy: {
      maximumEventAgeInSeconds: RETRY.maxEventAge.toSeconds(),
      maximumRetryAttempts: RETRY.retryAttempts,
    },
  };
}

/** A rule of the stack's bus, by its name, before CloudFormation makes it. */
export function ruleArnOf(scope: Construct, name: string): string {
  const { account, partition, region, stackName } = Stack.of(scope);
  return `arn:${partition}:events:${region}:${account}:rule/${stackName}/${name}`;
}

/** A rule that delivers to a target, and its name: the role names the rule, and neither may wait for the other. */
export interface DeliveringRule {
  readonly rule: Rule;
  readonly name: string;
  /** Whether what is published comes by it, or a replay, whose event stands in the detail. */
  readonly brings: "event" | "replay";
}

/** A target as a rule has it. */
export interface TargetPlace {
  readonly kind: TargetKind;
  readonly arn: string;
  readonly deadLetters: IQueue;
  readonly route: RouteId;
  /** @default - a FIFO queue's by its route, a stream's by EventBridge */
  readonly group?: TargetGroup;
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
 * Somebody else's target, behind one rule or two. SQS and SNS let EventBridge in by their own policy, which their owner
 * writes; a function gets a permission; for the others EventBridge takes a role
 * (EventBridge's guide, "Using resource-based policies").
 */
export function addTarget(
  scope: Construct,
  place: TargetPlace,
  rules: readonly DeliveringRule[],
): void {
  const { kind, arn } = place;
  const add = (more: Partial<RuleTargetConfig> = {}) => {
    for (const { rule, brings } of rules) {
      rule.addTarget(targetOf({ ...deliveryTo(arn, place.deadLetters), ...more }, place, brings));
    }
  };
  switch (kind) {
    case "queue":
    case "topic":
      add();
      return;
    case "function":
      for (const [index, { rule }] of rules.entries()) {
        new CfnPermission(scope, index === 0 ? "TargetPermission" : "ReplayPermission", {
          action: "lambda:InvokeFunction",
          functionName: arn,
          principal: "events.amazonaws.com",
          sourceArn: rule.ruleArn,
        });
      }
      add();
      return;
    case "event-bus":
    case "api-destination":
    case "state-machine":
    case "stream":
    case "delivery-stream": {
      const { account } = Stack.of(scope);
      const [first, ...others] = rules.map(({ name }) => ruleArnOf(scope, name));
      const role = new Role(scope, "TargetRole", {
        // By its name: the rule names the role, and neither may wait for the other.
        assumedBy: new ServicePrincipal("events.amazonaws.com", {
          conditions: {
            StringEquals: {
              "aws:SourceAccount": account,
              "aws:SourceArn": others.length === 0 ? first : [first, ...others],
            },
          },
        }),
      });
      role.addToPolicy(new PolicyStatement({ actions: [...ROLE_ACTIONS[kind]], resources: [arn] }));
      add({ role });
    }
  }
}

/** What a rule hands to a target, and by which key a FIFO queue and a stream keep its order. */
function targetOf(
  delivery: RuleTargetConfig,
  { kind, arn, route, group }: TargetPlace,
  brings: DeliveringRule["brings"],
): IRuleTarget {
  const detail = brings === "event" ? "$.detail" : "$.detail.detail";
  const key = { application: "applicationToken", event: "eventId" }[group ?? groupOf(route)];
  // EventBridge reads the path in the event itself, not in what the input makes of it ("Dynamic path parameters").
  const path = `${detail}.${key}`;
  return {
    bind: () => ({
      ...delivery,
      ...(kind === "queue" && isFifo(arn) && { sqsParameters: { messageGroupId: path } }),
      ...(kind === "stream" &&
        group !== undefined && { kinesisParameters: { partitionKeyPath: path } }),
      // Another bus takes an event as it is, and no input (EventBridge's reference, "PutTargets").
      ...(brings === "replay" &&
        kind !== "event-bus" && { input: RuleTargetInput.fromEventPath("$.detail") }),
    }),
  };
}

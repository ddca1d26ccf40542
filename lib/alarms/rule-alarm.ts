import { Duration } from "aws-cdk-lib";
import { ComparisonOperator, Metric } from "aws-cdk-lib/aws-cloudwatch";
import type { EventBus } from "aws-cdk-lib/aws-events";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import type { RouteId } from "../../lambdas/settings/routes.ts";
import type { AlertTopics } from "./alert-topics.ts";
import { dashboardLink, queueLink } from "./console-links.ts";
import { calculation } from "./metrics.ts";
import { RunbookAlarm } from "./runbook-alarm.ts";

export interface RuleAlarmProps {
  readonly alerts: AlertTopics;
  readonly ruleName: string;
  /** Further rules that put into the same dead-letter queue, and that have no alarm of their own. @default - none */
  readonly furtherRules?: readonly string[];
  readonly bus: EventBus;
  readonly deadLetters: IQueue;
  readonly fact: string;
  readonly impact: string;
}

/** Makes the alarm about a rule of the bus that does not deliver. */
export function makeRuleAlarm(scope: Construct, id: string, props: RuleAlarmProps): void {
  const { alerts, ruleName, furtherRules = [], bus, deadLetters, fact, impact } = props;
  const rules = [ruleName, ...furtherRules];
  const losses = lossesOf(bus, rules);
  new RunbookAlarm(scope, id, {
    alerts,
    severity: "page",
    fact,
    impact,
    because:
      "EventBridge has retried by the rule's retry policy before it gives an event up, so one is enough.",
    links: [queueLink("Dead letters", deadLetters), dashboardLink(scope)],
    metric: calculation(
      "failed deliveries and dead letters",
      `${losses.expression} + FILL(kept, 0)`,
      Duration.minutes(5),
      {
        ...losses.metrics,
        kept: deadLetters.metricApproximateNumberOfMessagesVisible({ statistic: "Maximum" }),
      },
    ),
    threshold: 1,
  });
}

/** What rules did not deliver, as a part of an expression, and its metrics. */
export function failuresOf(bus: EventBus, rules: readonly string[]) {
  const metrics = rules.flatMap((rule, index) => {
    const of = index === 0 ? "" : String(index);
    return [
      [`failed${of}`, ruleMetric(bus, rule, "FailedInvocations")] as const,
      // What neither the target nor the dead-letter queue took is gone.
      [`lost${of}`, ruleMetric(bus, rule, "InvocationsFailedToBeSentToDlq")] as const,
    ];
  });
  return {
    expression: metrics.map(([name]) => `FILL(${name}, 0)`).join(" + "),
    metrics: Object.fromEntries(metrics),
  };
}

/**
 * The same where the alarm looks at the rule's dead-letter queue. What EventBridge gives up is either there, or was not taken
 * there either and is counted as such. So the count of failed invocations says nothing that these two do not.
 */
function lossesOf(bus: EventBus, rules: readonly string[]): ReturnType<typeof failuresOf> {
  const metrics = rules.map(
    (rule, index) =>
      [
        `lost${index === 0 ? "" : index}`,
        ruleMetric(bus, rule, "InvocationsFailedToBeSentToDlq"),
      ] as const,
  );
  return {
    expression: metrics.map(([name]) => `FILL(${name}, 0)`).join(" + "),
    metrics: Object.fromEntries(metrics),
  };
}

/** A count of EventBridge's, of one rule. */
export function ruleMetric(bus: EventBus, RuleName: string, metricName: string): Metric {
  return new Metric({
    namespace: "AWS/Events",
    metricName,
    dimensionsMap: { EventBusName: bus.eventBusName, RuleName },
    statistic: "Sum",
  });
}

/** A program reads a route's queue within seconds. Above this nobody does, and SQS deletes the event after 14 days. */
const UNREAD = Duration.days(1);

export interface UnreadAlarmProps {
  readonly alerts: AlertTopics;
  readonly route: RouteId;
  readonly queue: IQueue;
}

/** Makes the alarm about a route's queue that nobody reads. `makeRuleAlarm` covers failing readers. */
export function makeUnreadAlarm(
  scope: Construct,
  { alerts, route, queue }: UnreadAlarmProps,
): void {
  new RunbookAlarm(scope, `route-unread-${route}`, {
    alerts,
    severity: "ticket",
    runbook: "route-unread",
    fact: `The oldest event in the queue of the route "${route}" is older than ${UNREAD.toHumanString()}.`,
    impact:
      "nobody reads that queue: the team behind it does not receive the event, and after 14 days SQS deletes it.",
    because:
      "a program reads the queue within seconds; a day leaves 13 days until SQS deletes the event.",
    links: [queueLink("The route's queue", queue), dashboardLink(scope)],
    metric: queue.metricApproximateAgeOfOldestMessage({
      statistic: "Maximum",
      period: Duration.minutes(5),
    }),
    threshold: UNREAD.toSeconds(),
    comparison: ComparisonOperator.GREATER_THAN_THRESHOLD,
  });
}

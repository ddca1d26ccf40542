import { Duration } from "aws-cdk-lib";
import type { EventBus } from "aws-cdk-lib/aws-events";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import type { RouteId } from "../../lambdas/settings/routes.ts";
import type { RouteTarget } from "../config/route-targets.ts";
import type { AlertTopics } from "./alert-topics.ts";
import { dashboardLink, queueLink } from "./console-links.ts";
import { calculation } from "./metrics.ts";
import { failuresOf, ruleMetric } from "./rule-alarm.ts";
import { makeAlarms } from "./runbook-alarm.ts";

export interface TargetAlarmsProps {
  readonly alerts: AlertTopics;
  readonly bus: EventBus;
  readonly deadLetters: IQueue;
  readonly route: RouteId;
  readonly target: RouteTarget;
  readonly ruleName: string;
  /** The rule by which people deliver to it again. */
  readonly replayRuleName: string;
}

/** Each of three windows of five minutes has a retry: a target that is up again within minutes wakes nobody. */
const RETRIED_WINDOWS = 3;

/** Makes the alarms about one target of a route: it takes no events now, and it lost one for good. */
export function makeTargetAlarms(scope: Construct, props: TargetAlarmsProps): void {
  const { alerts, bus, deadLetters, route, target, ruleName, replayRuleName } = props;
  const failures = failuresOf(bus, [ruleName, replayRuleName]);
  const around = { alerts, links: [queueLink("Dead letters", deadLetters), dashboardLink(scope)] };
  makeAlarms(scope, around, [
    {
      id: `target-failing-${route}-${target.name}`,
      runbook: "target-failing",
      severity: "page",
      fact: `EventBridge gave up at least one event of the route "${route}" for the target "${target.name}".`,
      impact: `the team behind "${target.name}" does not receive the event until somebody redrives it.`,
      because:
        "EventBridge has retried by the rule's retry policy before it gives an event up, so one is enough.",
      metric: calculation(
        "failed deliveries",
        failures.expression,
        Duration.minutes(5),
        failures.metrics,
      ),
      threshold: 1,
    },
    {
      id: `target-retried-${route}-${target.name}`,
      runbook: "target-retried",
      severity: "page",
      fact: `EventBridge has retried events of the route "${route}" for the target "${target.name}" for 15 minutes.`,
      impact: `the team behind "${target.name}" receives its events late; after a day of retries they are dead letters.`,
      because:
        "a restart of the target takes minutes; EventBridge retries for a day before target-failing rings.",
      metric: ruleMetric(bus, ruleName, "RetryInvocationAttempts").with({
        period: Duration.minutes(5),
      }),
      threshold: 1,
      of: RETRIED_WINDOWS,
    },
  ]);
}

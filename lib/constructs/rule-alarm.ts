import { Duration } from "aws-cdk-lib";
import { Metric } from "aws-cdk-lib/aws-cloudwatch";
import type { EventBus } from "aws-cdk-lib/aws-events";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import type { AlertTopics } from "./alert-topics.ts";
import { dashboardLink, queueLink } from "./console-links.ts";
import { calculation } from "./metrics.ts";
import { RunbookAlarm } from "./runbook-alarm.ts";

export interface RuleAlarmProps {
  readonly alerts: AlertTopics;
  readonly ruleName: string;
  readonly bus: EventBus;
  readonly deadLetters: IQueue;
  readonly fact: string;
  readonly impact: string;
}

/** Makes the alarm about a rule of the bus that does not deliver. */
export function makeRuleAlarm(scope: Construct, id: string, props: RuleAlarmProps): void {
  const { alerts, ruleName, bus, deadLetters, fact, impact } = props;
  new RunbookAlarm(scope, id, {
    alerts,
    severity: "page",
    fact,
    impact,
    links: [queueLink("Dead letters", deadLetters), dashboardLink(scope)],
    metric: calculation(
      "failed deliveries and dead letters",
      "FILL(failed, 0) + FILL(kept, 0)",
      Duration.minutes(5),
      {
        failed: new Metric({
          namespace: "AWS/Events",
          metricName: "FailedInvocations",
          dimensionsMap: { EventBusName: bus.eventBusName, RuleName: ruleName },
          statistic: "Sum",
        }),
        kept: deadLetters.metricApproximateNumberOfMessagesVisible({ statistic: "Maximum" }),
      },
    ),
    threshold: 1,
  });
}

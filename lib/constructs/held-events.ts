import { Duration } from "aws-cdk-lib";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { Construct } from "constructs";
import type { AlertTopics } from "../alarms/alert-topics.ts";
import { dashboardLink, queueLink } from "../alarms/console-links.ts";
import { RunbookAlarm } from "../alarms/runbook-alarm.ts";
import type { StageConfiguration } from "../config/stage-configuration.ts";
import { SecureQueue } from "./event-queue.ts";

export interface HeldEventsProps {
  readonly stage: StageConfiguration;
  readonly key: IKey | undefined;
  readonly alerts: AlertTopics;
}

/** A pause for a team's release is over within a day; the events end after 14 days. */
const LONG = Duration.days(1);

/** Takes the events of the routes that are paused. Only the operators' `route resume` reads it. */
export class HeldEvents extends Construct {
  readonly queue: SecureQueue;

  constructor(scope: Construct, id: string, { stage, key, alerts }: HeldEventsProps) {
    super(scope, id);
    this.queue = new SecureQueue(this, "Queue", { stage, key, logicalId: "HeldEventQueue" });
    new RunbookAlarm(this, "route-paused", {
      alerts,
      severity: "page",
      fact: `The oldest event of a paused route is older than ${LONG.toHumanString()}.`,
      impact:
        "the teams behind the route do not receive its events, and after 14 days SQS deletes them.",
      because:
        "a pause for a release ends within hours; a day leaves 13 days until SQS deletes the event.",
      links: [queueLink("The held events", this.queue), dashboardLink(this)],
      metric: this.queue.metricApproximateAgeOfOldestMessage({
        statistic: "Maximum",
        period: Duration.minutes(5),
      }),
      threshold: LONG.toSeconds(),
    });
  }
}

import type { EventBus } from "aws-cdk-lib/aws-events";
import { Construct } from "constructs";
import type { StageConfiguration } from "../config/stage-configuration.ts";
import type { AlertTopics } from "../alarms/alert-topics.ts";
import { dashboardLink, queueLink } from "../alarms/console-links.ts";
import { SecureQueue } from "./event-queue.ts";
import { RunbookAlarm } from "../alarms/runbook-alarm.ts";

export interface BusDeadLettersProps {
  readonly stage: StageConfiguration;
  readonly alerts: AlertTopics;
}

/**
 * Takes the events that EventBridge could not encrypt or decrypt. Without it they are gone (EventBridge's guide, "Using
 * dead-letter queues to capture encrypted event errors"). Not under that key itself: it may be the key that is disabled.
 */
export class BusDeadLetters extends Construct {
  readonly queue: SecureQueue;

  constructor(scope: Construct, id: string, { stage, alerts }: BusDeadLettersProps) {
    super(scope, id);
    this.queue = new SecureQueue(this, "Queue", {
      stage,
      key: undefined,
      logicalId: "BusDeadLetterQueue",
    });
    new RunbookAlarm(this, "bus-failing", {
      alerts,
      severity: "page",
      fact: "EventBridge could not encrypt or decrypt at least one event with the stage's key.",
      impact: "no team behind a route receives that event, and the next ones fail in the same way.",
      because: "each such event is lost to its team until somebody acts, so one is enough.",
      links: [queueLink("Dead letters", this.queue), dashboardLink(this)],
      metric: this.queue.metricApproximateNumberOfMessagesVisible({ statistic: "Maximum" }),
      threshold: 1,
    });
  }

  /** Lets EventBridge send for the bus, which is made after its queue. */
  allow({ eventBusArn }: EventBus): void {
    this.queue.allowEventBridge(eventBusArn);
  }
}

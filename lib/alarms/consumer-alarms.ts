import { Duration } from "aws-cdk-lib";
import { ComparisonOperator } from "aws-cdk-lib/aws-cloudwatch";
import type { Construct } from "constructs";
import { CONCURRENCY, QUEUE } from "../../lambdas/settings/limits.ts";
import { METRICS } from "../../lambdas/settings/metrics.ts";
import type { MetricName } from "../../lambdas/settings/metrics.ts";
import type { StageConfiguration } from "../config/stage-configuration.ts";
import type { AlertTopics } from "./alert-topics.ts";
import { dashboardLink, logsLink, queueLink } from "./console-links.ts";
import type { EventQueue } from "../constructs/event-queue.ts";
import { calculation, ourMetric } from "./metrics.ts";
import type { NodeFunction } from "../constructs/node-function.ts";
import { EVENTS_TOO_OLD_MS } from "../proofs/time-limits.ts";
import { makeAlarms, ONE_OF_TWO } from "./runbook-alarm.ts";

/** More than the consumer holds at once: what is above that waits. */
const WAITING = QUEUE.batchSize * CONCURRENCY.eventSource;

/**
 * Four days. Of the 14 the time before the move is gone too: minutes as a rule, days after an outage of days. CloudWatch
 * looks back for seven days at most.
 */
const UNATTENDED_WINDOW = Duration.hours(6);
const UNATTENDED_WINDOWS = 16;

const { GREATER_THAN_THRESHOLD } = ComparisonOperator;
const MINUTE = Duration.minutes(1);

export interface ConsumerAlarmsProps {
  readonly stage: StageConfiguration;
  readonly alerts: AlertTopics;
  readonly queue: EventQueue;
  readonly function: NodeFunction;
}

/** Makes the alarms about what waits, what fails and what comes twice. */
export function makeConsumerAlarms(scope: Construct, props: ConsumerAlarmsProps): void {
  makeQueueAlarms(scope, props);
  makeEventAlarms(scope, props);
}

function makeQueueAlarms(scope: Construct, props: ConsumerAlarmsProps): void {
  const { alerts, queue } = props;
  const { events, deadLetters } = queue;
  const logs = logsLink("Logs of consumer", props.function.logGroup);
  const dashboard = dashboardLink(scope);

  makeAlarms(scope, { alerts, links: [logs, dashboard] }, [
    {
      id: "dead-letters-not-empty",
      severity: "page",
      fact: "At least one event is in the dead-letter queue.",
      impact:
        "the teams behind the bus have not received a decision of Alloy, and will not until somebody redrives the event.",
      links: [queueLink("Dead letters", deadLetters), logs, dashboard],
      because:
        "what is in the queue counts. What was sent there leaves out moves by redrive, and what is in flight flaps.",
      metric: deadLetters.metricApproximateNumberOfMessagesVisible({
        statistic: "Maximum",
        period: MINUTE,
      }),
      threshold: 1,
    },

    {
      id: "dead-letters-expiring",
      severity: "page",
      fact: "The dead-letter queue has not been empty for four days; SQS keeps an event for 14, counted from its first sending.",
      impact:
        "when the 14 days are over, SQS deletes the event, and what Alloy decided about that application never reaches anyone.",
      links: [queueLink("Dead letters", deadLetters), logs, dashboard],
      because:
        "SQS's own age of the oldest message begins with the move here, and leaves out what was received three times. What somebody looks at is not visible for three minutes, so the most of six hours counts.",
      metric: deadLetters.metricApproximateNumberOfMessagesVisible({
        statistic: "Maximum",
        period: UNATTENDED_WINDOW,
      }),
      threshold: 1,
      of: UNATTENDED_WINDOWS,
    },

    {
      id: "events-too-old",
      severity: "page",
      fact: "The oldest event in the queue is older than five minutes, in three of the last five.",
      impact: "Alloy's decisions reach the teams behind the bus late.",
      links: [queueLink("Events", events), logs, dashboard],
      because:
        "five minutes are more than one round of visibility (3 min), so a single retry is no incident. SQS leaves out what it has handed over three times: dead-letters-not-empty sees that.",
      metric: events.metricApproximateAgeOfOldestMessage({ statistic: "Maximum", period: MINUTE }),
      threshold: EVENTS_TOO_OLD_MS / 1_000,
      comparison: GREATER_THAN_THRESHOLD,
      datapoints: 3,
      of: 5,
    },

    {
      id: "events-not-draining",
      severity: "ticket",
      fact: `For ten minutes more than ${WAITING} events have waited, and fewer were processed than arrived.`,
      impact: "the backlog grows, and Alloy's decisions arrive later and later.",
      links: [queueLink("Events", events), logs, dashboard],
      because:
        "what waits above the batches in flight is a backlog only while fewer events leave than arrive.",
      metric: calculation(
        "waiting events while fewer leave than arrive",
        "IF(deleted < sent, waiting, 0)",
        Duration.minutes(10),
        {
          waiting: events.metricApproximateNumberOfMessagesVisible({ statistic: "Minimum" }),
          sent: events.metricNumberOfMessagesSent({ statistic: "Sum" }),
          deleted: events.metricNumberOfMessagesDeleted({ statistic: "Sum" }),
        },
      ),
      threshold: WAITING,
      comparison: GREATER_THAN_THRESHOLD,
    },
  ]);
}

function makeEventAlarms(scope: Construct, props: ConsumerAlarmsProps): void {
  const { stage, alerts, queue } = props;
  const logs = logsLink("Logs of consumer", props.function.logGroup);
  const dashboard = dashboardLink(scope);
  const sum = (name: MetricName) => ourMetric(stage, name, "Sum");

  makeAlarms(scope, { alerts, links: [logs, dashboard] }, [
    {
      id: "consumer-failing",
      severity: "ticket",
      fact: "More than 1 % of the events processed in five minutes failed, out of at least five.",
      impact: "each failed event is retried up to six times, and is then dead-lettered.",
      links: [logs, queueLink("Events", queue.events), dashboard],
      because:
        "an invocation that dies says nothing about its records, but Lambda counts its error: one is one. Below five records, one poison pill is a large share.",
      metric: calculation(
        "failed records, %",
        "IF(FILL(handled, 0) + FILL(errors, 0) >= 5, 100 * (FILL(failed, 0) + FILL(errors, 0)) / (FILL(handled, 0) + FILL(errors, 0)), 0)",
        Duration.minutes(5),
        {
          handled: sum(METRICS.recordsHandled),
          failed: sum(METRICS.recordsFailed),
          errors: props.function.function.metricErrors({ statistic: "Sum" }),
        },
      ),
      threshold: 1,
      ...ONE_OF_TWO,
      comparison: GREATER_THAN_THRESHOLD,
    },

    {
      id: "events-in-conflict",
      severity: "ticket",
      fact: "More than 1 % of the events in 15 minutes, and at least three, were already being processed by another invocation.",
      impact:
        "no event is lost, because each is retried later; but SQS delivers events twice, or many duplicates arrive at once.",
      links: [logs, queueLink("Events", queue.events), dashboard],
      because: "one or two are an attempt of Alloy that overtook another.",
      metric: calculation(
        "events in conflict, %",
        // One or two are an attempt of Alloy that overtook another.
        "IF(FILL(conflicts, 0) >= 3, 100 * conflicts / handled, 0)",
        Duration.minutes(15),
        { conflicts: sum(METRICS.eventsInConflict), handled: sum(METRICS.recordsHandled) },
      ),
      threshold: 1,
      ...ONE_OF_TWO,
      comparison: GREATER_THAN_THRESHOLD,
    },

    {
      id: "events-unrecognised",
      severity: "ticket",
      fact: "In the last hour Alloy sent at least one event that its documentation does not describe.",
      impact:
        "the event is stored and published as unrecognised, but it changed no application, because its meaning is unknown.",
      links: [logs, dashboard],
      because: "one event is enough: its meaning is unknown, and it may be a decision.",
      metric: ourMetric(stage, METRICS.eventsUnrecognised, "Sum", Duration.hours(1)),
      threshold: 1,
    },

    {
      id: "environment-mixed",
      severity: "ticket",
      fact: `In the last hour at least one webhook, submission or answer of Alloy named another environment than ${stage.environment}.`,
      impact: "such events are not published; the right stage may not have received them.",
      links: [logs, dashboard],
      because: "one is enough: the account, the key or the address belongs to another stage.",
      metric: ourMetric(stage, METRICS.environmentMixed, "Sum", Duration.hours(1)),
      threshold: 1,
    },

    {
      id: "duplicates-high",
      severity: "ticket",
      fact: "More than a fifth of the webhooks in 15 minutes were duplicates. The alarm needs at least 20 webhooks.",
      impact:
        "no event takes effect twice; but Alloy believes that its deliveries fail, and each failure counts towards its switch-off of the endpoint.",
      links: [logs, dashboard],
      because:
        "Alloy repeats a webhook only when it believes that it failed. Below 20 webhooks, a few attempts are a large share.",
      metric: calculation(
        "duplicate webhooks, %",
        "IF(FILL(received, 0) >= 20, 100 * FILL(duplicates, 0) / received, 0)",
        Duration.minutes(15),
        { received: sum(METRICS.webhooksReceived), duplicates: sum(METRICS.eventsDuplicate) },
      ),
      threshold: 20,
      ...ONE_OF_TWO,
      comparison: GREATER_THAN_THRESHOLD,
    },

    {
      id: "webhooks-repaired",
      severity: "ticket",
      fact: "In the last 15 minutes the poller recovered at least one event whose webhook had not arrived.",
      impact: "the event took effect late. A webhook was lost.",
      links: [logs, dashboard],
      because: "one lost webhook is worth a look in the morning.",
      metric: ourMetric(stage, METRICS.eventsHealed, "Sum", Duration.minutes(15)),
      threshold: 1,
    },

    {
      id: "webhooks-repaired-often",
      severity: "page",
      fact: "In the last 15 minutes the poller recovered at least five events whose webhooks had not arrived.",
      impact: "many webhooks are lost; decisions arrive by polling, minutes to hours late.",
      links: [logs, dashboard],
      because: "five in 15 minutes are no accident.",
      metric: ourMetric(stage, METRICS.eventsHealed, "Sum", Duration.minutes(15)),
      threshold: 5,
      ...ONE_OF_TWO,
    },
  ]);
}

import { Duration } from "aws-cdk-lib";
import { ComparisonOperator, Metric } from "aws-cdk-lib/aws-cloudwatch";
import type { IMetric } from "aws-cdk-lib/aws-cloudwatch";
import type { CfnScheduleGroup } from "aws-cdk-lib/aws-scheduler";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { GAP, POLLER } from "../../lambdas/settings/limits.ts";
import { METRICS } from "../../lambdas/settings/metrics.ts";
import type { StageConfiguration } from "../config/stage-configuration.ts";
import type { AlertTopics } from "./alert-topics.ts";
import { dashboardLink, logsLink, queueLink } from "./console-links.ts";
import { calculation, ourMetric } from "./metrics.ts";
import type { NodeFunction } from "../constructs/node-function.ts";
import { makeAlarms, ONE_OF_TWO } from "./runbook-alarm.ts";

/**
 * A failed check is repeated within `POLLER.longestRetryMs`, an hour: in the last two hours there is always one
 * that shows it, as long as it lasts.
 */
const RETRIED = Duration.millis(POLLER.longestRetryMs);

/** So many moves at Alloy without a webhook are no accident. */
const SILENT_TRANSITIONS = 3;

const { GREATER_THAN_THRESHOLD, LESS_THAN_THRESHOLD } = ComparisonOperator;

export interface PollerAlarmsProps {
  readonly stage: StageConfiguration;
  readonly alerts: AlertTopics;
  readonly function: NodeFunction;
  readonly deadLetters: IQueue;
  /** Says of each window whether the stack was there. */
  readonly events: IQueue;
  readonly scheduleGroup: CfnScheduleGroup;
}

/** Makes the alarms about what Alloy has and we have not, and about the poller, which sees it. */
export function makePollerAlarms(scope: Construct, props: PollerAlarmsProps): void {
  makeTruthAlarms(scope, props);
  makeAnswerAlarms(scope, props);
  makeWatchdogAlarms(scope, props);
}

/** Moves that the poller saw at Alloy in half an hour in which no webhook came; 0 when one came. */
export function silence(stage: StageConfiguration): IMetric {
  return calculation(
    "changes at Alloy without a webhook",
    // A metric that never came is a zero too: it works at zero traffic.
    "IF(FILL(received, 0) == 0, FILL(seen, 0), 0)",
    Duration.minutes(30),
    {
      seen: ourMetric(stage, METRICS.transitionsUnheard, "Sum"),
      received: ourMetric(stage, METRICS.webhooksReceived, "Sum"),
    },
  );
}

/** Makes the alarms about whom and what Alloy's API answers. */
function makeAnswerAlarms(scope: Construct, props: PollerAlarmsProps): void {
  const { stage, alerts } = props;
  const links = [logsLink("Logs of poller", props.function.logGroup), dashboardLink(scope)];

  makeAlarms(scope, { alerts, links }, [
    {
      id: "applications-unknown",
      severity: "page",
      fact: "In a run of the last hour, the server at Alloy's address knew none of the applications of the run.",
      impact:
        "lost webhooks are not found, and delivery-gap cannot fire: the key or the address of Alloy's API is wrong.",
      because:
        "a failed check is repeated within an hour, so the last two hours show it as long as it lasts.",
      metric: ourMetric(stage, METRICS.runsKnowingNone, "Sum", RETRIED),
      threshold: 1,
      ...ONE_OF_TWO,
    },

    {
      id: "applications-unchecked",
      severity: "ticket",
      fact: `In the last hour at least one application could not be checked for the ${POLLER.failuresToCount}th time in a row or more, while Alloy answered for others.`,
      impact: "if an application's webhook is lost, Alloy's decision stays unknown here.",
      because:
        "a failed check is repeated within an hour, so the last two hours show it as long as it lasts.",
      metric: ourMetric(stage, METRICS.applicationsUnchecked, "Sum", RETRIED),
      threshold: 1,
      ...ONE_OF_TWO,
    },

    {
      id: "events-left",
      severity: "ticket",
      fact: `In the last hour an application missed more than ${GAP.mostQueuedPerCheck} events, the most that one check queues.`,
      impact:
        "the application's older events are recorded by later checks; Alloy's answer may be longer than it should be.",
      because:
        "a check that leaves events is repeated within an hour, so the last two hours show it as long as it lasts.",
      metric: ourMetric(stage, METRICS.eventsLeft, "Sum", RETRIED),
      threshold: 1,
      ...ONE_OF_TWO,
    },

    {
      id: "status-unrecognised",
      severity: "ticket",
      fact: "In the last day Alloy answered at least once with a status that its documentation does not describe.",
      impact:
        "the application's status stays as its events say; if the new status is final, it is not published.",
      because: "each open application is checked once a day at least, so a day shows them all.",
      metric: ourMetric(stage, METRICS.statusesUnrecognised, "Sum", Duration.days(1)),
      threshold: 1,
    },
  ]);
}

function makeTruthAlarms(scope: Construct, props: PollerAlarmsProps): void {
  const { stage, alerts } = props;
  const rate = Duration.millis(stage.polling.rateMs);
  const links = [logsLink("Logs of poller", props.function.logGroup), dashboardLink(scope)];

  makeAlarms(scope, { alerts, links }, [
    {
      id: "delivery-gap",
      severity: "page",
      fact: `Alloy has events of at least one application that have not taken effect here for more than ${Duration.millis(stage.gaps.thresholdMs).toHumanString()}.`,
      impact: "people wait for a decision that Alloy has made and our systems do not know.",
      because:
        "the poller counts a gap only once it has lasted for the stage's threshold, so one is enough.",
      metric: ourMetric(stage, METRICS.deliveryGaps, "Maximum", rate),
      threshold: 1,
    },

    {
      id: "webhooks-silent",
      severity: "page",
      fact: `For 30 minutes no webhook arrived, while the poller saw at least ${SILENT_TRANSITIONS} status changes at Alloy.`,
      impact:
        "decisions arrive only by polling, hours late. Alloy's webhook is disabled, or the endpoint's address, certificate or API is broken.",
      because:
        "so many changes at Alloy without a webhook are no accident. The metric works at zero traffic.",
      metric: silence(stage),
      threshold: SILENT_TRANSITIONS,
      ...ONE_OF_TWO,
    },

    {
      id: "applications-stale",
      severity: "ticket",
      fact: `In the last day the poller checked at least one application that has been open for more than ${Duration.millis(stage.gaps.staleAfterMs).toHumanString()}.`,
      impact: "applications never time out, so it stays open; a person may have been forgotten.",
      because: "each open application is checked once a day at least, so a day shows them all.",
      metric: ourMetric(stage, METRICS.applicationsStale, "Sum", Duration.days(1)),
      threshold: 1,
    },
  ]);
}

function makeWatchdogAlarms(scope: Construct, props: PollerAlarmsProps): void {
  const { stage, alerts, deadLetters, scheduleGroup } = props;
  const rate = Duration.millis(stage.polling.rateMs);
  // In a shorter one the newest value is still on its way.
  const silentWindow = Duration.minutes(Math.max(rate.toMinutes(), 5));
  const links = [logsLink("Logs of poller", props.function.logGroup), dashboardLink(scope)];
  const handlesInvestigations = stage.investigations === "on";
  const oneInVain = handlesInvestigations
    ? "IF(FILL(refused, 0) > 0 OR FILL(unlisted, 0) > 0, 100, "
    : "IF(FILL(refused, 0) > 0, 100, ";
  const ofTheSchedule = (metricName: string) =>
    new Metric({
      namespace: "AWS/Scheduler",
      metricName,
      dimensionsMap: { ScheduleGroup: scheduleGroup.ref },
      statistic: "Sum",
    });

  makeAlarms(scope, { alerts, links }, [
    {
      id: "poller-silent",
      severity: "page",
      fact: `The poller has not ended a run in three windows of ${silentWindow.toHumanString()}; it runs every ${rate.toHumanString()}.`,
      impact: "a lost webhook stays lost, and no other alarm about lost webhooks can fire.",
      links: [...links, queueLink("Events", props.events)],
      because:
        "CloudWatch would look further back for data that is missing, and ring two periods late, so missing data is filled. SQS measures the queue each minute: a window in which it hardly did is older than the stack, and a new stack is not silent.",
      metric: calculation("runs", "IF(FILL(measured, 0) < 3, 1, FILL(runs, 0))", silentWindow, {
        runs: ourMetric(stage, METRICS.pollerRuns, "Sum"),
        measured: props.events.metricApproximateNumberOfMessagesVisible({
          statistic: "SampleCount",
        }),
      }),
      threshold: 1,
      comparison: LESS_THAN_THRESHOLD,
      of: 3,
      missingData: "silence",
    },

    {
      id: "poller-behind",
      severity: "ticket",
      fact: "The poller did not check at least one application that has been due for two of its periods.",
      impact:
        "the poller finds a lost webhook later than promised, because it has too few calls or too little time.",
      because: "the poller counts only what has been due for two of its periods, so one is enough.",
      metric: ourMetric(stage, METRICS.applicationsBehind, "Maximum", rate),
      threshold: 1,
    },

    {
      id: "alloy-api-failing",
      severity: "ticket",
      fact: "In 15 minutes more than a fifth of the calls to Alloy's API failed, or one got 401, or Alloy's list of Investigations could not be read.",
      impact: "lost webhooks are found late or not at all, and delivery-gap cannot fire.",
      because:
        "a single failed call is repeated by the next check; a fifth of the calls is an outage. One 401 counts as all, because Alloy refuses the key.",
      metric: calculation(
        "calls to Alloy that failed, % (one 401 counts as all)",
        `${oneInVain}IF(FILL(calls, 0) > 0, 100 * FILL(failed, 0) / calls, 0))`,
        Duration.minutes(15),
        {
          calls: ourMetric(stage, METRICS.alloyCalls, "Sum"),
          failed: ourMetric(stage, METRICS.alloyCallsFailed, "Sum"),
          refused: ourMetric(stage, METRICS.alloyCallsUnauthorized, "Sum"),
          ...(handlesInvestigations && {
            unlisted: ourMetric(stage, METRICS.investigationsUnlisted, "Sum"),
          }),
        },
      ),
      threshold: 20,
      ...ONE_OF_TWO,
      comparison: GREATER_THAN_THRESHOLD,
    },

    {
      id: "schedule-failing",
      severity: "ticket",
      fact: "At least one start of the poller or of the daily statement failed permanently, or a run ended in an error.",
      impact:
        "one run of the poller was skipped, or a day has no statement. If this continues, poller-silent pages.",
      links: [queueLink("Failed starts", deadLetters), ...links],
      because: "Scheduler repeats a start before it fails permanently, so one is enough.",
      metric: calculation(
        "starts and runs that failed",
        "FILL(kept, 0) + FILL(dropped, 0) + FILL(unkept, 0)",
        Duration.minutes(5),
        {
          kept: deadLetters.metricApproximateNumberOfMessagesVisible({ statistic: "Maximum" }),
          dropped: ofTheSchedule("InvocationDroppedCount"),
          unkept: ofTheSchedule("InvocationsFailedToBeSentToDeadLetterCount"),
        },
      ),
      threshold: 1,
    },
  ]);
}

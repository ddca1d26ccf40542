import { Duration } from "aws-cdk-lib";
import { ComparisonOperator } from "aws-cdk-lib/aws-cloudwatch";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { METRICS } from "../../lambdas/settings/metrics.ts";
import type { StageConfiguration } from "../config/stage-configuration.ts";
import type { NodeFunction } from "../constructs/node-function.ts";
import type { AlertTopics } from "./alert-topics.ts";
import { dashboardLink, logsLink, queueLink } from "./console-links.ts";
import { calculation, ourMetric } from "./metrics.ts";
import { makeAlarms } from "./runbook-alarm.ts";

const DAY = Duration.days(1);

/** SQS measures a queue each minute: of a whole day, nearly all of them. */
const MEASURED = 1_300;

/** Makes the alarms about what the daily statement says, and about a day without one. */
export function makeStatementAlarms(
  scope: Construct,
  props: {
    readonly stage: StageConfiguration;
    readonly alerts: AlertTopics;
    readonly function: NodeFunction;
    /** Says of each day whether the stack was there. */
    readonly events: IQueue;
  },
): void {
  const { stage, alerts, events } = props;
  const links = [logsLink("Logs of statement", props.function.logGroup), dashboardLink(scope)];

  makeAlarms(scope, { alerts, links }, [
    {
      id: "completeness-low",
      severity: "ticket",
      fact: "The last daily statement says that applications which do not agree with Alloy use up the month's error budget too fast.",
      impact:
        "of some applications nobody can say within 24 hours that they are as Alloy has them; an auditor reads that in the statement.",
      because:
        "the statement divides by the error budget itself: above 1 the month ends without any left.",
      metric: ourMetric(stage, METRICS.errorBudgetBurn, "Maximum", DAY),
      threshold: 1,
    },

    {
      id: "statement-missing",
      severity: "ticket",
      fact: "No daily statement was made for two days.",
      impact:
        "those days have no signed statement, and nobody can make one later that has all of their applications.",
      links: [...links, queueLink("Events", events)],
      because:
        "one day begins without a statement, and the next one may be late by minutes, so two days count. A day in which the queue was measured less is older than the stack, or has just begun.",
      metric: calculation(
        "statements",
        `IF(FILL(measured, 0) < ${MEASURED}, 1, FILL(made, 0))`,
        DAY,
        {
          made: ourMetric(stage, METRICS.completeness, "SampleCount"),
          measured: events.metricApproximateNumberOfMessagesVisible({ statistic: "SampleCount" }),
        },
      ),
      threshold: 1,
      comparison: ComparisonOperator.LESS_THAN_THRESHOLD,
      of: 2,
      missingData: "silence",
    },
  ]);
}

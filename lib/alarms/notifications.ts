import { Duration } from "aws-cdk-lib";
import { Alarm, ComparisonOperator, MathExpression } from "aws-cdk-lib/aws-cloudwatch";
import type { IMetric, Metric } from "aws-cdk-lib/aws-cloudwatch";
import { Construct } from "constructs";
import {
  JOURNEY_DIMENSION,
  METRICS,
  OUTCOME_DIMENSION,
  RULE_DIMENSION,
} from "../../lambdas/settings/metrics.ts";
import type { CountedOutcome, MetricName } from "../../lambdas/settings/metrics.ts";
import { factOf, wholeOf } from "./notification-facts.ts";
import { countedOutcomeOf, percentileOf, ruleAlarmIdOf } from "../config/notification-rules.ts";
import type { AnomalyRule, NotificationRule, PercentRule } from "../config/notification-rules.ts";
import type { StageConfiguration } from "../config/stage-configuration.ts";
import type { AlertTopics, Recipient } from "./alert-topics.ts";
import { dashboardLink } from "./console-links.ts";
import { calculation, ourMetric } from "./metrics.ts";
import type { Statistic } from "./metrics.ts";
import { ONE_OF_TWO, RunbookAlarm } from "./runbook-alarm.ts";
import type { RunbookAlarmProps } from "./runbook-alarm.ts";

export interface NotificationsProps {
  readonly stage: StageConfiguration;
  readonly alerts: AlertTopics;
}

/** What a rule watches, and when that is out of the ordinary. */
type Watched = Pick<RunbookAlarmProps, "metric" | "threshold" | "comparison" | "of" | "datapoints">;

const { GREATER_THAN_THRESHOLD, LESS_THAN_THRESHOLD } = ComparisonOperator;
const { GREATER_THAN_OR_EQUAL_TO_THRESHOLD, LESS_THAN_OR_EQUAL_TO_THRESHOLD } = ComparisonOperator;

/** An alarm for each rule of `notifications`, all with one runbook: what to do stands in the rule. */
export class Notifications extends Construct {
  constructor(scope: Construct, id: string, { stage, alerts }: NotificationsProps) {
    super(scope, id);
    for (const rule of stage.notifications) {
      new RunbookAlarm(this, ruleAlarmIdOf(rule), {
        alerts,
        severity: recipientOf(rule),
        runbook: "notification",
        fact: factOf(rule),
        impact: `the outcomes are unusual, but no event is lost. ${rule.who}`,
        because: "a rule of the stage says so.",
        links: [dashboardLink(this)],
        ...watched(stage, rule),
      });
    }
  }
}

function recipientOf({ tell }: NotificationRule): Recipient {
  return tell === "page" || tell === "ticket" ? tell : { team: tell };
}

function watched(stage: StageConfiguration, rule: NotificationRule): Watched {
  const { kind } = rule;
  const window = Duration.millis(rule.windowMs);
  switch (kind) {
    case "count":
      return {
        metric: total(stage, rule, rule.of, window),
        threshold: rule.moreThan,
        comparison: GREATER_THAN_THRESHOLD,
        ...ONE_OF_TWO,
      };
    case "percent":
      return {
        metric: share(stage, rule, window),
        threshold: rule.percent,
        comparison: rule.is === "above" ? GREATER_THAN_THRESHOLD : LESS_THAN_THRESHOLD,
        ...ONE_OF_TWO,
      };
    case "percentChange": {
      const rises = rule.change === "rises";
      return {
        // Once a run of the poller, which compares the windows: metric math cannot look back (decision 0019).
        metric: ourMetric(
          stage,
          METRICS.outcomeChange,
          rises ? "Maximum" : "Minimum",
          Duration.millis(stage.polling.rateMs),
          { [RULE_DIMENSION]: rule.name },
        ),
        threshold: rises ? rule.byPercent : -rule.byPercent,
        comparison: rises ? GREATER_THAN_OR_EQUAL_TO_THRESHOLD : LESS_THAN_OR_EQUAL_TO_THRESHOLD,
        ...ONE_OF_TWO,
      };
    }
    case "anomaly":
      return {
        metric: band(stage, rule, window),
        threshold: Alarm.ANOMALY_DETECTION_NO_THRESHOLD,
        comparison: LEAVES[rule.is],
        // The newest window lacks what is on its way, and would be below by itself.
        ...(rule.is === "above" ? ONE_OF_TWO : { of: 2 }),
      };
    case "timeToDecision": {
      const [journey] = rule.journeys ?? [];
      const times = (statistic: Statistic) =>
        one(stage, METRICS.timeToDecision, statistic, window, journey);
      return {
        metric: calculation(
          `${rule.percentile} of the time to decision, ms`,
          `IF(FILL(decided, 0) >= ${rule.atLeast}, FILL(took, 0), 0)`,
          window,
          { decided: times("SampleCount"), took: times(rule.percentile) },
        ),
        threshold: rule.longerThanMs,
        comparison: GREATER_THAN_THRESHOLD,
        ...ONE_OF_TWO,
      };
    }
  }
}

const LEAVES: Readonly<Record<AnomalyRule["is"], ComparisonOperator>> = {
  above: ComparisonOperator.GREATER_THAN_UPPER_THRESHOLD,
  below: ComparisonOperator.LESS_THAN_LOWER_THRESHOLD,
  outside: ComparisonOperator.LESS_THAN_LOWER_OR_GREATER_THAN_UPPER_THRESHOLD,
};

/** Applications that came to an outcome, in all Journeys or in the rule's, taken together. */
function total(
  stage: StageConfiguration,
  { journeys = [] }: NotificationRule,
  outcome: CountedOutcome,
  window: Duration,
): IMetric {
  const [first, ...others] = journeys;
  if (others.length === 0) {
    return one(stage, METRICS.applicationsByOutcome, "Sum", window, first, outcome);
  }
  const { expression, metrics } = sum("journey", stage, journeys, outcome);
  return calculation(`${outcome}, in ${journeys.length} Journeys`, expression, window, metrics);
}

/** The share of an outcome, in per cent; of too few applications a value that never rings. */
function share(stage: StageConfiguration, rule: PercentRule, window: Duration): IMetric {
  const journeys = rule.journeys ?? [undefined];
  const part = sum("part", stage, journeys, rule.of);
  const whole = sum("whole", stage, journeys, wholeOf(rule.of));
  const all = `(${whole.expression})`;
  const silent = rule.is === "above" ? 0 : 100;
  return calculation(
    `${rule.of}, % of ${wholeOf(rule.of)}`,
    `IF(${all} >= ${rule.atLeast}, 100 * (${part.expression}) / ${all}, ${silent})`,
    window,
    { ...part.metrics, ...whole.metrics },
  );
}

function sum(
  prefix: string,
  stage: StageConfiguration,
  journeys: readonly (string | undefined)[],
  outcome: CountedOutcome,
): { readonly expression: string; readonly metrics: Readonly<Record<string, Metric>> } {
  const metrics = Object.fromEntries(
    journeys.map((journey, index) => [
      `${prefix}${index}`,
      // The window is the calculation's.
      one(stage, METRICS.applicationsByOutcome, "Sum", Duration.minutes(5), journey, outcome),
    ]),
  );
  const expression = Object.keys(metrics)
    .map((name) => `FILL(${name}, 0)`)
    .join(" + ");
  return { expression, metrics };
}

/** The band that CloudWatch has learnt of an outcome's count, or of a percentile of the time to decision. */
function band(stage: StageConfiguration, rule: AnomalyRule, window: Duration): IMetric {
  const [journey] = rule.journeys ?? [];
  const percentile = percentileOf(rule.of);
  const measured =
    percentile === undefined
      ? one(stage, METRICS.applicationsByOutcome, "Sum", window, journey, countedOutcomeOf(rule.of))
      : one(stage, METRICS.timeToDecision, percentile, window, journey);
  return new MathExpression({
    label: `${rule.of}, as expected`,
    expression: `ANOMALY_DETECTION_BAND(measured, ${rule.deviations})`,
    period: window,
    usingMetrics: { measured },
  });
}

function one(
  stage: StageConfiguration,
  name: MetricName,
  statistic: Statistic,
  window: Duration,
  journey: string | undefined,
  outcome?: CountedOutcome,
): Metric {
  return ourMetric(stage, name, statistic, window, {
    ...(journey !== undefined && { [JOURNEY_DIMENSION]: journey }),
    ...(outcome !== undefined && { [OUTCOME_DIMENSION]: outcome }),
  });
}

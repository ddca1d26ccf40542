import { Duration, Stack } from "aws-cdk-lib";
import { Column, Dashboard, PeriodOverride, Row, TextWidget } from "aws-cdk-lib/aws-cloudwatch";
import type { IMetric, IWidget, Metric } from "aws-cdk-lib/aws-cloudwatch";
import { Construct } from "constructs";
import { ALLOY_SWITCH_OFF_FAILURES } from "../../lambdas/settings/limits.ts";
import { METRICS } from "../../lambdas/settings/metrics.ts";
import type { MetricName } from "../../lambdas/settings/metrics.ts";
import type { AlertTopics } from "../alarms/alert-topics.ts";
import { dashboardNameOf } from "../alarms/console-links.ts";
import { intake, outcomes, outcomesByJourney, processing } from "./dashboard-events.ts";
import { MAXIMUM, pollingPeriod, whereLooked } from "./dashboard-metrics.ts";
import type { Parts } from "./dashboard-metrics.ts";
import { cost, polling } from "./dashboard-upkeep.ts";
import {
  AlarmsWidget,
  numberWidget,
  runbookLink,
  sectionWidgets,
  SHOWN_PERIOD,
} from "./dashboard-widgets.ts";
import type { Section } from "./dashboard-widgets.ts";
import type { IntegrationHealth } from "../alarms/integration-health.ts";
import { calculation, ourMetric } from "../alarms/metrics.ts";
import { silence } from "../alarms/poller-alarms.ts";

export interface PipelineDashboardProps extends Parts {
  readonly alerts: AlertTopics;
  readonly health: IntegrationHealth;
}

/** One page for someone who has never seen it: is it healthy; and if not, where it began. */
export class PipelineDashboard extends Construct {
  constructor(scope: Construct, id: string, props: PipelineDashboardProps) {
    super(scope, id);
    const { stage, alerts, health } = props;

    new Dashboard(this, "Dashboard", {
      dashboardName: dashboardNameOf(Stack.of(this)),
      defaultInterval: Duration.days(1),
      // The titles name the periods: what is "per 5 min" stays so when somebody zooms.
      periodOverride: PeriodOverride.INHERIT,
      widgets: [
        [introduction(props)],
        [
          new Row(
            new Column(
              new AlarmsWidget("Wake somebody", 5, alerts.alarms("page")),
              new AlarmsWidget("Can wait until the morning; deployment-… notify nobody", 4, [
                ...alerts.alarms("ticket"),
                ...health.suppressors,
              ]),
            ),
            ...columnsOf(vitalSigns(props)),
          ),
        ],
        ...rules(alerts),
        ...sectionsOf(props).map((section) => sectionWidgets(section, stage.alarms.runbooksUrl)),
      ],
    });
  }
}

/** The rows below "is it healthy", from top to bottom as an event goes. */
function sectionsOf(parts: Parts): readonly Section[] {
  return [
    intake(parts),
    processing(parts),
    outcomes(parts),
    ...outcomesByJourney(parts),
    polling(parts),
    cost(parts),
  ];
}

function introduction({ stage: { stage, alarms } }: Parts): TextWidget {
  return new TextWidget({
    width: 24,
    height: 2,
    markdown: [
      `# Alloy's Journey webhooks: ${stage}`,
      [
        "**Healthy** means: every alarm is OK, and each number is as its title says.",
        `If not, open the alarm's runbook. ${runbookLink("integration-unhealthy", alarms.runbooksUrl)} covers all of them.`,
      ].join(" "),
      "",
      "The rows below follow an event: intake, processing, decisions, comparison with Alloy, cost. In which row did the fault begin?",
    ].join("\n"),
  });
}

/** What is out of the ordinary at Alloy does not make the pipeline unhealthy: a row of its own, if there are rules. */
function rules(alerts: AlertTopics): IWidget[][] {
  const alarms = alerts.ruleAlarms();
  if (alarms.length === 0) return [];
  return [[new AlarmsWidget("Unusual outcomes, by your rules (notifications)", 3, alarms)]];
}

type VitalSign = readonly [title: string, metric: IMetric];

/** What says most with one number, and what it should be. */
function vitalSigns({ stage, queue }: Parts): readonly VitalSign[] {
  const rate = pollingPeriod(stage);
  const polled = (name: MetricName, id: string) =>
    whereLooked(stage, ourMetric(stage, name, "Maximum", rate).with({ label: name }), id);
  return [
    ["Applications in gap: 0", polled(METRICS.deliveryGaps, "gaps")],
    ["Changes at Alloy without webhook: 0", silence(stage)],
    [
      "Oldest event waiting, s: under 60",
      filled("oldest", queue.events.metricApproximateAgeOfOldestMessage(MAXIMUM)),
    ],
    [
      "Dead letters: 0",
      filled("dead", queue.deadLetters.metricApproximateNumberOfMessagesVisible(MAXIMUM)),
    ],
    [
      `Not 200 in a row, of ${ALLOY_SWITCH_OFF_FAILURES}: 0`,
      polled(METRICS.failuresInARow, "failures"),
    ],
    [
      "Event to receipt, p90, ms: under 5,000",
      ourMetric(stage, METRICS.deliveryLatency, "p90", SHOWN_PERIOD),
    ],
  ];
}

/** SQS says nothing of a queue that nobody used for six hours: then it is empty. */
function filled(label: string, metric: Metric): IMetric {
  return calculation(label, "FILL(value, 0)", SHOWN_PERIOD, { value: metric });
}

/** Two columns of numbers, beside the alarms. */
function columnsOf(signs: readonly VitalSign[]): readonly Column[] {
  const widgets = signs.map(([title, metric]) => numberWidget(title, metric));
  const middle = Math.ceil(widgets.length / 2);
  return [new Column(...widgets.slice(0, middle)), new Column(...widgets.slice(middle))];
}

import { Stack } from "aws-cdk-lib";
import { Dashboard, GraphWidget, TextWidget } from "aws-cdk-lib/aws-cloudwatch";
import { Construct } from "constructs";
import { METRICS } from "../../lambdas/settings.ts";
import type { MetricName } from "../../lambdas/settings.ts";
import type { StageConfiguration } from "../stage-configuration.ts";
import { dashboardNameOf } from "./console-links.ts";
import type { EventQueue } from "./event-queue.ts";
import { ourMetric } from "./metrics.ts";

export interface PipelineDashboardProps {
  readonly stage: StageConfiguration;
  readonly queue: EventQueue;
}

/** One picture of the pipeline, left to right as an event goes. */
export class PipelineDashboard extends Construct {
  readonly dashboard: Dashboard;

  constructor(scope: Construct, id: string, { stage, queue }: PipelineDashboardProps) {
    super(scope, id);
    const sums = (title: string, ...names: MetricName[]) =>
      new GraphWidget({
        title,
        width: 8,
        left: names.map((name) => ourMetric(stage, name, "Sum")),
      });

    this.dashboard = new Dashboard(this, "Dashboard", {
      dashboardName: dashboardNameOf(Stack.of(this)),
      widgets: [
        [
          new TextWidget({
            width: 24,
            height: 2,
            markdown:
              "Healthy: no dead letters, no delivery gap, the oldest event younger than a minute, and the poller's line never stops.",
          }),
        ],
        [
          new GraphWidget({
            title: "Dead letters",
            width: 8,
            left: [
              queue.deadLetters.metricApproximateNumberOfMessagesVisible({ statistic: "Maximum" }),
            ],
          }),
          new GraphWidget({
            title: "Oldest event in the queue",
            width: 8,
            left: [queue.events.metricApproximateAgeOfOldestMessage({ statistic: "Maximum" })],
          }),
          sums("Delivery gaps and poller runs", METRICS.deliveryGaps, METRICS.pollerRuns),
        ],
        [
          sums(
            "Intake",
            METRICS.webhooksReceived,
            METRICS.credentialsRejected,
            METRICS.storesFailed,
          ),
          sums(
            "Processing",
            METRICS.eventsRecorded,
            METRICS.eventsDuplicate,
            METRICS.eventsPublished,
          ),
          sums(
            "Polling",
            METRICS.alloyCalls,
            METRICS.transitionsUnheard,
            METRICS.eventsMissing,
            METRICS.eventsHealed,
          ),
        ],
      ],
    });
  }
}

import { Metric } from "aws-cdk-lib/aws-cloudwatch";
import type { IMetric } from "aws-cdk-lib/aws-cloudwatch";
import {
  ATTEMPT_DIMENSION,
  COUNTED_OUTCOMES,
  JOURNEY_DIMENSION,
  METRICS,
  OUTCOME_DIMENSION,
} from "../../lambdas/settings/metrics.ts";
import type { CountedOutcome } from "../../lambdas/settings/metrics.ts";
import type { RouteId } from "../../lambdas/settings/routes.ts";
import type { StageConfiguration } from "../config/stage-configuration.ts";
import { COLOURS, MAXIMUM, ofApi, sumsOf, withColour } from "./dashboard-metrics.ts";
import type { Parts } from "./dashboard-metrics.ts";
import { SHOWN_PERIOD } from "./dashboard-widgets.ts";
import type { Section } from "./dashboard-widgets.ts";
import { calculation, ourMetric } from "../alarms/metrics.ts";

/** Is Alloy answered? */
export function intake({ stage, ingest }: Parts): Section {
  const sum = sumsOf(stage);
  const attempt = (number: number) =>
    ourMetric(stage, METRICS.webhooksByAttempt, "Sum", SHOWN_PERIOD, {
      [ATTEMPT_DIMENSION]: String(number),
    });
  const answerTime = (statistic: string) =>
    ofApi(ingest, "Latency", statistic).with({ label: statistic });
  return {
    title: "Intake",
    good: [
      "All answers are 200.",
      "p99 stays under 1 s: Alloy waits 10 s.",
      "First attempts succeed; later ones follow a failure.",
      "Few duplicates, no unauthenticated requests.",
    ],
    runbooks: ["ingest-failing", "credentials-rejected", "switch-off-near-50", "duplicates-high"],
    graphs: [
      {
        title: "Webhooks by answer, per 5 min",
        stacked: true,
        left: [
          sum(METRICS.webhooksReceived, "200: stored", COLOURS.good),
          sum(METRICS.credentialsRejected, "401: not Alloy", COLOURS.warning),
          sum(METRICS.storesFailed, "503: not stored", COLOURS.bad),
        ],
      },
      {
        title: "Time to the answer, ms",
        left: [answerTime("p50"), answerTime("p99")],
        limits: [{ value: 2_000, label: "ingest-slow" }],
      },
      {
        title: "New events by Alloy's attempt",
        stacked: true,
        left: [
          attempt(1).with({ label: "first", color: COLOURS.good }),
          attempt(2).with({ label: "second, after 1 s" }),
          attempt(3).with({ label: "third, after 1 min" }),
          calculation(
            "later",
            [4, 5, 6, 7, 8, 9, 10].map((number) => `FILL(attempt${number}, 0)`).join(" + "),
            SHOWN_PERIOD,
            Object.fromEntries(
              [4, 5, 6, 7, 8, 9, 10].map((number) => [`attempt${number}`, attempt(number)]),
            ),
          ),
        ],
      },
      {
        title: "Duplicates and refused requests",
        left: [
          sum(METRICS.eventsDuplicate, "came before"),
          sum(METRICS.addressesUnlisted, "not from Alloy's addresses", COLOURS.warning),
          sum(METRICS.credentialsMissing, "401: no credential is set", COLOURS.bad),
          sum(METRICS.alloyRefused, "Alloy's, and not answered 200", COLOURS.bad),
        ],
      },
    ],
  };
}

/** Is what came in in effect? */
export function processing({ stage, queue, consumer }: Parts): Section {
  const sum = sumsOf(stage);
  const latency = (statistic: "p50" | "p90" | "p99") =>
    ourMetric(stage, METRICS.deliveryLatency, statistic, SHOWN_PERIOD).with({ label: statistic });
  return {
    title: "Processing",
    good: [
      "The oldest event is younger than a minute.",
      "Nothing failed, nothing is dead-lettered.",
      "Events arrive within seconds.",
      "What is received is recorded; nothing is unrecognised.",
    ],
    runbooks: [
      "events-too-old",
      "dead-letters-not-empty",
      "consumer-failing",
      "events-unrecognised",
    ],
    graphs: [
      {
        title: "Waiting: age of the oldest event in s; number",
        left: [
          queue.events
            .metricApproximateAgeOfOldestMessage(MAXIMUM)
            .with({ label: "oldest, s", color: COLOURS.warning }),
        ],
        right: [
          queue.events
            .metricApproximateNumberOfMessagesVisible(MAXIMUM)
            .with({ label: "waiting (right)" }),
        ],
        limits: [{ value: 300, label: "events-too-old" }],
      },
      {
        title: "Queue records",
        left: [
          sum(METRICS.recordsHandled, "handled", COLOURS.good),
          sum(METRICS.recordsFailed, "failed, to be retried", COLOURS.warning),
          sum(METRICS.recordsDeadLettered, "dead-lettered", COLOURS.bad),
          consumer.function.function
            .metricErrors({ statistic: "Sum", period: SHOWN_PERIOD })
            .with({ label: "failed invocations" }),
        ],
      },
      {
        title: "From Alloy's event to its receipt, ms",
        left: [latency("p50"), latency("p90"), latency("p99")],
      },
      {
        title: "Events by result",
        left: [
          sum(METRICS.eventsRecorded, "recorded", COLOURS.good),
          sum(METRICS.eventsPublished, "published"),
          sum(METRICS.eventsLate, "late"),
          sum(METRICS.eventsIgnored, "ignored"),
          sum(METRICS.eventsCut, "cut"),
          sum(METRICS.eventsInConflict, "in conflict", COLOURS.warning),
          sum(METRICS.eventsUnrecognised, "unrecognised", COLOURS.bad),
        ],
      },
    ],
  };
}

/** What was decided, and does every target receive it? */
export function outcomes({ stage, routes }: Parts): Section {
  const { bus, ruleNames } = routes;
  const ofRule = (metricName: string, route: RouteId, RuleName: string) =>
    new Metric({
      namespace: "AWS/Events",
      metricName,
      dimensionsMap: { EventBusName: bus.eventBusName, RuleName },
      statistic: "Sum",
      period: SHOWN_PERIOD,
      label: route,
    });
  const failed = [...ruleNames].map(
    ([route, name], index) => [`route${index}`, ofRule("FailedInvocations", route, name)] as const,
  );
  return {
    title: "Outcomes",
    good: [
      "As in the same hour a week ago.",
      "Nothing errored.",
      "Every route's target receives its events.",
    ],
    runbooks: ["route-failing-approved"],
    graphs: [
      { title: "Applications by outcome", left: outcomesOf(stage) },
      {
        title: "Time to the decision, min",
        left: [decisionTime(stage, "p50", "p50"), decisionTime(stage, "p90", "p90")],
      },
      {
        title: "Events published, by route",
        stacked: true,
        left: [...ruleNames].map(([route, name]) => ofRule("TriggeredRules", route, name)),
      },
      {
        title: "Events not delivered to a route's target",
        left: [
          calculation(
            "all routes",
            failed.map(([id]) => `FILL(${id}, 0)`).join(" + "),
            SHOWN_PERIOD,
            Object.fromEntries(failed),
          ),
        ],
      },
    ],
  };
}

/** The same for each Journey that the stage names, since only those are counted by themselves. */
export function outcomesByJourney({ stage }: Parts): readonly Section[] {
  if (stage.journeys.length === 0) return [];
  return [
    {
      title: "By Journey",
      good: [
        "Each as in the same hour a week ago.",
        "A Journey that stands out was edited, or its vendor fails.",
      ],
      runbooks: ["applications-stale"],
      graphs: stage.journeys.map((journey) => ({
        title: journey,
        left: outcomesOf(stage, { [JOURNEY_DIMENSION]: journey }),
      })),
    },
  ];
}

/** Which ends are good or bad is for the Journey to say; an error always is. */
const OUTCOME_COLOURS: Partial<Record<CountedOutcome, string>> = {
  approved: COLOURS.good,
  "manual-review": COLOURS.warning,
  errored: COLOURS.bad,
};

function outcomesOf(stage: StageConfiguration, dimensions = {}): readonly Metric[] {
  return COUNTED_OUTCOMES.filter((outcome) => outcome !== "ended").map((outcome) =>
    ourMetric(stage, METRICS.applicationsByOutcome, "Sum", SHOWN_PERIOD, {
      ...dimensions,
      [OUTCOME_DIMENSION]: outcome,
    }).with({ label: outcome, ...withColour(OUTCOME_COLOURS[outcome]) }),
  );
}

function decisionTime(stage: StageConfiguration, label: string, statistic: "p50" | "p90"): IMetric {
  return calculation(label, `${statistic}Ms / 60000`, SHOWN_PERIOD, {
    [`${statistic}Ms`]: ourMetric(stage, METRICS.timeToDecision, statistic),
  });
}

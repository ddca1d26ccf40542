import { describe, expect, it } from "vitest";

import { METRICS } from "../../../lambdas/settings/metrics.ts";
import { makeMetrics } from "../../../lambdas/telemetry/metrics.ts";

const AT = 1_795_464_000_000;

function someMetrics() {
  const lines: string[] = [];
  const metrics = makeMetrics({
    stage: "sandbox",
    write: (line) => void lines.push(line),
    now: () => AT,
  });
  /** All that was written, once the metrics are flushed. */
  const written = (properties = {}): unknown[] => {
    metrics.flush(properties);
    return lines.map((line) => JSON.parse(line));
  };
  return { metrics, lines, written };
}

describe("metrics in embedded metric format", () => {
  it("stand as one line of JSON with namespace, stage, unit and value", () => {
    const { metrics, lines, written } = someMetrics();

    metrics.count(METRICS.webhooksReceived);

    expect(written()).toEqual([
      {
        _aws: {
          Timestamp: AT,
          CloudWatchMetrics: [
            {
              Namespace: "AlloyJourneyWebhooks",
              Dimensions: [["Stage"]],
              Metrics: [{ Name: "WebhooksReceived", Unit: "Count" }],
            },
          ],
        },
        Stage: "sandbox",
        WebhooksReceived: 1,
      },
    ]);
    expect(lines[0]).not.toContain("\n");
  });

  it("add up counts of one name", () => {
    const { metrics, written } = someMetrics();

    metrics.count(METRICS.eventsRecorded, 2);
    metrics.count(METRICS.eventsRecorded);

    expect(written()).toMatchObject([{ EventsRecorded: 3 }]);
  });

  it("keep a zero, which says that somebody looked", () => {
    const { metrics, written } = someMetrics();

    metrics.count(METRICS.deliveryGaps, 0);

    expect(written()).toMatchObject([{ DeliveryGaps: 0 }]);
  });

  it("keep every measurement, in milliseconds", () => {
    const { metrics, written } = someMetrics();

    metrics.milliseconds(METRICS.deliveryLatency, 120);
    metrics.milliseconds(METRICS.deliveryLatency, 80);

    expect(written()).toMatchObject([
      {
        DeliveryLatency: [120, 80],
        _aws: { CloudWatchMetrics: [{ Metrics: [{ Unit: "Milliseconds" }] }] },
      },
    ]);
  });

  it("put no more values of a metric into one line than CloudWatch takes", () => {
    const { metrics, lines, written } = someMetrics();
    const durations = Array.from({ length: 250 }, (_, index) => index);

    metrics.count(METRICS.pollerRuns);
    for (const duration of durations) metrics.milliseconds(METRICS.gapDuration, duration);

    expect(written()).toMatchObject([
      { PollerRuns: 1, GapDuration: durations.slice(0, 100) },
      { GapDuration: durations.slice(100, 200) },
      { GapDuration: durations.slice(200) },
    ]);
    expect(lines.filter((line) => line.includes("PollerRuns"))).toHaveLength(1);
  });

  it("share one line where no name has two values in it", () => {
    const { metrics, written } = someMetrics();

    metrics.count(METRICS.eventsRecorded);
    metrics.count(METRICS.webhooksByAttempt, 1, { Attempt: "1" });
    metrics.count(METRICS.webhooksByAttempt, 1, { Attempt: "2" });
    metrics.count(METRICS.applicationsByOutcome, 1, { Outcome: "approved" });

    expect(written()).toMatchObject([
      {
        Stage: "sandbox",
        EventsRecorded: 1,
        Attempt: "1",
        WebhooksByAttempt: 1,
        Outcome: "approved",
        ApplicationsByOutcome: 1,
        _aws: {
          CloudWatchMetrics: [
            { Dimensions: [["Stage"]], Metrics: [{ Name: "EventsRecorded" }] },
            { Dimensions: [["Stage", "Attempt"]], Metrics: [{ Name: "WebhooksByAttempt" }] },
            { Dimensions: [["Stage", "Outcome"]], Metrics: [{ Name: "ApplicationsByOutcome" }] },
          ],
        },
      },
      { Stage: "sandbox", Attempt: "2", WebhooksByAttempt: 1 },
    ]);
  });

  it("write one line per set of dimensions", () => {
    const { metrics, written } = someMetrics();

    metrics.count(METRICS.deliveryGaps, 3);
    metrics.count(METRICS.deliveryGaps, 2, { GapStage: "alloy" });
    metrics.count(METRICS.deliveryGaps, 1, { GapStage: "consumer" });

    expect(written()).toMatchObject([
      { Stage: "sandbox", DeliveryGaps: 3 },
      {
        Stage: "sandbox",
        GapStage: "alloy",
        DeliveryGaps: 2,
        _aws: { CloudWatchMetrics: [{ Dimensions: [["Stage", "GapStage"]] }] },
      },
      { Stage: "sandbox", GapStage: "consumer", DeliveryGaps: 1 },
    ]);
  });

  it("carry properties that are searchable and are no dimension", () => {
    const { metrics, written } = someMetrics();

    metrics.count(METRICS.credentialsRejected);

    expect(written({ receiptId: "R-1" })).toMatchObject([
      { receiptId: "R-1", _aws: { CloudWatchMetrics: [{ Dimensions: [["Stage"]] }] } },
    ]);
  });

  it("are forgotten once written", () => {
    const { metrics, lines } = someMetrics();
    metrics.count(METRICS.webhooksReceived);
    metrics.flush();

    metrics.flush();

    expect(lines).toHaveLength(1);
  });
});

/** The type check fails where one of these is taken. */
it("take a metric by the sets of dimensions that it has, and by no other", () => {
  const { metrics } = someMetrics();

  metrics.count(METRICS.outcomeChange, 5, { Rule: "rule" });
  // @ts-expect-error - nothing looks at it without its rule
  metrics.count(METRICS.outcomeChange, 5);
  // @ts-expect-error - by its stage, or by its Journey
  metrics.count(METRICS.deliveryGaps, 1, { GapStage: "late", Journey: "J-1" });
  metrics.count(METRICS.deliveryGaps, 1, { GapStage: "late" });

  expect(metrics).toBeDefined();
});

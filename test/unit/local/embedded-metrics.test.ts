import { describe, expect, it } from "vitest";
import { METRIC_NAMESPACE, METRICS } from "../../../lambdas/settings/metrics.ts";
import { makeMetrics } from "../../../lambdas/telemetry/metrics.ts";
import { readEmbeddedMetrics } from "../../../tools/local/emulator/embedded-metrics.ts";

const NOW = Date.UTC(2026, 10, 23);

/** What a Lambda of ours writes. */
function linesOf(write: (metrics: ReturnType<typeof makeMetrics>) => void): string[] {
  const lines: string[] = [];
  const metrics = makeMetrics({
    stage: "local",
    write: (line) => lines.push(line),
    now: () => NOW,
  });
  write(metrics);
  metrics.flush();
  return lines;
}

describe("metrics that are embedded in a log", () => {
  it("are read as they were counted", () => {
    const [line = ""] = linesOf((metrics) => metrics.count(METRICS.webhooksReceived, 3));

    const batches = readEmbeddedMetrics(line);

    expect(batches).toEqual([
      {
        namespace: METRIC_NAMESPACE,
        data: [
          {
            MetricName: "WebhooksReceived",
            Dimensions: [{ Name: "Stage", Value: "local" }],
            Timestamp: new Date(NOW),
            Unit: "Count",
            Value: 3,
          },
        ],
      },
    ]);
  });

  it("are read with every dimension, one datum for each value", () => {
    const lines = linesOf((metrics) => {
      metrics.count(METRICS.deliveryGaps, 1, { GapStage: "delivery" });
      metrics.milliseconds(METRICS.deliveryLatency, 12);
      metrics.milliseconds(METRICS.deliveryLatency, 34);
    });

    const data = lines.flatMap(readEmbeddedMetrics).flatMap((batch) => batch.data);

    expect(data).toHaveLength(3);
    expect(data).toContainEqual(
      expect.objectContaining({
        MetricName: "DeliveryGaps",
        Dimensions: [
          { Name: "Stage", Value: "local" },
          { Name: "GapStage", Value: "delivery" },
        ],
      }),
    );
    expect(data).toContainEqual(
      expect.objectContaining({ MetricName: "DeliveryLatency", Unit: "Milliseconds", Value: 34 }),
    );
  });

  it.each(["", "START RequestId: 1", "{not json", '{"level":"WARN"}', '{"_aws":{"Timestamp":1}}'])(
    "are none in %j",
    (line) => {
      expect(readEmbeddedMetrics(line)).toEqual([]);
    },
  );
});

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { METRICS } from "../../../lambdas/settings/metrics.ts";
import { makeMetrics } from "../../../lambdas/telemetry/metrics.ts";
import type { Metrics } from "../../../lambdas/telemetry/metrics.ts";
import { embeddedMetricsIn } from "../../../tools/strict-aws/embedded-metric-format.ts";

const AT = 1_795_464_000_000;

const J = { Journey: "J-1" };
/** What adds a value to a metric, and how often at most: more than one line may hold. */
const CALLS: readonly (readonly [most: number, add: (metrics: Metrics, value: number) => void])[] =
  [
    [3, (metrics, value) => metrics.count(METRICS.webhooksReceived, value)],
    [3, (metrics, value) => metrics.count(METRICS.deliveryGaps, value)],
    [3, (metrics, value) => metrics.count(METRICS.deliveryGaps, value, J)],
    [
      3,
      (metrics, value) =>
        metrics.count(METRICS.applicationsByOutcome, value, { ...J, Outcome: "approved" }),
    ],
    [250, (metrics, value) => metrics.milliseconds(METRICS.deliveryLatency, value)],
    [250, (metrics, value) => metrics.milliseconds(METRICS.timeToDecision, value, J)],
  ];
const call = fc.constantFrom(...CALLS).chain(([most, add]) =>
  fc.record({
    add: fc.constant(add),
    value: fc.integer({ min: 0, max: 1e10 }),
    times: fc.integer({ min: 1, max: most }),
  }),
);

it("what the metrics write is embedded metric format, whatever was counted and measured, and loses nothing of it", () => {
  fc.assert(
    fc.property(fc.array(call, { maxLength: 8 }), (calls) => {
      const lines: string[] = [];
      const metrics = makeMetrics({
        stage: "sandbox",
        write: (line) => void lines.push(line),
        now: () => AT,
      });
      let total = 0;
      for (const { add, value, times } of calls) {
        for (let time = 0; time < times; time += 1) add(metrics, value);
        total += value * times;
      }

      metrics.flush({ receiptId: "R-1" });

      const read = lines.flatMap((line) => embeddedMetricsIn(line, AT));
      expect(read.every(({ dimensions }) => dimensions.includes("Stage"))).toBe(true);
      expect(sumOf(lines)).toBe(total);
    }),
  );
});

describe("the check of the format", () => {
  const line = (changes: object) =>
    JSON.stringify({
      _aws: {
        Timestamp: AT,
        CloudWatchMetrics: [
          { Namespace: "N", Dimensions: [["Stage"]], Metrics: [{ Name: "M", Unit: "Count" }] },
        ],
      },
      Stage: "sandbox",
      M: 1,
      ...changes,
    });

  it("takes a line that is right", () => {
    expect(embeddedMetricsIn(line({}), AT)).toHaveLength(1);
  });

  const DIMENSIONS = [Array.from({ length: 31 }, (_, index) => String(index))];
  const many = (metrics: number) =>
    Array.from({ length: metrics }, (_, index) => ({ Name: `M${index}`, Unit: "Count" }));
  const directive = (changes: object) => {
    const Metrics = [{ Name: "M", Unit: "Count" }];
    const set = { Namespace: "N", Dimensions: [["Stage"]], Metrics, ...changes };
    return { _aws: { Timestamp: AT, CloudWatchMetrics: [set] } };
  };
  const notInLine = /each metric, once, as a number or numbers in the line/;

  it.each([
    ["a dimension that is not in the line", { Stage: undefined }, notInLine],
    ["a dimension that is no text", { Stage: 1 }, notInLine],
    ["a metric that is not in the line", { M: undefined }, notInLine],
    ["a metric that is no number", { M: "1" }, notInLine],
    ["more values than a line may hold", { M: Array.from({ length: 101 }, () => 1) }, notInLine],
    [
      "more metrics than a directive may hold",
      directive({ Metrics: many(101) }),
      /Metrics: Invalid length/,
    ],
    [
      "more dimensions than a set may hold",
      directive({ Dimensions: DIMENSIONS }),
      /Dimensions.0: Invalid length/,
    ],
    ["a line that CloudWatch Logs would cut", { filler: "x".repeat(1_048_576) }, /too long/],
    [
      "no directive",
      { _aws: { Timestamp: AT, CloudWatchMetrics: [] } },
      /CloudWatchMetrics: Invalid length/,
    ],
    ["no time stamp", { _aws: { CloudWatchMetrics: [] } }, /Timestamp: Invalid key/],
  ])("refuses %s", (_name, changes, reason) => {
    expect(() => embeddedMetricsIn(line(changes), AT)).toThrow(reason);
  });

  it("refuses a time stamp that CloudWatch would drop", () => {
    expect(() => embeddedMetricsIn(line({}), AT + 15 * 24 * 3_600_000)).toThrow(
      /too old or too new/,
    );
  });
});

/** Of every value of every metric. */
function sumOf(lines: readonly string[]): number {
  const values = lines.flatMap((line) => {
    const { _aws, ...members }: Record<string, unknown> & { _aws?: unknown } = JSON.parse(line);
    return Object.values(members).flat();
  });
  return values.reduce((sum: number, value) => (typeof value === "number" ? sum + value : sum), 0);
}

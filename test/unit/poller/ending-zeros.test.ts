import { expect, it } from "vitest";

import { withEndingZeros } from "../../../lambdas/poller/ending-zeros.ts";
import { GAP_STAGE_DIMENSION, METRICS } from "../../../lambdas/settings/metrics.ts";
import { makeMetrics } from "../../../lambdas/telemetry/metrics.ts";
import type { Metrics } from "../../../lambdas/telemetry/metrics.ts";

/** What each run writes of a metric; undefined: nothing. */
function runs(name: string, ...all: readonly ((metrics: Metrics<"poller">) => void)[]) {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  const metrics = withEndingZeros(makeMetrics({ stage: "test", write, now: () => 0 }));
  return all.map((count) => {
    count(metrics);
    metrics.count(METRICS.pollerRuns);
    metrics.flush();
    const values: unknown = JSON.parse(lines.splice(0).find((line) => line.includes("Runs")) ?? "");
    return Object.entries(values ?? {}).find(([key]) => key === name)?.[1];
  });
}

const quiet = () => undefined;

it("says once that a gap is over, so that the page ends at once, and nothing where there was none", () => {
  const gap = (metrics: Metrics<"poller">) => {
    metrics.count(METRICS.deliveryGaps);
    metrics.count(METRICS.deliveryGaps, 1, { [GAP_STAGE_DIMENSION]: "late" });
  };

  expect(runs("DeliveryGaps", quiet, gap, gap, quiet, quiet)).toEqual([
    undefined,
    1,
    1,
    0,
    undefined,
  ]);
});

it("says nothing of what adds up, which ends with its window", () => {
  const stale = (metrics: Metrics<"poller">) => metrics.count(METRICS.applicationsStale);

  expect(runs("ApplicationsStale", stale, quiet)).toEqual([1, undefined]);
});

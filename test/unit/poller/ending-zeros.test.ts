import { expect, it } from "vitest";

import { withEndingZeros } from "../../../lambdas/poller/ending-zeros.ts";
import { GAP_STAGE_DIMENSION, METRICS } from "../../../lambdas/settings/metrics.ts";
import { makeMetrics } from "../../../lambdas/telemetry/metrics.ts";
import type { Metrics } from "../../../lambdas/telemetry/metrics.ts";

/** What each run writes of a metric; undefined: nothing. */
function runs(
  name: string,
  everyMs: number,
  ...all: readonly ((metrics: Metrics<"poller">) => void)[]
) {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  let at = 0;
  const now = () => at;
  const metrics = withEndingZeros(makeMetrics({ stage: "test", write, now }), {
    windowMs: 60_000,
    now,
  });
  return all.map((count) => {
    count(metrics);
    metrics.count(METRICS.pollerRuns);
    metrics.flush();
    at += everyMs;
    const values: unknown = JSON.parse(lines.splice(0).find((line) => line.includes("Runs")) ?? "");
    return Object.entries(values ?? {}).find(([key]) => key === name)?.[1];
  });
}

const quiet = () => undefined;
const gap = (metrics: Metrics<"poller">) => {
  metrics.count(METRICS.deliveryGaps);
  metrics.count(METRICS.deliveryGaps, 1, { [GAP_STAGE_DIMENSION]: "late" });
};

it("says once that a gap is over, so that the page ends at once, and nothing where there was none", () => {
  expect(runs("DeliveryGaps", 60_000, quiet, gap, gap, quiet, quiet)).toEqual([
    undefined,
    1,
    1,
    0,
    undefined,
  ]);
});

it("says nothing of what adds up, which ends with its window", () => {
  const stale = (metrics: Metrics<"poller">) => metrics.count(METRICS.applicationsStale);

  expect(runs("ApplicationsStale", 60_000, stale, quiet)).toEqual([1, undefined]);
});

it("says it again in the next window, where a gap began and ended in one: the page went on for three", () => {
  expect(runs("DeliveryGaps", 25_000, gap, quiet, quiet, quiet, quiet)).toEqual([
    1,
    0,
    0,
    0,
    undefined,
  ]);
});

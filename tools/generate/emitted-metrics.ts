import { METRIC_FACTS } from "../../lambdas/settings/metric-facts.ts";
import type { MetricFacts } from "../../lambdas/settings/metric-facts.ts";
import { METRICS } from "../../lambdas/settings/metrics.ts";

/** What is known of each metric, in the order in which they stand in `METRICS`. */
export function metricFacts() {
  return Object.entries(METRIC_FACTS).map(([key, facts]: readonly [string, MetricFacts]) => {
    const { of, unit = "Count", by = [[]], means } = facts;
    return { key, name: nameOf(key), of, unit, by, means };
  });
}

/** Each metric once for each set of dimensions under which it comes, besides `Stage`. */
export function emittedMetrics() {
  return metricFacts().flatMap(({ by, ...metric }) =>
    by.map((dimensions) => ({ ...metric, dimensions })),
  );
}

function nameOf(key: string) {
  const [, name] = Object.entries(METRICS).find(([one]) => one === key) ?? [];
  if (name === undefined) throw new Error(`METRICS of lambdas/settings/metrics.ts has no ${key}.`);
  return name;
}

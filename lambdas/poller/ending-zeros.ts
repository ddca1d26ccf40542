import { METRICS } from "../settings/metrics.ts";
import type { MetricName } from "../settings/metrics.ts";
import type { Metrics } from "../telemetry/metrics.ts";

/** What an alarm knows by the last run's word alone. */
const GAUGES = [METRICS.deliveryGaps, METRICS.applicationsBehind, METRICS.failuresInARow] as const;

/**
 * Writes one zero of a gauge that the run before had something to say of, and this one has not: the alarm ends at once. Without it
 * CloudWatch looks two windows further back, and the alarm goes on for as long. Another sandbox does not know; there it does.
 */
export function withEndingZeros(metrics: Metrics<"poller">): Metrics<"poller"> {
  let before: ReadonlySet<MetricName> = new Set();
  let counted = new Set<MetricName>();
  return {
    ...metrics,
    count(name, ...rest) {
      // Without its dimensions: those are for people.
      if (rest[1] === undefined) counted.add(name);
      metrics.count(name, ...rest);
    },
    flush(properties) {
      for (const name of GAUGES) {
        if (before.has(name) && !counted.has(name)) metrics.count(name, 0);
      }
      metrics.flush(properties);
      before = counted;
      counted = new Set();
    },
  };
}

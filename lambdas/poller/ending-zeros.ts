import { METRICS } from "../settings/metrics.ts";
import type { MetricName } from "../settings/metrics.ts";
import type { Metrics } from "../telemetry/metrics.ts";

/** What an alarm knows by the last run's word alone. */
const GAUGES = [METRICS.deliveryGaps, METRICS.applicationsBehind, METRICS.failuresInARow] as const;

/**
 * Writes zeros of a gauge of which a run before had something to say, and this one has not, until one stands in a later window
 * than the last value: the alarm ends with that window. Without it CloudWatch looks two windows further back, and the alarm
 * goes on for as long. Another sandbox does not know; there it does.
 *
 * @param options.windowMs - the period of the alarms on gauges: the poller's rate.
 * @param options.now - epoch milliseconds.
 */
export function withEndingZeros(
  metrics: Metrics<"poller">,
  { windowMs, now }: { readonly windowMs: number; readonly now: () => number },
): Metrics<"poller"> {
  /** The window of each gauge's last value, until it has ended. */
  const begun = new Map<MetricName, number>();
  let counted = new Set<MetricName>();
  return {
    ...metrics,
    count(name, ...rest) {
      // Without its dimensions: those are for people.
      if (rest[1] === undefined) counted.add(name);
      metrics.count(name, ...rest);
    },
    flush(properties) {
      const current = Math.floor(now() / windowMs);
      for (const name of GAUGES) {
        const last = begun.get(name);
        if (counted.has(name)) begun.set(name, current);
        else if (last !== undefined) {
          metrics.count(name, 0);
          if (current > last) begun.delete(name);
        }
      }
      metrics.flush(properties);
      counted = new Set();
    },
  };
}

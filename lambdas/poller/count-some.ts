import type { CountArguments, MetricOf } from "../settings/metric-facts.ts";
import type { Metrics } from "../telemetry/metrics.ts";

/**
 * Counts, but for a zero: CloudWatch is paid for each metric that is written in an hour, and a run with nothing to say comes
 * every few minutes. That it looked, `PollerRuns` says (docs/decisions/0077).
 */
export function countSome<Name extends MetricOf<"poller", "Count">>(
  metrics: Pick<Metrics<"poller">, "count">,
  name: Name,
  ...rest: CountArguments<Name>
): void {
  if (rest[0] !== 0) metrics.count(name, ...rest);
}

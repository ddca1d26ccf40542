import { CONCURRENCY, INGEST, THROTTLE } from "../../lambdas/settings/limits.ts";
import { atLeast, count } from "./inequality.ts";
import type { Inequality } from "./inequality.ts";

/** The smallest maximum that an SQS event source mapping takes. */
const SMALLEST_MAXIMUM = 2;

/** Requests that ingest works on at once when API Gateway lets through all it may, in usual times. */
const INGEST_AT_ONCE = (THROTTLE.requestsPerSecond * INGEST.usualMs) / 1_000;

/**
 * Ingest carries what API Gateway lets through, so that the throttle is the limit; and SQS hands out no more
 * batches than the consumer may run at once, since the rest would count as receives.
 *
 * Proved is the steady rate, in functions that are warm. Not proved is a burst: an HTTP API does not queue, so of
 * `THROTTLE.burst` requests at one moment ingest takes `CONCURRENCY.ingest`, and the rest is answered 5xx, which Alloy
 * tries again (docs/architecture.md).
 */
export function concurrency(
  limits: Readonly<Record<keyof typeof CONCURRENCY, number>> = CONCURRENCY,
): readonly Inequality[] {
  return [
    atLeast(
      count("CONCURRENCY.ingest", limits.ingest),
      count("THROTTLE.requestsPerSecond x INGEST.usualMs", INGEST_AT_ONCE),
      "a flood of forgeries takes the function away from Alloy's requests",
    ),
    atLeast(
      count("CONCURRENCY.consumer", limits.consumer),
      count("CONCURRENCY.eventSource", limits.eventSource),
      "throttled batches use up their receives and end in the dead-letter queue",
    ),
    ...(["eventSource", "sharedEventSource"] as const).map((name) =>
      atLeast(
        count(`CONCURRENCY.${name}`, limits[name]),
        count("the smallest maximum of an event source mapping", SMALLEST_MAXIMUM),
        "Lambda refuses the event source mapping",
      ),
    ),
  ];
}

import {
  CONCURRENCY,
  INGEST,
  REQUESTS_PER_EXECUTION,
  THROTTLE,
} from "../../lambdas/settings/limits.ts";
import { atLeast, count } from "./inequality.ts";
import type { Inequality } from "./inequality.ts";

/** The smallest maximum that an SQS event source mapping takes. */
const SMALLEST_MAXIMUM = 2;

/**
 * Ingest carries what API Gateway lets through, so that the throttle is the limit; and SQS hands out no more
 * batches than the consumer may run at once, since the rest would count as receives.
 *
 * Proved are the steady rate, in executions that are warm, and a burst, also in cold ones: an HTTP API does not queue.
 * Not proved is a rate that begins above what cold executions carry: for its first moments API Gateway answers some
 * requests 5xx, and Alloy tries them again (docs/architecture.md).
 */
export function concurrency(
  limits: Readonly<Record<keyof typeof CONCURRENCY, number>> = CONCURRENCY,
  throttle: Readonly<Record<keyof typeof THROTTLE, number>> = THROTTLE,
): readonly Inequality[] {
  return [
    atLeast(
      count("CONCURRENCY.ingest", limits.ingest),
      count(
        "THROTTLE.requestsPerSecond x INGEST.usualMs",
        (throttle.requestsPerSecond * INGEST.usualMs) / 1_000,
      ),
      "a flood of forgeries takes the function away from Alloy's requests",
    ),
    atLeast(
      count("REQUESTS_PER_EXECUTION x CONCURRENCY.ingest", REQUESTS_PER_EXECUTION * limits.ingest),
      count("THROTTLE.requestsPerSecond", throttle.requestsPerSecond),
      "Lambda refuses requests that API Gateway lets through, and Alloy gets 5xx",
    ),
    atLeast(
      count("CONCURRENCY.ingest", limits.ingest),
      count("THROTTLE.burst", throttle.burst),
      "a burst finds fewer executions than it has requests, and Alloy gets 5xx",
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

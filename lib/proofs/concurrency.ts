import { CONCURRENCY } from "../../lambdas/settings.ts";
import { atLeast, count } from "./inequality.ts";
import type { Inequality } from "./inequality.ts";

/** The smallest maximum that an SQS event source mapping takes. */
const SMALLEST_MAXIMUM = 2;

/** SQS hands out no more batches than the consumer may run at once; the rest would count as receives. */
export function concurrency(
  limits: Readonly<Record<keyof typeof CONCURRENCY, number>> = CONCURRENCY,
): readonly Inequality[] {
  return [
    atLeast(
      count("CONCURRENCY.consumer", limits.consumer),
      count("CONCURRENCY.eventSource", limits.eventSource),
      "throttled batches use up their receives and end in the dead-letter queue",
    ),
    atLeast(
      count("CONCURRENCY.eventSource", limits.eventSource),
      count("the smallest maximum of an event source mapping", SMALLEST_MAXIMUM),
      "Lambda refuses the event source mapping",
    ),
  ];
}

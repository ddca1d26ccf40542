import { IDEMPOTENCY, REDELIVERY_MS } from "../../lambdas/settings/limits.ts";
import type { StageConfiguration } from "../config/stage-configuration.ts";
import { atLeast, ms } from "./inequality.ts";
import type { Inequality } from "./inequality.ts";

/**
 * Whatever can come back must still be known: an event that outlives its idempotency record
 * has its effect twice, and one that outlives its body cannot be handled at all.
 */
export function redelivery(
  stage: StageConfiguration,
  windowMs: number = IDEMPOTENCY.windowMs,
  spans: Readonly<Record<keyof typeof REDELIVERY_MS, number>> = REDELIVERY_MS,
): readonly Inequality[] {
  const longest = ms(
    "Alloy's retries + queue + dead letters + longest replay",
    spans.alloyRetry + spans.queueRetention + spans.deadLetterRetention + spans.longestReplay,
  );
  return [
    atLeast(
      ms("IDEMPOTENCY.windowMs", windowMs),
      longest,
      "an event that comes back late has its effect twice",
    ),
    atLeast(
      ms("retention.payloadsMs", stage.retention.payloadsMs),
      longest,
      "a large event that comes back late has no body left",
    ),
    atLeast(
      ms("REDELIVERY_MS.deadLetterRetention", spans.deadLetterRetention),
      ms("REDELIVERY_MS.queueRetention", spans.queueRetention),
      "a dead letter, whose age counts from its first sending, expires on arrival",
    ),
  ];
}

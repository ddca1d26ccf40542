import { TIMEOUTS_MS } from "../../lambdas/settings/limits.ts";
import type { StageConfiguration } from "../config/stage-configuration.ts";
import { atLeast, moreThan, ms } from "./inequality.ts";
import type { Inequality } from "./inequality.ts";

/** Above this share of its time limit a function rings as near its timeout. */
export const NEAR_TIMEOUT = 0.8;

/** Lambda's guide for SQS: the visibility timeout is six times the function's. */
const VISIBILITY_FACTOR = 6;

/** Above this age of the oldest event `events-too-old` rings. */
export const EVENTS_TOO_OLD_MS = 5 * 60_000;

/** How long Lambda waits to fill a batch. */
export function batchWindowMsOf({ batchWindowSeconds = 0 }: StageConfiguration): number {
  return 1_000 * batchWindowSeconds;
}

/** Each limit ends before the one that would cut it off. */
export function timeLimits(
  stage: StageConfiguration,
  limits: Readonly<Record<keyof typeof TIMEOUTS_MS, number>> = TIMEOUTS_MS,
): readonly Inequality[] {
  const windowMs = batchWindowMsOf(stage);
  return [
    // It waits for its batch, and when that fails for the visibility timeout, which is longer by the window.
    moreThan(
      ms("events-too-old", EVENTS_TOO_OLD_MS),
      ms("TIMEOUTS_MS.visibility + 2 × batchWindowSeconds", limits.visibility + 2 * windowMs),
      "a single retry rings as events-too-old",
    ),
    moreThan(
      ms("gaps.graceMs", stage.gaps.graceMs),
      ms("batchWindowSeconds", windowMs),
      "the poller takes an event that waits for its batch for a missing one",
    ),
    moreThan(
      ms("TIMEOUTS_MS.integration", limits.integration),
      ms("TIMEOUTS_MS.ingest", limits.ingest),
      "API Gateway gives up before ingest has answered",
    ),
    moreThan(
      ms("TIMEOUTS_MS.alloyWebhook", limits.alloyWebhook),
      ms("TIMEOUTS_MS.integration", limits.integration),
      "Alloy gives up before API Gateway has answered",
    ),
    atLeast(
      ms("TIMEOUTS_MS.visibility", limits.visibility),
      ms(`${VISIBILITY_FACTOR} × TIMEOUTS_MS.consumer`, VISIBILITY_FACTOR * limits.consumer),
      "SQS delivers an event again while the consumer still works on it",
    ),
    moreThan(
      ms(`${NEAR_TIMEOUT} × TIMEOUTS_MS.poller`, NEAR_TIMEOUT * limits.poller),
      ms("polling.runMs", stage.polling.runMs),
      "a full run rings as poller-near-timeout, and Lambda may cut it off",
    ),
    moreThan(
      ms("polling.rateMs", stage.polling.rateMs),
      ms("TIMEOUTS_MS.poller", limits.poller),
      "two runs of the poller overlap",
    ),
  ];
}

import { TIMEOUTS_MS } from "../../lambdas/settings/limits.ts";
import type { StageConfiguration } from "../config/stage-configuration.ts";
import { atLeast, moreThan, ms } from "./inequality.ts";
import type { Inequality } from "./inequality.ts";

/** Above this share of its time limit a function rings as near its timeout. */
export const NEAR_TIMEOUT = 0.8;

/** Lambda's guide for SQS: the visibility timeout is six times the function's. */
const VISIBILITY_FACTOR = 6;

/** Each limit ends before the one that would cut it off. */
export function timeLimits(
  stage: StageConfiguration,
  limits: Readonly<Record<keyof typeof TIMEOUTS_MS, number>> = TIMEOUTS_MS,
): readonly Inequality[] {
  return [
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

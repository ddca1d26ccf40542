import type { StageConfiguration } from "../config/stage-configuration.ts";
import { atLeast, count, ms } from "./inequality.ts";
import type { Inequality } from "./inequality.ts";

/** The intervals grow, and a run can make the calls that it may make. */
export function pollingPace({ polling, gaps }: StageConfiguration): readonly Inequality[] {
  return [
    atLeast(
      ms("polling.secondCheckMs", polling.secondCheckMs),
      ms("polling.firstCheckMs", polling.firstCheckMs),
      "checks get denser with age",
    ),
    atLeast(
      ms("polling.capMs", polling.capMs),
      ms("polling.secondCheckMs", polling.secondCheckMs),
      "checks get denser with age",
    ),
    atLeast(
      count(
        "polling.runMs × polling.requestsPerSecond",
        (polling.runMs / 1_000) * polling.requestsPerSecond,
      ),
      count("polling.callsPerRun", polling.callsPerRun),
      "a run never reaches the calls that it may make",
    ),
    atLeast(
      ms("gaps.thresholdMs", gaps.thresholdMs),
      ms("gaps.graceMs", gaps.graceMs),
      "an event that may still be in flight raises an alarm",
    ),
  ];
}

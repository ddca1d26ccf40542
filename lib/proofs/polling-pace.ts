import { TABLE } from "../../lambdas/settings/names.ts";
import { shareOf } from "../../lambdas/settings/poller-share.ts";
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
      count("TABLE.dueShards", TABLE.dueShards),
      count("polling.pollers", polling.pollers ?? 1),
      "a poller has no shard of the index due",
    ),
    atLeast(
      count("polling.requestsPerSecond", polling.requestsPerSecond),
      count(
        "the calls a second of all pollers together",
        polling.pollers === undefined ? 0 : polling.pollers * shareOf(polling).requestsPerSecond,
      ),
      "the pollers call Alloy more often than it was asked about: each makes at least one call a second",
    ),
    atLeast(
      ms("gaps.thresholdMs", gaps.thresholdMs),
      ms("gaps.graceMs", gaps.graceMs),
      "an event that may still be in flight raises an alarm",
    ),
  ];
}

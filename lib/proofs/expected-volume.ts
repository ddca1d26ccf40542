import { callsExpected, callsPerDay } from "../config/expected.ts";
import type { StageConfiguration } from "../config/stage-configuration.ts";
import { atLeast, count } from "./inequality.ts";
import type { Inequality } from "./inequality.ts";

/** The poller makes the calls that the expected webhooks bring, and has looked at everything within a day after an outage. */
export function expectedVolume(stage: StageConfiguration): readonly Inequality[] {
  const { expected } = stage;
  if (expected === undefined) return [];
  const calls = count(
    "calls to Alloy in a day, by polling.rateMs, callsPerRun and requestsPerSecond",
    Math.floor(callsPerDay(stage)),
  );
  return [
    atLeast(
      calls,
      count("those that expected.webhooksPerDay brings", Math.ceil(callsExpected(expected))),
      "checks fall behind day by day, and lost webhooks are found ever later",
    ),
    atLeast(
      calls,
      count("expected.openApplications", expected.openApplications),
      "after an outage it takes more than a day to find what was lost",
    ),
  ];
}

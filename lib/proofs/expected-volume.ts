import { THROTTLE } from "../../lambdas/settings/limits.ts";
import { TABLE } from "../../lambdas/settings/names.ts";
import {
  callsExpected,
  callsPerDay,
  eventsPerSecond,
  peakOf,
  webhooksPerSecondOfDueIndex,
} from "../config/expected.ts";
import type { StageConfiguration } from "../config/stage-configuration.ts";
import { atLeast, count } from "./inequality.ts";
import type { Inequality } from "./inequality.ts";

/** What lifts the ceiling of the pollers. */
const MORE_CALLS = "agree with Alloy on more, and set polling.requestsPerSecond";

/**
 * The stage carries what it expects: the pollers make the calls that the webhooks bring, and have looked at everything within
 * a day after an outage; ingest, the consumer and the index `due` take the peak. Each sentence names what lifts its ceiling.
 */
export function expectedVolume(stage: StageConfiguration): readonly Inequality[] {
  const { expected } = stage;
  if (expected === undefined) return [];
  const calls = count(
    "calls to Alloy in a day that polling.requestsPerSecond allows the pollers",
    Math.floor(callsPerDay(stage)),
  );
  const peak = count(
    "webhooks a second at the peak of expected.webhooksPerDay",
    Math.ceil(peakOf(expected)),
  );
  return [
    atLeast(
      calls,
      count("those that expected.webhooksPerDay brings", Math.ceil(callsExpected(expected))),
      `checks fall behind day by day, and lost webhooks are found ever later: ${MORE_CALLS}`,
    ),
    atLeast(
      calls,
      count("expected.openApplications", expected.openApplications),
      `after an outage it takes more than a day to find what was lost: ${MORE_CALLS}`,
    ),
    atLeast(
      count("THROTTLE.requestsPerSecond", THROTTLE.requestsPerSecond),
      peak,
      "API Gateway refuses some of them, which counts towards Alloy's switch-off: raise it and CONCURRENCY.ingest in lambdas/settings/limits.ts",
    ),
    atLeast(
      count("webhooks a second that the consumer processes", eventsPerSecond(stage)),
      peak,
      'the queue grows in each peak: set concurrency to "reserved", from which its executions follow',
    ),
    atLeast(
      count(
        `webhooks a second of which the ${TABLE.dueShards} shards of the index due take the entries`,
        Math.floor(webhooksPerSecondOfDueIndex()),
      ),
      peak,
      "DynamoDB throttles the merges: raise TABLE.dueShards in lambdas/settings/names.ts, and never lower it again",
    ),
  ];
}

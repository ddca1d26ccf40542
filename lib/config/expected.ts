import { CONCURRENCY, POLLER } from "../../lambdas/settings/limits.ts";
import { TABLE } from "../../lambdas/settings/names.ts";
import { shareOf } from "../../lambdas/settings/poller-share.ts";
import type { PollingSettings } from "../../lambdas/settings/poller-settings.ts";
import type { StageConfiguration } from "./stage-configuration.ts";

type Expected = NonNullable<StageConfiguration["expected"]>;

/** Events a second that one execution of the consumer processes in batches of ten (docs/scale.md). */
const EVENTS_PER_EXECUTION = 60;

/** The peak of a day, over its mean: a bank's busiest ten minutes. */
const PEAK_OVER_MEAN = 9;

/** Calls to Alloy for an application that ends within a day: what the scenarios need in the mean. */
const CALLS_PER_APPLICATION = 2.5;

/** Webhooks of an application, in the mean. */
const WEBHOOKS_PER_APPLICATION = 6.7;

/** Entries of the index `due` that an application puts and removes: its first event, and its checks. */
const DUE_ENTRIES_PER_APPLICATION = 6;

/** DynamoDB's write units of one partition, a second. */
const PARTITION_WRITES = 1_000;

const DAY_SECONDS = 24 * 60 * 60;
const MINUTE_MS = 60_000;

/**
 * Executions of the consumer, and batches that SQS hands out at once: as many as carry the peak of the day that the stage
 * expects, and never fewer than by default.
 */
export function consumerExecutionsFor({ expected, concurrency }: StageConfiguration): number {
  if (concurrency === "shared") return CONCURRENCY.sharedEventSource;
  if (expected === undefined) return CONCURRENCY.eventSource;
  const perSecond = peakOf(expected);
  return Math.max(CONCURRENCY.eventSource, Math.ceil(perSecond / EVENTS_PER_EXECUTION));
}

/** Webhooks a second in the busiest ten minutes. */
export function peakOf({ webhooksPerDay }: Expected): number {
  return (PEAK_OVER_MEAN * webhooksPerDay) / DAY_SECONDS;
}

/** Webhooks a second that the stage's consumer processes. */
export function eventsPerSecond(stage: StageConfiguration): number {
  return EVENTS_PER_EXECUTION * consumerExecutionsFor(stage);
}

/** Webhooks a second of which the index `due` takes what they put and remove. */
export function webhooksPerSecondOfDueIndex(): number {
  const applications = (TABLE.dueShards * PARTITION_WRITES) / DUE_ENTRIES_PER_APPLICATION;
  return applications * WEBHOOKS_PER_APPLICATION;
}

/**
 * The stage's polling, as what it expects needs it. How many calls a second it may make, only Alloy can say: that setting
 * stays as it is. If a run every few minutes does not make the calls that are wanted, there is one each minute, which makes all
 * that the rate allows; and so many pollers that each makes no more than one can.
 */
export function pollingFor(
  stage: Pick<StageConfiguration, "expected" | "polling">,
): PollingSettings {
  const { expected, polling } = stage;
  if (expected === undefined) return polling;
  const wanted = Math.max(callsExpected(expected), expected.openApplications);
  const { requestsPerSecond } = polling;
  const needed = Math.ceil(requestsPerSecond / POLLER.callsPerSecond);
  const pollers = polling.pollers ?? Math.min(TABLE.dueShards, needed);
  const divided = pollers === 1 ? polling : { ...polling, pollers };
  if (callsPerDay({ polling: divided }) >= wanted) return divided;
  const perRun = Math.floor((requestsPerSecond * polling.runMs) / 1_000);
  return {
    ...divided,
    rateMs: MINUTE_MS,
    callsPerRun: Math.max(polling.callsPerRun, perRun),
  };
}

/** Calls to Alloy in a day that the expected webhooks bring. */
export function callsExpected(expected: Expected): number {
  return (CALLS_PER_APPLICATION * expected.webhooksPerDay) / WEBHOOKS_PER_APPLICATION;
}

/** Calls to Alloy in a day that the stage's pollers make at most, all together. */
export function callsPerDay({ polling }: Pick<StageConfiguration, "polling">): number {
  const { pollers, requestsPerSecond, callsPerRun } = shareOf(polling);
  const { rateMs, runMs } = polling;
  const duringRuns =
    Math.min(requestsPerSecond, POLLER.callsPerSecond) * Math.min(1, runMs / rateMs);
  return pollers * Math.min(duringRuns, (1_000 * callsPerRun) / rateMs) * DAY_SECONDS;
}

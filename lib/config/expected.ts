import { CONCURRENCY } from "../../lambdas/settings/limits.ts";
import type { StageConfiguration } from "./stage-configuration.ts";

/** Events a second that one execution of the consumer processes in batches of ten (docs/scale.md). */
const EVENTS_PER_EXECUTION = 60;

/** The peak of a day, over its mean: a bank's busiest ten minutes. */
const PEAK_OVER_MEAN = 9;

/** Calls to Alloy for an application that ends within a day: what the scenarios need in the mean. */
const CALLS_PER_APPLICATION = 2.5;

/** Webhooks of an application, in the mean. */
const WEBHOOKS_PER_APPLICATION = 6.7;

const DAY_SECONDS = 24 * 60 * 60;

/**
 * Executions of the consumer, and batches that SQS hands out at once: as many as carry the peak of the day that the stage
 * expects, and never fewer than by default.
 */
export function consumerExecutionsFor({ expected, concurrency }: StageConfiguration): number {
  if (concurrency === "shared") return CONCURRENCY.sharedEventSource;
  if (expected === undefined) return CONCURRENCY.eventSource;
  const perSecond = (PEAK_OVER_MEAN * expected.webhooksPerDay) / DAY_SECONDS;
  return Math.max(CONCURRENCY.eventSource, Math.ceil(perSecond / EVENTS_PER_EXECUTION));
}

/** Calls to Alloy in a day that the expected webhooks bring. */
export function callsExpected(expected: NonNullable<StageConfiguration["expected"]>): number {
  return (CALLS_PER_APPLICATION * expected.webhooksPerDay) / WEBHOOKS_PER_APPLICATION;
}

/** Calls to Alloy in a day that the stage's poller makes at most. */
export function callsPerDay({ polling }: StageConfiguration): number {
  const perSecond = Math.min(
    polling.requestsPerSecond,
    (1_000 * polling.callsPerRun) / polling.rateMs,
  );
  return perSecond * DAY_SECONDS;
}

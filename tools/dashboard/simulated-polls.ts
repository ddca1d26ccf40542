import { GAP_STAGE_DIMENSION, METRICS } from "../../lambdas/settings/metrics.ts";
import type { MetricName } from "../../lambdas/settings/metrics.ts";
import { TABLE } from "../../lambdas/settings/names.ts";
import type { StageConfiguration } from "../../lib/config/stage-configuration.ts";
import type { Recorder } from "./recorder.ts";
import { DAY } from "./story.ts";
import type { Application, Delivery, Story } from "./story.ts";

const MINUTE_MS = 60_000;

/** What a run of the poller says, whether there is something or not. */
const SAID_BY_EVERY_RUN: readonly MetricName[] = [
  METRICS.applicationsBehind,
  METRICS.applicationsStale,
  METRICS.applicationsUnknown,
  METRICS.transitionsUnheard,
  METRICS.eventsMissing,
  METRICS.correctionsQueued,
  METRICS.deliveryGaps,
  METRICS.alloyCallsFailed,
  METRICS.alloyCallsUnauthorized,
];

/** When the poller looks at which application, by the stage's own schedule. */
export class PollingPlan {
  readonly #stage: StageConfiguration;
  readonly #minutes: number;

  constructor(stage: StageConfiguration) {
    this.#stage = stage;
    this.#minutes = stage.polling.rateMs / MINUTE_MS;
  }

  isRun(minute: number): boolean {
    return minute % this.#minutes === 0;
  }

  isCheck(application: Application, minute: number): boolean {
    if (!this.isRun(minute)) return false;
    const checks = checksOf(application, this.#stage);
    return checks.some((at) => at > minute - this.#minutes && at <= minute);
  }
}

/** When an application is due for a check, from its start until its end and once after it. */
function checksOf({ startedAt, endedAt }: Application, { polling }: StageConfiguration): number[] {
  const checks = [startedAt + polling.firstCheckMs / MINUTE_MS];
  let wait = polling.secondCheckMs / MINUTE_MS;
  while ((checks.at(-1) ?? DAY) < Math.min(endedAt, DAY)) {
    checks.push((checks.at(-1) ?? DAY) + wait);
    wait = Math.min(wait * polling.growth, polling.capMs / MINUTE_MS);
  }
  return checks;
}

/** What one run of the poller measures, and what is measured of it. */
export function recordPoll(
  record: Recorder,
  story: Story,
  run: { readonly minute: number; readonly checked: number; readonly thresholdMs: number },
): void {
  const { minute, checked, thresholdMs } = run;
  const { series } = record;
  const { deliveries, strangersAt } = story;
  for (const name of SAID_BY_EVERY_RUN) record.count(name, minute, 0);
  const failed = record.random() < 0.03 ? 1 : 0;
  record.count(METRICS.pollerRuns, minute);
  record.count(METRICS.applicationsChecked, minute, checked);
  record.count(METRICS.alloyCalls, minute, checked + failed);
  record.count(METRICS.alloyCallsFailed, minute, failed);
  record.count(METRICS.failuresInARow, minute, refusedSinceStored(minute));
  const { open, closed } = gapsAt(minute);
  record.count(METRICS.deliveryGaps, minute, open);
  record.count(METRICS.deliveryGaps, minute, open, { [GAP_STAGE_DIMENSION]: "in-flight" });
  record.put(series.ours(METRICS.gapDuration), minute, ...closed);
  record.put(series.lambda("Invocations", "poller"), minute, 1);
  record.put(series.lambda("Duration", "poller"), minute, 420 + 180 * checked + record.spread(150));
  record.put(series.log("poller"), minute, 2_600 + 300 * checked);
  record.put(series.table("ConsumedReadCapacityUnits", "ApplicationTable"), minute, 6 + checked);
  record.put(series.table("ConsumedWriteCapacityUnits", "ApplicationTable"), minute, checked);
  record.put(
    series.index("ConsumedWriteCapacityUnits", "ApplicationTable", TABLE.dueIndex),
    minute,
    2 * checked,
  );

  /** Answers that were not 200 since the last that was. */
  function refusedSinceStored(minute: number): number {
    let last = 0;
    for (const { queuedAt } of deliveries) {
      if (queuedAt < minute && queuedAt > last) last = queuedAt;
    }
    return strangersAt.filter((at) => at >= last && at < minute).length;
  }

  /** Applications of which something has been missing past the threshold, and gaps that are over. */
  function gapsAt(minute: number) {
    const missingFor = ({ step }: Delivery) => (minute - step.at) * MINUTE_MS;
    const open = deliveries.filter(
      (one) =>
        one.missedAt !== null &&
        one.missedAt <= minute &&
        minute < (one.closedAt ?? DAY) &&
        missingFor(one) > thresholdMs,
    );
    return {
      open: new Set(open.map(({ application }) => application)).size,
      closed: deliveries.filter(({ closedAt }) => closedAt === minute).map(missingFor),
    };
  }
}

import type { CompositeAlarm, MetricAlarm } from "./alarms.ts";
import type { Measurements } from "./measurements.ts";
import type { Point } from "./metric-math.ts";

/**
 * Windows that CloudWatch looks at beyond the alarm's own, when data is missing. Its documentation shows
 * five for an alarm of three ("Configuring how CloudWatch alarms treat missing data").
 */
export const FURTHER_WINDOWS = 2;

/** Minutes until a measurement can be seen. */
export const PUBLICATION_DELAY = 2;

/**
 * Is the alarm ringing, by what CloudWatch knows at a minute? With enough data in the range the newest
 * of it decides, however old; otherwise what is missing is filled as the alarm says.
 */
export function isBreaching(
  alarm: Pick<
    MetricAlarm,
    "evaluationPeriods" | "datapointsToAlarm" | "missingBreaches" | "breaches"
  >,
  range: readonly Point[],
): boolean {
  const { evaluationPeriods, datapointsToAlarm, missingBreaches, breaches } = alarm;
  const real = range.filter((point) => point !== null).slice(-evaluationPeriods);
  const breaching = real.filter(breaches).length;
  const filled = evaluationPeriods - real.length;
  return breaching + (missingBreaches ? filled : 0) >= datapointsToAlarm;
}

/** What the alarm's range holds at a minute, oldest window first. */
export function rangeAt(alarm: MetricAlarm, measurements: Measurements, minute: number): Point[] {
  const { periodMinutes } = alarm;
  const windows = alarm.evaluationPeriods + FURTHER_WINDOWS;
  return Array.from({ length: windows }, (_, index) => {
    const to = minute - (windows - 1 - index) * periodMinutes;
    // What was measured in the last minutes is still on its way.
    return alarm.valueIn(
      measurements,
      to - periodMinutes,
      Math.min(to, minute - PUBLICATION_DELAY),
    );
  });
}

/** When alarms rang, and when people were told, by the alarm's id. */
export interface Story {
  /** Minutes at which the alarm went to ALARM. */
  readonly rang: ReadonlyMap<string, readonly number[]>;
  /** Minutes at which the alarm went back to OK. */
  readonly ended: ReadonlyMap<string, readonly number[]>;
  /** Minutes at which the alarm's actions were taken. */
  readonly told: ReadonlyMap<string, readonly number[]>;
}

/** Evaluates all alarms, minute by minute, as CloudWatch does. */
export function evaluate(
  alarms: {
    readonly metric: readonly MetricAlarm[];
    readonly composite: readonly CompositeAlarm[];
  },
  measurements: Measurements,
  span: { readonly from: number; readonly to: number },
): Story {
  const ringing = new Set<string>();
  const rang = new Map<string, number[]>();
  const ended = new Map<string, number[]>();
  const told = new Map<string, number[]>();
  /** Composite alarms whose actions wait for the suppressor, with the minute of their ring. */
  const waiting = new Map<CompositeAlarm, number>();
  const note = (story: Map<string, number[]>, id: string, minute: number) =>
    story.set(id, [...(story.get(id) ?? []), minute]);

  function settle(
    alarm: { id: string; logicalId: string },
    rings: boolean,
    minute: number,
  ): boolean {
    if (rings === ringing.has(alarm.logicalId)) return false;
    if (rings) ringing.add(alarm.logicalId);
    else ringing.delete(alarm.logicalId);
    note(rings ? rang : ended, alarm.id, minute);
    return rings;
  }

  for (let minute = span.from; minute < span.to; minute += 1) {
    for (const alarm of alarms.metric) {
      const began = settle(alarm, isBreaching(alarm, rangeAt(alarm, measurements, minute)), minute);
      if (began) note(told, alarm.id, minute);
    }
    for (const alarm of alarms.composite) {
      const began = settle(
        alarm,
        alarm.rule((id) => ringing.has(id)),
        minute,
      );
      if (began) waiting.set(alarm, minute);
      if (!ringing.has(alarm.logicalId)) waiting.delete(alarm);
    }
    for (const [alarm, since] of waiting) {
      const suppressed = alarm.suppressor !== null && ringing.has(alarm.suppressor);
      const waits = alarm.suppressor !== null && minute - since < alarm.suppressorWaitMinutes;
      if (suppressed || waits) continue;
      note(told, alarm.id, minute);
      waiting.delete(alarm);
    }
  }
  return { rang, ended, told };
}

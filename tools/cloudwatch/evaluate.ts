import type { MetricAlarm } from "./alarms.ts";
import { HeldBackActions } from "./composite.ts";
import type { CompositeAlarm } from "./composite.ts";
import { judge } from "./judge.ts";
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
 * What the alarm's range holds at a minute, oldest window first.
 *
 * @param known - the values of whole windows, by their end: the next minutes look at the same windows again.
 */
export function rangeAt(
  alarm: MetricAlarm,
  measurements: Measurements,
  minute: number,
  known = new Map<number, Point>(),
): Point[] {
  const { periodMinutes } = alarm;
  const windows = alarm.evaluationPeriods + FURTHER_WINDOWS;
  // What was measured in the last minutes is still on its way.
  const seenUntil = minute - PUBLICATION_DELAY;
  const range: Point[] = [];
  for (let to = minute - (windows - 1) * periodMinutes; to <= minute; to += periodMinutes) {
    const isWhole = to <= seenUntil;
    let value = isWhole ? known.get(to) : undefined;
    if (value === undefined) {
      value = alarm.valueIn(measurements, to - periodMinutes, Math.min(to, seenUntil));
      if (isWhole) known.set(to, value);
    }
    range.push(value);
  }
  return range;
}

interface Span {
  readonly from: number;
  readonly to: number;
}

type Verdicts = readonly ReturnType<typeof judge>[];

/** What is said of an alarm where worlds share what it looks at, as copies do: a fault changes a few metrics of many. */
const shared = new WeakMap<
  MetricAlarm,
  { readonly looksAt: readonly (object | null)[]; readonly span: Span; readonly verdicts: Verdicts }
>();

/** The verdict on an alarm at each minute. */
function verdictsOn(alarm: MetricAlarm, measurements: Measurements, span: Span): Verdicts {
  const looksAt = alarm.metrics.map(({ series }) => measurements.identityOf(series));
  const known = shared.get(alarm);
  const isKnown =
    known?.span.from === span.from &&
    known.span.to === span.to &&
    looksAt.every((one, index) => one !== null && one === known.looksAt[index]);
  if (isKnown) return known.verdicts;
  const values = new Map<number, Point>();
  const verdicts = Array.from({ length: span.to - span.from }, (_, index) =>
    judge(alarm, rangeAt(alarm, measurements, span.from + index, values)),
  );
  if (!looksAt.includes(null)) shared.set(alarm, { looksAt, span, verdicts });
  return verdicts;
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
  span: Span,
): Story {
  const ringing = new Set<string>();
  const rang = new Map<string, number[]>();
  const ended = new Map<string, number[]>();
  const told = new Map<string, number[]>();
  const heldBack = new HeldBackActions();
  const watched = alarms.metric.map((alarm) => ({
    alarm,
    verdicts: verdictsOn(alarm, measurements, span),
  }));
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
    for (const { alarm, verdicts } of watched) {
      const verdict = verdicts[minute - span.from];
      // For who is told, OK and INSUFFICIENT_DATA are one: the alarm does not ring.
      if (
        verdict !== undefined &&
        verdict !== "retain" &&
        settle(alarm, verdict === "ALARM", minute)
      ) {
        note(told, alarm.id, minute);
      }
    }
    const isRinging = (id: string) => ringing.has(id);
    const begun = new Set(
      alarms.composite.filter((alarm) => settle(alarm, alarm.rule(isRinging), minute)),
    );
    for (const alarm of heldBack.due(alarms.composite, isRinging, begun, minute)) {
      note(told, alarm.id, minute);
    }
  }
  return { rang, ended, told };
}

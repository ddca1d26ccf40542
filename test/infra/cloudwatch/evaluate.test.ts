import { describe, expect, it } from "vitest";
import { evaluate, rangeAt } from "../../../tools/cloudwatch/evaluate.ts";
import { judge, MISSING_DATA } from "../../../tools/cloudwatch/judge.ts";
import type { MetricAlarm } from "../../../tools/cloudwatch/alarms.ts";
import type { CompositeAlarm } from "../../../tools/cloudwatch/composite.ts";
import { Measurements } from "../../../tools/cloudwatch/measurements.ts";

/**
 * CloudWatch's own tables ("Configuring how CloudWatch alarms treat missing data"): `X` breaches, `0` does not,
 * `-` is missing; then what becomes of the alarm by each treatment: `A` ALARM, `O` OK, `I` INSUFFICIENT_DATA,
 * `R` as it was.
 */
const TABLE: readonly (readonly [
  range: string,
  m: number,
  n: number,
  missing: string,
  ignore: string,
  breaching: string,
  notBreaching: string,
])[] = [
  ["0 - X - X", 3, 3, "O", "O", "O", "O"],
  ["- - - - 0", 3, 3, "O", "O", "O", "O"],
  ["- - - - -", 3, 3, "I", "R", "A", "O"],
  ["0 X X - X", 3, 3, "A", "A", "A", "A"],
  ["- - X - -", 3, 3, "A", "R", "A", "O"],
  ["0 - X - X", 2, 3, "A", "A", "A", "A"],
  ["0 0 X 0 X", 2, 3, "A", "A", "A", "A"],
  ["0 - X - -", 2, 3, "O", "O", "A", "O"],
  ["- - - - 0", 2, 3, "O", "O", "A", "O"],
  ["- - - X -", 2, 3, "A", "R", "A", "O"],
  // One point too young to be the last word (the same page, "Avoiding premature transitions").
  ["- - - - X", 2, 3, "R", "R", "A", "O"],
];

const VERDICTS = { ALARM: "A", OK: "O", INSUFFICIENT_DATA: "I", retain: "R" } as const;

describe("an alarm", () => {
  it.each(TABLE)("that sees %s, %i of %i", (range, m, n, ...wanted) => {
    const points = range.split(" ").map((mark) => ({ X: 1, "0": 0 })[mark] ?? null);
    const verdicts = MISSING_DATA.map((missingData) =>
      judge(
        {
          evaluationPeriods: n,
          datapointsToAlarm: m,
          missingData,
          breaches: (value) => value >= 1,
        },
        points,
      ),
    );

    expect(verdicts.map((verdict) => VERDICTS[verdict])).toEqual(wanted);
  });

  it.each<readonly [string, MetricAlarm["missingData"], number]>([
    [
      "that ignores what is missing rings on through silence, and ends with the next good point",
      "ignore",
      43,
    ],
    // The point leaves the range of three windows.
    ["that knows no treatment ends when all is silent", "missing", 14],
  ])("%s", (_, missingData, ended) => {
    const measurements = new Measurements();
    measurements.put("m", 10, 1);
    measurements.put("m", 40, 0);

    const story = storyOf({ ...anAlarm({}), missingData }, measurements);

    expect(story.rang.get("an-alarm")).toEqual([13]);
    expect(story.ended.get("an-alarm")).toEqual([ended]);
  });

  it("slides its window by a minute, and does not see what is still on its way", () => {
    const measurements = new Measurements();
    for (let minute = 0; minute < 20; minute += 1) measurements.put("m", minute, 1);

    const range = rangeAt(anAlarm({ periodMinutes: 5 }), measurements, 16);

    // 16 is now: 14 and 15 are on their way.
    expect(range).toEqual([5, 5, 3]);
  });

  it("rings when its value breaches, and ends when it does not", () => {
    const story = storyOf(anAlarm({}), aWorld({ m: [10, 15] }));

    expect(story.rang.get("an-alarm")).toEqual([13]);
    expect(story.ended.get("an-alarm")).toEqual([18]);
  });

  it("rings in a world as that world is, and not as one that shares its other metrics with it", () => {
    const alarm = anAlarm({});
    const healthy = aWorld({ m: [0, 0], d: [0, 0] });
    const [same, other, worse] = [healthy.copy(), healthy.copy(), healthy.copy()];
    other.put("d", 20, 1);
    worse.put("m", 20, 1);
    const rangAt = (world: Measurements) => storyOf(alarm, world).rang.get("an-alarm");

    expect([healthy.copy(), same, other].map(rangAt)).toEqual([undefined, undefined, undefined]);
    expect(rangAt(worse)).toEqual([23]);
    worse.put("m", 10, 1);
    expect(rangAt(worse)).toEqual([13, 23]);
    expect(rangAt(worse.copy())).toEqual([13, 23]);
    expect(rangAt(same)).toBeUndefined();
  });
});

describe("an alarm over alarms", () => {
  const trouble = anAlarm({ id: "trouble", logicalId: "Trouble" });
  const deployment = anAlarm({ id: "deployment", logicalId: "Deployment", series: "d" });
  const over: CompositeAlarm = {
    id: "over",
    logicalId: "Over",
    rule: (isRinging) => isRinging("Trouble"),
    suppressor: "Deployment",
    suppressorWaitMinutes: 2,
    suppressorExtensionMinutes: 0,
  };
  const alarms = { metric: [trouble, deployment] };
  const told = (measurements: Measurements, composite = over) =>
    evaluate({ ...alarms, composite: [composite] }, measurements, HOUR).told.get("over");

  it("tells after it has waited for its suppressor", () => {
    expect(told(aWorld({ m: [10, 40] }))).toEqual([15]);
  });

  it("tells nobody while its suppressor rings", () => {
    expect(told(aWorld({ m: [10, 15], d: [9, 20] }))).toBeUndefined();
  });

  it("tells when it still rings after its suppressor", () => {
    expect(told(aWorld({ m: [10, 40], d: [9, 20] }))).toEqual([23]);
  });

  it("tells when its suppressor has ended for as long as it is extended", () => {
    const extended = { ...over, suppressorExtensionMinutes: 5 };

    expect(told(aWorld({ m: [10, 40], d: [9, 20] }), extended)).toEqual([28]);
  });

  it("tells nobody when it has ended before it could", () => {
    expect(told(aWorld({ m: [10, 11] }))).toBeUndefined();
  });
});

const HOUR = { from: 0, to: 60 };

const storyOf = (alarm: MetricAlarm, measurements: Measurements) =>
  evaluate({ metric: [alarm], composite: [] }, measurements, HOUR);

function anAlarm(change: {
  readonly id?: string;
  readonly logicalId?: string;
  readonly series?: string;
  readonly periodMinutes?: number;
}): MetricAlarm {
  const { id = "an-alarm", logicalId = "AnAlarm", series = "m", periodMinutes = 1 } = change;
  return {
    id,
    logicalId,
    periodMinutes,
    evaluationPeriods: 1,
    datapointsToAlarm: 1,
    missingData: "notBreaching",
    breaches: (value) => value >= 1,
    valueIn: (measurements, from, to) => measurements.statistic(series, "Sum", from, to),
    metrics: [{ namespace: "", name: series, dimensions: [], statistic: "Sum", series }],
    memoryMinutes: 0,
    limit: "GreaterThanOrEqualToThreshold 1",
  };
}

/** Ones from the first minute to before the second, zeros around them. */
function aWorld(spans: Readonly<Record<string, readonly [number, number]>>): Measurements {
  const measurements = new Measurements();
  for (const series of ["m", "d"]) {
    const [from, to] = spans[series] ?? [0, 0];
    for (let minute = 0; minute < 60; minute += 1) {
      measurements.put(series, minute, minute >= from && minute < to ? 1 : 0);
    }
  }
  return measurements;
}

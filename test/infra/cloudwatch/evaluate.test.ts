import { describe, expect, it } from "vitest";
import { isBreaching, evaluate, rangeAt } from "../../../tools/cloudwatch/evaluate.ts";
import type { CompositeAlarm, MetricAlarm } from "../../../tools/cloudwatch/alarms.ts";
import { Measurements } from "../../../tools/cloudwatch/measurements.ts";

/** CloudWatch's own table: `X` breaches, `0` does not, `-` is missing. */
const TABLE: readonly (readonly [range: string, m: number, n: number, br: boolean, nb: boolean])[] =
  [
    ["0 - X - X", 3, 3, false, false],
    ["- - - - 0", 3, 3, false, false],
    ["- - - - -", 3, 3, true, false],
    ["0 X X - X", 3, 3, true, true],
    ["- - X - -", 3, 3, true, false],
    ["0 - X - X", 2, 3, true, true],
    ["0 0 X 0 X", 2, 3, true, true],
    ["0 - X - -", 2, 3, true, false],
    ["- - - - 0", 2, 3, true, false],
    ["- - - - X", 2, 3, true, false],
  ];

describe("an alarm", () => {
  it.each(TABLE)("that sees %s, %i of %i", (range, m, n, breaching, notBreaching) => {
    const points = range.split(" ").map((mark) => ({ X: 1, "0": 0 })[mark] ?? null);
    const rings = (missingBreaches: boolean) =>
      isBreaching(
        {
          evaluationPeriods: n,
          datapointsToAlarm: m,
          missingBreaches,
          breaches: (value) => value >= 1,
        },
        points,
      );

    expect([rings(true), rings(false)]).toEqual([breaching, notBreaching]);
  });

  it("slides its window by a minute, and does not see what is still on its way", () => {
    const measurements = new Measurements();
    for (let minute = 0; minute < 20; minute += 1) measurements.put("m", minute, 1);

    const range = rangeAt(anAlarm({ periodMinutes: 5 }), measurements, 16);

    // 16 is now: 14 and 15 are on their way.
    expect(range).toEqual([5, 5, 3]);
  });

  it("rings when its value breaches, and ends when it does not", () => {
    const measurements = new Measurements();
    for (let minute = 0; minute < 30; minute += 1) {
      measurements.put("m", minute, minute >= 10 && minute < 15 ? 1 : 0);
    }

    const story = evaluate({ metric: [anAlarm({})], composite: [] }, measurements, {
      from: 0,
      to: 30,
    });

    expect(story.rang.get("an-alarm")).toEqual([13]);
    expect(story.ended.get("an-alarm")).toEqual([18]);
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
  };
  const alarms = { metric: [trouble, deployment], composite: [over] };
  const told = (measurements: Measurements) =>
    evaluate(alarms, measurements, { from: 0, to: 60 }).told.get("over");

  it("tells after it has waited for its suppressor", () => {
    expect(told(aWorld({ m: [10, 40] }))).toEqual([15]);
  });

  it("tells nobody while its suppressor rings", () => {
    expect(told(aWorld({ m: [10, 15], d: [9, 20] }))).toBeUndefined();
  });

  it("tells when it still rings after its suppressor", () => {
    expect(told(aWorld({ m: [10, 40], d: [9, 20] }))).toEqual([23]);
  });
});

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
    missingBreaches: false,
    breaches: (value) => value >= 1,
    valueIn: (measurements, from, to) => measurements.statistic(series, "Sum", from, to),
    series: [series],
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

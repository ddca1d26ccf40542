import { describe, expect, it } from "vitest";
import { Measurements } from "../../../tools/cloudwatch/measurements.ts";
import { parseMetricMath } from "../../../tools/cloudwatch/metric-math.ts";

const METRICS: Readonly<Record<string, number | null>> = { a: 6, b: 2, zero: 0, none: null };

describe("metric math", () => {
  it.each([
    ["a + b * 2", 10],
    ["(a + b) * 2", 16],
    ["a - b - 1", 3],
    ["a / b / 3", 1],
    ["100 * b / a > 33", 1],
    ["a < b", 0],
    ["a == 6 AND b != 2", 0],
    ["a == 6 OR b != 2", 1],
    ["IF(a >= 6, b, zero)", 2],
    ["IF(zero, b, 0.5)", 0.5],
    ["a + none", null],
    ["a / zero", null],
    ["IF(none, a, b)", null],
    ["FILL(none, 0) + a", 6],
    ["FILL(a / zero, 7)", 7],
    ["IF(FILL(none, 0) == 0, FILL(a, 0), 0)", 6],
  ])("%s is %s", (expression, value) => {
    expect(parseMetricMath(expression)((id) => METRICS[id] ?? null)).toBe(value);
  });

  it.each(["a +", "SUM(a)", "a b", "IF(a, b)", "a ~ b", "(a"])("does not guess at %s", (text) => {
    expect(() => parseMetricMath(text)).toThrow(/^Metric math /);
  });
});

describe("a statistic", () => {
  const measurements = new Measurements();
  measurements.put("m", 1, 10, 20);
  measurements.put("m", 2, 40);

  it.each([
    ["Sum", 70],
    ["Maximum", 40],
    ["Minimum", 10],
    ["SampleCount", 3],
    ["p50", 20],
    ["p75", 30],
    ["p100", 40],
  ])("%s", (statistic, value) => {
    expect(measurements.statistic("m", statistic, 0, 5)).toBe(value);
  });

  it.each([
    ["Sum", 10_010, 9_898, 9_818],
    ["Maximum", 7, 7, 7],
    ["Minimum", 7, 7, -64],
    ["SampleCount", 1_430, 1_414, 1_415],
  ])("%s of a day, again when it has changed, and in a copy", (statistic, all, less, other) => {
    const day = new Measurements();
    const ofDay = (measured: Measurements) => measured.statistic("m", statistic, 0, 1_440);
    for (let minute = 10; minute < 1_450; minute += 1) day.put("m", minute, 7);

    const before = ofDay(day);
    day.forget("m", 200, 216);
    const after = ofDay(day);
    const copy = day.copy();
    copy.put("m", 300, -9, -64);
    copy.forget("m", 301, 302);

    expect([before, after, ofDay(copy), ofDay(day)]).toEqual([all, less, other, less]);
  });

  it("of nothing is missing", () => {
    expect(measurements.statistic("m", "Sum", 3, 5)).toBeNull();
    expect(measurements.statistic("unknown", "Sum", 0, 5)).toBeNull();
  });
});

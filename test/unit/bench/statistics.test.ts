import { describe, expect, it } from "vitest";

import { medianInterval, medianOf, quartilesOf } from "../../../tools/bench/statistics.ts";
import { randomOf } from "../../../tools/cloud-in-memory/random.ts";

it.each([
  ["the middle one", [10, 1, 2], 2],
  ["the lower of two in the middle", [4, 1, 3, 2], 2],
])("a median is %s", (_, values, median) => {
  expect(medianOf(values)).toBe(median);
});

it("the quartiles leave a quarter out on each side", () => {
  expect(quartilesOf([5, 4, 3, 2, 1])).toEqual({ low: 2, high: 4 });
});

describe("the interval of a median", () => {
  const to = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

  it.each([
    ["is found by rank", to(21), { low: 6, high: 16 }],
    ["is found by rank of many", to(63), { low: 24, high: 40 }],
    ["does not move with what is far out", [...to(20), 1_000_000], { low: 6, high: 16 }],
    ["of few values is all that there is", [3, 1, 2], { low: 1, high: 3 }],
    ["of none is no number", [], { low: Number.NaN, high: Number.NaN }],
  ])("%s", (_, values, interval) => {
    expect(medianInterval(values)).toEqual(interval);
  });

  it("holds the true median in at least 95 of 100 samples", () => {
    const random = randomOf(7);
    // Skewed, as times are: most are short, some are very long. The median is 1.
    const sample = () => Array.from({ length: 21 }, () => 1 / (2 * random()));

    const intervals = Array.from({ length: 2_000 }, () => medianInterval(sample()));

    const holding = intervals.filter(({ low, high }) => low <= 1 && 1 <= high).length;
    expect(holding / intervals.length).toBeGreaterThan(0.95);
  });
});

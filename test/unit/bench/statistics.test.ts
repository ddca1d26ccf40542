import { describe, expect, it } from "vitest";

import { medianInterval, medianOf, quartilesOf } from "../../../tools/bench/statistics.ts";
import { randomOf } from "../../../tools/cloud-in-memory/random.ts";

describe("a median", () => {
  it("is the middle one", () => {
    expect(medianOf([10, 1, 2])).toBe(2);
  });

  it("is the lower of two in the middle", () => {
    expect(medianOf([4, 1, 3, 2])).toBe(2);
  });
});

describe("the quartiles", () => {
  it("leave a quarter out on each side", () => {
    expect(quartilesOf([5, 4, 3, 2, 1])).toEqual({ low: 2, high: 4 });
  });
});

describe("the interval of a median", () => {
  const to = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

  it("is found by rank", () => {
    expect(medianInterval(to(21))).toEqual({ low: 6, high: 16 });
    expect(medianInterval(to(63))).toEqual({ low: 24, high: 40 });
  });

  it("does not move with single values that are far out", () => {
    expect(medianInterval([...to(20), 1_000_000])).toEqual({ low: 6, high: 16 });
  });

  it("of few values is all that there is", () => {
    expect(medianInterval([3, 1, 2])).toEqual({ low: 1, high: 3 });
    expect(medianInterval([])).toEqual({ low: Number.NaN, high: Number.NaN });
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

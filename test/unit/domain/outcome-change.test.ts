import { describe, expect, test } from "vitest";

import {
  changeInPercent,
  comparedSpans,
} from "../../../lambdas/domain/application/outcome-change.ts";
import { MINUTE, HOUR } from "../../../tools/cloud-in-memory/clock.ts";

const WEEK = 7 * 24 * HOUR;

describe("two windows", () => {
  const windows = { windowMs: HOUR, beforeMs: WEEK };
  const at = Date.UTC(2026, 10, 23, 20);

  test("end on the newest whole five minutes that CloudWatch knows for certain", () => {
    expect(comparedSpans(windows, at + 7.9 * MINUTE).newest).toEqual({ from: at - HOUR, to: at });
    expect(comparedSpans(windows, at + 8 * MINUTE).newest.to).toBe(at + 5 * MINUTE);
  });

  test("are as long as each other, and as far apart as the rule says", () => {
    const { newest, before } = comparedSpans(windows, at + 4 * MINUTE);

    expect(newest.from - before.from).toBe(WEEK);
    expect(before.to - before.from).toBe(HOUR);
  });
});

test.each([
  ["a fall by half", 10, 20, -50],
  ["a fall to nothing", 0, 20, -100],
  ["no change", 20, 20, 0],
  ["a rise to the double", 40, 20, 100],
  ["a rise from nothing, as from one", 30, 0, 2_900],
  ["of fewer than the minimum in both windows", 4, 9, 0],
  ["of as many as the minimum before", 5, 10, -50],
  ["of as many as the minimum now", 10, 5, 100],
])("a change: %s", (_name, newest, before, percent) => {
  expect(changeInPercent(newest, before, 10)).toBe(percent);
});

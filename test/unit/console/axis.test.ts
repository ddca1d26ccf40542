import { describe, expect, it, test } from "vitest";

import { agoText, rowsSeen, xOf } from "../../../tools/console/axis.ts";

describe("the rows that are read", () => {
  it("are those that are seen and a few around them, of ten thousand", () => {
    const view = { top: 44 * 5_000, height: 440, rowHeight: 44 };

    expect(rowsSeen(view, 10_000)).toEqual({ from: 4_992, to: 5_018 });
  });

  it("never stand outside of the list", () => {
    expect(rowsSeen({ top: 0, height: 440, rowHeight: 44 }, 3)).toEqual({ from: 0, to: 3 });
    expect(rowsSeen({ top: 9_000, height: 440, rowHeight: 44 }, 0)).toEqual({ from: 0, to: 0 });
  });
});

describe("the time axis", () => {
  const axis = { from: 1_000, to: 2_000, width: 500 };

  test.each([
    [1_000, 0],
    [1_500, 250],
    [2_000, 500],
    // What is outside of the window stands at its edge.
    [0, 0],
    [9_000, 500],
  ])("shows %i at %i px", (at, x) => {
    expect(xOf(axis, at)).toBe(x);
  });
});

test.each([
  [40, "40 ms"],
  [4_000, "4 s"],
  [720_000, "12 min"],
  [5 * 3_600_000, "5 h"],
  [5 * 86_400_000, "5 days"],
  [-1, "0 ms"],
])("tells %i ms as %s", (ms, text) => {
  expect(agoText(ms)).toBe(text);
});

import { describe, expect, it } from "vitest";

import { isMet, medianOf, tableOf } from "../../../tools/bench/bench.ts";
import { chartOf } from "../../../tools/bench/chart.ts";

describe("a target", () => {
  const target = { what: "bundle", wanted: 25, unit: "KB" };

  it.each([
    ["at most", 24.9, true],
    ["at most", 25, true],
    ["at most", 25.1, false],
    ["at least", 24.9, false],
    ["at least", 25, true],
    ["at most", Number.NaN, false],
    ["at least", Number.NaN, false],
  ] as const)("of %s 25 is met by %d: %s", (limit, measured, expected) => {
    expect(isMet({ ...target, limit, measured })).toBe(expected);
  });
});

describe("a median", () => {
  it("is the middle one", () => {
    expect(medianOf([10, 1, 2])).toBe(2);
  });

  it("is the lower of two in the middle", () => {
    expect(medianOf([4, 1, 3, 2])).toBe(2);
  });
});

describe("a table", () => {
  it("is Markdown, with the first column to the left and the others to the right", () => {
    const table = tableOf({
      columns: ["", "bundle"],
      rows: [
        ["ours", "16.6 KB"],
        ["floor", "1 KB"],
      ],
    });

    expect(table).toBe(
      [
        "|       |  bundle |",
        "|-------|--------:|",
        "| ours  | 16.6 KB |",
        "| floor |    1 KB |",
      ].join("\n"),
    );
  });
});

describe("a chart", () => {
  it("draws both parts of a bar to the scale of the longest one", () => {
    const svg = chartOf(
      "t",
      ["a", "b"],
      [
        { label: "long", parts: [10, 30], caption: "40" },
        { label: "short", parts: [5, 5], caption: "10" },
      ],
    );

    const widths = [...svg.matchAll(/width="([\d.]+)" height="22"/g)].map(([, width]) =>
      Number(width),
    );
    expect(widths).toEqual([95, 285, 47.5, 47.5]);
  });

  it("escapes what stands in it", () => {
    expect(chartOf("a < b & c", ["", ""], [])).toContain("a &lt; b &amp; c");
  });
});

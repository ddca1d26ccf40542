import { describe, expect, it } from "vitest";

import { isDecided, isMet, sentenceOf, tableOf } from "../../../tools/bench/bench.ts";
import type { Report } from "../../../tools/bench/bench.ts";
import { chartOf } from "../../../tools/bench/chart.ts";
import { runBench } from "../../../tools/bench/run.ts";

const target = { what: "bundle", wanted: 25, unit: "KB" };

it.each([
  ["at most", 24.9, true],
  ["at most", 25, true],
  ["at most", 25.1, false],
  ["at least", 24.9, false],
  ["at least", 25, true],
  ["at most", Number.NaN, false],
  ["at least", Number.NaN, false],
] as const)("a target of %s 25 is met by %d: %s", (limit, measured, expected) => {
  expect(isMet({ ...target, limit, measured })).toBe(expected);
});

describe("a target that is measured again and again", () => {
  const target = { what: "first", wanted: 0.35, measured: 0.3, unit: "times" };

  it.each([
    ["at most", { low: 0.2, high: 0.35 }, true],
    ["at most", { low: 0.2, high: 0.36 }, false],
    ["at most", { low: 0.36, high: 0.4 }, true],
    ["at least", { low: 0.2, high: 0.34 }, true],
    ["at least", { low: 0.2, high: 0.36 }, false],
    ["at least", { low: 0.35, high: 0.4 }, true],
    ["at most", { low: Number.NaN, high: Number.NaN }, false],
  ] as const)("of %s 0.35 is decided by %j: %s", (limit, interval, expected) => {
    expect(isDecided({ ...target, limit, interval })).toBe(expected);
  });

  it("is decided at once when it does not depend on the machine", () => {
    expect(isDecided({ ...target, limit: "at most" })).toBe(true);
  });

  it("says its figure with the interval", () => {
    expect(sentenceOf({ ...target, limit: "at most", interval: { low: 0.28, high: 0.33 } })).toBe(
      "met    first: 0.3 times (95 %: 0.28 to 0.33), wanted at most 0.35",
    );
  });
});

describe("a run", () => {
  const figure = { what: "bundle", limit: "at most", wanted: 25, unit: "KB" } as const;

  async function run(measured: number, options: { json?: boolean; record?: boolean } = {}) {
    const [printed, complaints, kept]: [string[], string[], boolean[]] = [[], [], []];
    const report: Report = {
      columns: ["", "bundle"],
      rows: [["ours", "1 KB"]],
      notes: ["a note"],
      targets: [{ ...figure, measured }],
      figures: [{ id: "ours" }],
    };
    const missed = await runBench(
      "ingest",
      { title: "a title", run: () => Promise.resolve(report) },
      { sizesOnly: false, json: false, record: false, ...options },
      {
        print: (text) => void printed.push(text),
        complain: (text) => void complaints.push(text),
        keep: (_, isRecord) => void kept.push(isRecord),
      },
    );
    return { missed, printed: printed.join("\n"), complaints, kept };
  }

  it("that meets its targets prints table, notes and figures, and complains of nothing", async () => {
    const { missed, printed, complaints, kept } = await run(25);

    expect(missed).toBe(0);
    expect(printed).toContain("ingest: a title");
    expect(printed).toContain("| ours |   1 KB |");
    expect(printed).toContain("a note\nmet    bundle: 25 KB, wanted at most 25");
    expect(complaints).toEqual([]);
    expect(kept).toEqual([false]);
  });

  it("that misses one says which in a sentence", async () => {
    const { missed, complaints } = await run(25.001);

    expect(missed).toBe(1);
    expect(complaints).toEqual(["MISSED bundle: 25.001 KB, which had to be at most 25 KB."]);
  });

  it("prints JSON and nothing else when it is asked for that", async () => {
    const { printed } = await run(26, { json: true });

    expect(JSON.parse(printed)).toMatchObject({
      figures: [{ id: "ours" }],
      targets: [{ measured: 26 }],
      table: expect.stringContaining("1 KB"),
    });
  });

  it("keeps the figures for everybody to see when it is asked to, unless a target is missed", async () => {
    expect((await run(25, { record: true })).kept).toEqual([true]);
    expect((await run(26, { record: true })).kept).toEqual([false]);
  });
});

it("a table is Markdown, with the first column to the left and the others to the right", () => {
  const rows = [
    ["ours", "16.6 KB"],
    ["floor", "1 KB"],
  ];

  expect(tableOf({ columns: ["", "bundle"], rows }).split("\n")).toEqual([
    "|       |  bundle |",
    "|-------|--------:|",
    "| ours  | 16.6 KB |",
    "| floor |    1 KB |",
  ]);
});

describe("a chart", () => {
  const bar = { whisker: { low: 0, high: 0 }, isOurs: false } as const;
  const chart = {
    title: "a < b & c",
    subtitle: "",
    legend: ["a", "b"],
    mark: { at: 20, label: "half" },
    bars: [
      { ...bar, label: "long", parts: [10, 30], caption: "40" },
      { ...bar, label: "short", parts: [5, 5], caption: "10" },
    ],
  } as const;

  it("draws both parts of a bar to the scale of the longest one", () => {
    const widths = [...chartOf(chart).matchAll(/width="([\d.]+)" height="24"/g)].map(([, width]) =>
      Number(width),
    );

    const [whole = 0] = widths.map((width) => width * 4);
    expect(widths).toEqual([whole / 4, (whole * 3) / 4, whole / 8, whole / 8]);
  });

  it("makes room for the whisker that is longer than all bars", () => {
    const [first, second] = chart.bars;
    const bars = [{ ...first, whisker: { low: 30, high: 80 } }, second];

    const widthOf = (svg: string) => Number(/width="([\d.]+)" height="24"/.exec(svg)?.[1]);
    expect(widthOf(chartOf({ ...chart, bars }))).toBe(widthOf(chartOf(chart)) / 2);
  });

  it("escapes what stands in it", () => {
    expect(chartOf(chart)).toContain("a &lt; b &amp; c");
  });
});

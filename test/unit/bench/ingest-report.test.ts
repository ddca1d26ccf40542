import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { isMet, tableOf } from "../../../tools/bench/bench.ts";
import type { Target } from "../../../tools/bench/bench.ts";
import type { Start } from "../../../tools/bench/cold-start.ts";
import { tableOfFigures, timeTargets } from "../../../tools/bench/ingest-report.ts";
import type { Figures } from "../../../tools/bench/ingest-report.ts";

interface Recorded {
  readonly figures: readonly Figures[];
  readonly targets: readonly Target[];
  readonly table: string;
}

describe("the recorded figures of ingest", () => {
  const recorded: Recorded = JSON.parse(
    readFileSync(new URL("../../../docs/bench/ingest.json", import.meta.url), "utf8"),
  );

  it("are those of their table, which is that of docs/performance.md", () => {
    expect(tableOf(tableOfFigures(recorded.figures))).toBe(recorded.table);
  });

  it("meet every target of the product", () => {
    expect(recorded.targets.map(({ what, wanted }) => [what, wanted])).toEqual([
      ["bundle", 25],
      ["plain bundle, over this one", 10],
      ["import, over the empty handler", 5],
      ["first request, of the plain one's", 0.35],
    ]);
    expect(recorded.targets.filter((target) => !isMet(target))).toEqual([]);
  });
});

describe("the targets of time", () => {
  function aStart(importMs: number, handledMs: number): Start {
    return { statusCode: 200, importMs, handledMs, cpuMs: 0, peakMemoryBytes: 0, warm: [] };
  }

  /** A round in which everything takes so many times as long as on an idle machine. */
  function aRound(busy: number) {
    const other = aStart(0, 0);
    return {
      floor: aStart(1 * busy, 0),
      ingest: aStart(3 * busy, 17 * busy),
      plain: aStart(50 * busy, 30 * busy),
      aws4fetch: other,
      trimmed: other,
    };
  }

  it("are of each round by itself: a machine that gets busy in between changes no ratio", () => {
    const [, first] = timeTargets([aRound(1), aRound(5), aRound(40)]);

    expect(first).toMatchObject({ measured: 0.25, interval: { low: 0.25, high: 0.25 } });
  });

  it("take the middle of the rounds", () => {
    const [imported] = timeTargets([aRound(1), aRound(1), aRound(30)]);

    expect(imported).toMatchObject({ measured: 2, interval: { low: 2, high: 60 } });
  });
});

import { expect, test } from "vitest";

import { ALL_KNOBS, USUAL_KNOBS } from "../scenario/knobs.ts";
import { ALL_MARKS, isReachable } from "../invariants/marks.ts";
import { runSeeds } from "./run-seeds.ts";

/** A quarter of them reach the state with its knob. */
const SEEDS = 20;

test("there are at least 40 states to be reached", () => {
  expect(new Set(ALL_MARKS).size).toBe(ALL_MARKS.length);
  expect(ALL_MARKS.length).toBeGreaterThanOrEqual(40);
});

test("a state that needs a knob is lost with it, and comes back with it", async () => {
  const mark = "an unarchiving was confirmed";
  const without = await runSeeds(1, SEEDS, { kind: "fixed", knobs: [] });
  const within = await runSeeds(1, SEEDS, { kind: "fixed", knobs: ["after-unarchive"] });

  expect(without.filter(({ marks }) => marks.includes(mark))).toEqual([]);
  expect(within.some(({ marks }) => marks.includes(mark))).toBe(true);
  expect([...without, ...within].flatMap(({ strays }) => strays)).toEqual([]);
});

test("what the usual knobs cannot reach is asked of no run", () => {
  const all = { kind: "drawn", from: ALL_KNOBS } as const;
  const none = { kind: "drawn", from: [] } as const;

  expect(ALL_MARKS.filter((mark) => !isReachable(mark, all))).toEqual([]);
  expect(ALL_MARKS.filter((mark) => !isReachable(mark, none)).length).toBeGreaterThan(15);
  expect(ALL_MARKS.filter((mark) => isReachable(mark, USUAL_KNOBS)).length).toBeGreaterThan(30);
});

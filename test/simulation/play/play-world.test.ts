import { expect, test } from "vitest";

import { runSeed } from "./run-seed.ts";
import { runSeeds } from "./run-seeds.ts";

test("tells the same story of the same seed", async () => {
  const once = await runSeed(7);
  const again = await runSeed(7);

  expect(again.story.text()).toBe(once.story.text());
  expect(once.story.lines.length).toBeGreaterThan(50);
});

test("an outage between publishing and remembering explains a second publication", async () => {
  // The table is out from 1.2 s before the event is published, so that its completion cannot be saved.
  const only = new Set(["outage.table#1", "store.mergeState A1#2", "store.mergeState A1#3"]);
  const knobs = { kind: "fixed", knobs: ["unknown-type"] } as const;
  const { violations, republished } = await runSeed(200_363, { only, knobs });

  expect(violations).toEqual([]);
  expect(republished).toBe(1);
});

test("keeps every promise in 100 worlds", async () => {
  const tallies = await runSeeds(1, 100);

  expect(tallies.filter(({ violations }) => violations.length > 0)).toEqual([]);
  // Marks that a world reached without the knob that marks.ts says they need.
  expect(tallies.flatMap(({ strays }) => strays)).toEqual([]);
  expect(tallies.reduce((all, { events }) => all + events, 0)).toBeGreaterThan(700);
  expect(tallies.flatMap(({ kinds }) => kinds).length).toBeGreaterThan(1_300);
});

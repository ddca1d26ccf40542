import { expect, test } from "vitest";

import { runSeed } from "./run-seed.ts";
import { runSeeds } from "./run-seeds.ts";

test("tells the same story of the same seed", async () => {
  const once = await runSeed(7);
  const again = await runSeed(7);

  expect(again.story.text()).toBe(once.story.text());
  expect(once.story.lines.length).toBeGreaterThan(50);
});

test("keeps every promise in 300 worlds", async () => {
  const { failures, faults, events } = await runSeeds(1, 300);

  expect(failures).toEqual([]);
  expect(events).toBeGreaterThan(2_000);
  expect(faults).toBeGreaterThan(4_000);
});

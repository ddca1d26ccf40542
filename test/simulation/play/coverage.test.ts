import { describe, expect, test } from "vitest";

import { ALL_FAULT_KINDS } from "../faults/faults.ts";
import { CALL_SITES } from "../faults/ports.ts";
import type { Fault } from "../faults/faults.ts";
import { scenarioOf } from "../scenario/scenario.ts";
import { playWorld } from "./play-world.ts";

/** Every call that a handler waits for, but those that hardly any world makes. */
const CALLS = [...CALL_SITES, "alloy.get", "alloy.list", "alloy.bearer"].filter(
  (site) => !/^(store\.(eraseEvent|readApplicant|hasFailure)|due\.look)$/.test(site),
);

/** Less than half of what CI plays: what does not happen in so many worlds is as good as never tried. */
const MOST_SEEDS = 4_000;

/** Plays worlds until all of these have been seen. @returns what has not. */
async function unseen(wanted: readonly string[], seenIn: (fault: Fault) => string) {
  const left = new Set(wanted);
  for (let seed = 1; seed <= MOST_SEEDS && left.size > 0; seed += 1) {
    const { faults } = await playWorld(scenarioOf(seed));
    for (const fault of faults) left.delete(seenIn(fault));
  }
  return [...left];
}

describe("the fault schedule of the worlds", () => {
  test("brings every kind of fault", async () => {
    expect(await unseen(ALL_FAULT_KINDS, ({ kind }) => kind)).toEqual([]);
  });

  test("kills a sandbox before and after every call that a handler waits for", async () => {
    const wanted = CALLS.flatMap((site) => [`${site} crash-before`, `${site} crash-after`]);

    expect(await unseen(wanted, ({ site, kind }) => `${site} ${kind}`)).toEqual([]);
  });

  test("knows every call", async () => {
    const called = new Set<string>();
    for (let seed = 1; seed <= 50; seed += 1) {
      const { faults } = await playWorld(scenarioOf(seed));
      for (const { site, kind } of faults) if (kind.startsWith("crash")) called.add(site);
    }

    expect([...called].filter((site) => !CALLS.includes(site))).toEqual([]);
  });
});

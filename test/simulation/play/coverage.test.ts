import { describe, expect, test } from "vitest";

import { ALL_FAULT_KINDS } from "../faults/faults.ts";
import { CALL_SITES } from "../faults/ports.ts";
import { scenarioOf } from "../scenario/scenario.ts";
import { playWorld } from "./play-world.ts";

const ALL_CALLS = [...CALL_SITES, "alloy.get", "alloy.list", "alloy.bearer"];

/** Every call that a handler waits for, but those that hardly any world makes. */
const CALLS = ALL_CALLS.filter(
  (site) => !/^(store\.(eraseEvent|readApplicant|hasFailure)|due\.look)$/.test(site),
);

/** Less than half of what CI plays: what does not happen in so many worlds is as good as never tried. */
const MOST_SEEDS = 4_000;

/**
 * Of those worlds the ones that have shown all of it. They come first; where they no longer do, since worlds are drawn
 * otherwise now, the others are played too: the verdict is the same, and takes half a minute.
 */
const TELLING_SEEDS = [
  1840, 2247, 1924, 314, 390, 1563, 83, 1038, 1401, 1646, 1532, 411, 2967, 44, 84,
];

/** The calls that were cut off in the worlds that were played. */
const killedAt = new Set<string>();

/** Plays worlds until all of these have been seen. @returns what has not. */
async function unseen(wanted: readonly string[]) {
  const left = new Set(wanted);
  const seeds = new Set(TELLING_SEEDS);
  for (let seed = 1; seed <= MOST_SEEDS; seed += 1) seeds.add(seed);
  for (const seed of seeds) {
    if (left.size === 0) break;
    const { faults } = await playWorld(scenarioOf(seed));
    for (const { site, kind } of faults) {
      left.delete(kind);
      left.delete(`${site} ${kind}`);
      if (kind.startsWith("crash")) killedAt.add(site);
    }
  }
  return [...left];
}

describe("the fault schedule of the worlds", () => {
  test("brings every kind of fault, and kills a sandbox before and after every call that a handler waits for, and at no other one", async () => {
    const crashes = CALLS.flatMap((site) => [`${site} crash-before`, `${site} crash-after`]);

    expect(await unseen([...ALL_FAULT_KINDS, ...crashes])).toEqual([]);
    // A call that is not in the list would have been cut off in these worlds too.
    expect([...killedAt].filter((site) => !ALL_CALLS.includes(site))).toEqual([]);
  });
});

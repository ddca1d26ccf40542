import { expect, test } from "vitest";

import { GAP_STAGES } from "../../../lambdas/settings/metrics.ts";
import { playGap } from "./gap-world.ts";
import type { FoundGap } from "./gap-world.ts";
import { ALL_TROUBLES, plantGap } from "./planted-gap.ts";
import type { Trouble } from "./planted-gap.ts";
import { scenarioOf } from "../scenario/scenario.ts";
import { GAP_KNOBS, knobsOf } from "../scenario/knobs.ts";

/** Each trouble so often; `npm run simulate -- --gaps` plays as many as one likes. */
const TIMES = 10;
/** Among so many seeds the rarest trouble can be planted so often. */
const MOST_SEEDS = 400;

/** The first seeds in which each trouble can be planted. */
function seedsWithGaps(): readonly number[] {
  const seedsOf = new Map<Trouble, number[]>(ALL_TROUBLES.map((trouble) => [trouble, []]));
  const isFull = () => [...seedsOf.values()].every((seeds) => seeds.length === TIMES);
  for (let seed = 1; seed <= MOST_SEEDS && !isFull(); seed += 1) {
    const planted = plantGap(scenarioOf(seed, { knobs: knobsOf(seed, GAP_KNOBS) }));
    const seeds = planted === null ? undefined : seedsOf.get(planted.trouble);
    if (seeds !== undefined && seeds.length < TIMES) seeds.push(seed);
  }
  return [...seedsOf.values()].flat();
}

test("every planted gap is found within two poll periods, blamed on its stage and healed; nobody else is accused", async () => {
  const found: FoundGap[] = [];
  for (const seed of seedsWithGaps()) {
    const { planted, falseGaps } = await playGap(seed);
    expect({ seed, falseGaps, faults: planted?.faults ?? [] }).toEqual({
      seed,
      falseGaps: 0,
      faults: [],
    });
    if (planted !== null) found.push(planted);
  }

  const counts = ALL_TROUBLES.map(
    (trouble) => found.filter((one) => one.trouble === trouble).length,
  );
  expect(new Set(counts)).toEqual(new Set([TIMES]));
  const stages = found.map(({ blamed }) => blamed?.said ?? "nobody was told");
  expect(new Set(stages)).toEqual(new Set<string>(GAP_STAGES));
});

import { expect, test } from "vitest";

import { GAP_STAGES } from "../../../lambdas/settings/metrics.ts";
import { playGap } from "./gap-world.ts";
import type { FoundGap } from "./gap-world.ts";
import { ALL_TROUBLES } from "./planted-gap.ts";

/** Each trouble some twenty times; `npm run simulate -- --gaps` plays as many as one likes. */
const SEEDS = 400;

test("every planted gap is found within two poll periods, blamed on its stage and healed; nobody else is accused", async () => {
  const found: FoundGap[] = [];
  for (let seed = 1; seed <= SEEDS; seed += 1) {
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
  expect(Math.min(...counts)).toBeGreaterThan(10);
  const stages = found.map(({ blamed }) => blamed?.said ?? "nobody was told");
  expect(new Set(stages)).toEqual(new Set<string>(GAP_STAGES));
});

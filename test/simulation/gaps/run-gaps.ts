import { setImmediate as pause } from "node:timers/promises";

import type { KnobChoice } from "../scenario/knobs.ts";
import { playGap } from "./gap-world.ts";
import type { GapResult } from "./gap-world.ts";

/** What a seed came to; it goes from a worker to the main thread as it is. */
export type GapTally = Omit<GapResult, "story">;

/** Plants a gap in each world. The stories of ten thousand worlds would fill the memory. */
export async function runGaps(
  from: number,
  count: number,
  knobs: KnobChoice,
): Promise<readonly GapTally[]> {
  const tallies: GapTally[] = [];
  for (let seed = from; seed < from + count; seed += 1) {
    const { story: _, ...tally } = await playGap(seed, knobs);
    tallies.push(tally);
  }
  // A world never waits for the real event loop; signals and messages want their turn.
  await pause();
  return tallies;
}

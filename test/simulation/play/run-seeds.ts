import { setImmediate as pause } from "node:timers/promises";

import type { FaultKind } from "../faults/faults.ts";
import { faultKey } from "../faults/faults.ts";
import { knobNeededBy } from "../invariants/marks.ts";
import type { DecisionCounts } from "../invariants/decisions.ts";
import type { Mark } from "../invariants/marks.ts";
import { USUAL_KNOBS } from "../scenario/knobs.ts";
import type { KnobChoice } from "../scenario/knobs.ts";
import type { Violation } from "../world/observer.ts";
import { runSeed } from "./run-seed.ts";
import type { SeedResult } from "./run-seed.ts";

/** What a seed came to; it goes from a worker to the main thread as it is. */
export interface Tally {
  readonly seed: number;
  readonly events: number;
  /** Of the faults that happened in it. */
  readonly kinds: readonly FaultKind[];
  readonly republished: number;
  /** With its faults, and without any. */
  readonly decisions: DecisionCounts;
  /** The states that it reached. */
  readonly marks: readonly Mark[];
  /** Those of them that it reached without the knob that they are said to need. */
  readonly strays: readonly Mark[];
  /** Of its story. */
  readonly digest: string;
  /** The promises that it broke, and then the keys of its faults. */
  readonly violations: readonly Violation[];
  readonly faults: readonly string[];
}

export function tallyOf({ seed, scenario, story, faults, ...result }: SeedResult): Tally {
  const { republished, decisions, marks, violations } = result;
  return {
    seed,
    events: scenario.events.length,
    kinds: faults.map(({ kind }) => kind),
    republished,
    decisions,
    marks,
    strays: marks.filter((mark) => {
      const knob = knobNeededBy(mark);
      return knob !== null && !scenario.knobs.has(knob);
    }),
    digest: story.digest(),
    violations,
    faults: violations.length > 0 ? faults.map(faultKey) : [],
  };
}

export async function runSeeds(
  from: number,
  count: number,
  knobs: KnobChoice = USUAL_KNOBS,
): Promise<readonly Tally[]> {
  const tallies: Tally[] = [];
  for (let seed = from; seed < from + count; seed += 1) {
    tallies.push(tallyOf(await runSeed(seed, { knobs })));
  }
  // A world never waits for the real event loop; signals and messages want their turn.
  await pause();
  return tallies;
}

import { knobsOf } from "../scenario/knobs.ts";
import type { KnobChoice } from "../scenario/knobs.ts";
import { firstDifference, ledgerOf } from "./ledger.ts";
import type { Violation } from "../world/observer.ts";
import { scenarioOf } from "../scenario/scenario.ts";
import type { FaultPoints } from "../faults/fault-points.ts";
import { playWorld } from "./play-world.ts";
import type { WorldResult } from "./play-world.ts";

/** For the world in which nothing goes wrong. */
export const NO_FAULTS: ReadonlySet<string> = new Set();

/** A seed's world, and everything in it that broke a promise. Its decisions are those of both worlds. */
export interface SeedResult extends WorldResult {
  readonly seed: number;
}

/**
 * Plays a seed twice, with its faults and without any, and compares what the two have come to.
 *
 * @param options.only - the faults that may happen; null: all that the seed draws.
 * @param options.knobs - which knobs its world has. @default - as seeds draw them
 */
export async function runSeed(
  seed: number,
  options: {
    readonly only?: ReadonlySet<string> | null;
    readonly faultPoints?: FaultPoints;
    readonly knobs?: KnobChoice;
  } = {},
): Promise<SeedResult> {
  const scenario = scenarioOf(seed, { knobs: knobsOf(seed, options.knobs) });
  const result = await playWorld(scenario, options);
  // The real handlers, without planted bugs: what should have come of it.
  const faultFree = await playWorld(scenario, { only: NO_FAULTS });
  return {
    ...result,
    seed,
    violations: [...result.violations, ...compared(faultFree, result)],
    decisions: {
      answered: result.decisions.answered + faultFree.decisions.answered,
      published: result.decisions.published + faultFree.decisions.published,
    },
    marks: [...new Set([...result.marks, ...faultFree.marks])],
  };
}

function compared(faultFree: WorldResult, stormy: WorldResult): readonly Violation[] {
  const difference = firstDifference(ledgerOf(faultFree, stormy.heard), ledgerOf(stormy));
  const own = faultFree.violations.map(({ kind, sentence }) => ({
    kind,
    sentence: `${sentence}, without any fault`,
  }));
  if (difference === null) return own;
  return [...own, { kind: "lost", sentence: `the ledger says ${difference}` }];
}

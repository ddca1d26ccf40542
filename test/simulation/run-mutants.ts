import { firstDifference, ledgerOf } from "./ledger.ts";
import type { Mutant } from "./mutants/mutant.ts";
import { USUALLY_WITHIN } from "./mutants/mutant.ts";
import type { Violation } from "./observer.ts";
import { plotOf } from "./plot.ts";
import { NO_FAULTS, runSeed } from "./run-seed.ts";
import { playWorld } from "./world.ts";

/** How it went with a planted bug. */
export interface Hunt {
  readonly mutant: Mutant;
  /** By which promise, and in which world; null: it lives. */
  readonly caught: { readonly seed: number; readonly violation: Violation } | null;
  readonly seeds: number;
}

/** Hunts planted bugs. What the worlds come to without one is worked out once. */
export class Hunters {
  readonly #calm = new Map<number, readonly string[]>();

  async hunt(mutant: Mutant): Promise<Hunt> {
    const seeds = mutant.within ?? USUALLY_WITHIN;
    for (let seed = 1; seed <= seeds; seed += 1) {
      const violation = await this.#violationIn(seed, mutant);
      if (violation !== null) return { mutant, caught: { seed, violation }, seeds };
    }
    return { mutant, caught: null, seeds };
  }

  async #violationIn(seed: number, mutant: Mutant): Promise<Violation | null> {
    const plot = plotOf(seed);
    const result = await playWorld(plot, { seams: mutant.plant() });
    const [violation] = result.violations;
    if (violation !== undefined) return violation;
    let calm = this.#calm.get(seed);
    if (calm === undefined) {
      calm = ledgerOf(await playWorld(plot, { only: NO_FAULTS }));
      this.#calm.set(seed, calm);
    }
    const difference = firstDifference(calm, ledgerOf(result));
    if (difference !== null) {
      return { kind: "lost", sentence: `the ledger says ${difference}` };
    }
    const healthy = await playWorld(plot, { only: NO_FAULTS, seams: mutant.plant() });
    return healthy.violations[0] ?? null;
  }
}

/** The same worlds without any planted bug. @returns the first that breaks a promise; null: none does. */
export async function firstBrokenSeed(most: number): Promise<number | null> {
  for (let seed = 1; seed <= most; seed += 1) {
    const { violations } = await runSeed(seed);
    if (violations.length > 0) return seed;
  }
  return null;
}

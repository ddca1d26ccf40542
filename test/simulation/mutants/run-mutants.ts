import { knobsOf } from "../scenario/knobs.ts";
import { firstDifference, ledgerOf } from "../play/ledger.ts";
import type { CheckedBug, Mutant, WorldBug } from "./mutant.ts";
import { USUALLY_WITHIN } from "./mutant.ts";
import type { Violation } from "../world/observer.ts";
import { scenarioOf } from "../scenario/scenario.ts";
import { NO_FAULTS, runSeed } from "../play/run-seed.ts";
import { playWorld } from "../play/play-world.ts";

/** How it went with a planted bug. */
export interface Hunt {
  readonly mutant: Mutant;
  /** Where it was caught; null: it lives. */
  readonly caught: Catch | null;
  /** Where it was looked for. */
  readonly where: string;
}

/** A world and the promise that it broke, or a check and what it found. */
export type Catch =
  | { readonly by: "world"; readonly seed: number; readonly violation: Violation }
  | { readonly by: "check"; readonly finding: string };

/** Hunts planted bugs. What the worlds come to without one is worked out once. */
export class Hunters {
  /** For each seed, and each application of which the fault-free world has heard, its part of the ledger. */
  readonly #faultFree = new Map<number, ReadonlyMap<string, readonly string[]>>();

  async hunt(mutant: Mutant): Promise<Hunt> {
    return "hunt" in mutant ? huntByCheck(mutant) : this.#huntInWorlds(mutant);
  }

  async #huntInWorlds(mutant: WorldBug & Mutant): Promise<Hunt> {
    const { within = USUALLY_WITHIN, needs = null } = mutant;
    const where = `in ${within} worlds${needs === null ? "" : ` with ${needs}`}`;
    for (let seed = 1, played = 0; played < within; seed += 1) {
      if (needs !== null && !knobsOf(seed).has(needs)) continue;
      played += 1;
      const violation = await this.#violationIn(seed, mutant);
      if (violation !== null) return { mutant, caught: { by: "world", seed, violation }, where };
    }
    return { mutant, caught: null, where };
  }

  async #violationIn(seed: number, mutant: WorldBug & Mutant): Promise<Violation | null> {
    const scenario = scenarioOf(seed);
    const result = await playWorld(scenario, { faultPoints: mutant.plant() });
    const [violation] = result.violations;
    if (violation !== undefined) return violation;
    const difference = firstDifference(
      await this.#faultFreeLedger(seed, result.heard),
      ledgerOf(result),
    );
    if (difference !== null) {
      return { kind: "lost", sentence: `the ledger says ${difference}` };
    }
    const healthy = await playWorld(scenario, { only: NO_FAULTS, faultPoints: mutant.plant() });
    return healthy.violations[0] ?? null;
  }

  /** @param heard - the applications of which the world with faults has heard: it knows no others. */
  async #faultFreeLedger(seed: number, heard: ReadonlySet<string>): Promise<readonly string[]> {
    let parts = this.#faultFree.get(seed);
    if (parts === undefined) {
      const world = await playWorld(scenarioOf(seed), { only: NO_FAULTS });
      const tokens = world.scenario.applications.map(({ token }) => token);
      parts = new Map(tokens.map((token) => [token, ledgerOf(world, new Set([token]))]));
      this.#faultFree.set(seed, parts);
    }
    return [...parts].flatMap(([token, lines]) => (heard.has(token) ? lines : []));
  }
}

/** A check that finds something without the bug too has caught nothing. */
async function huntByCheck(mutant: CheckedBug & Mutant): Promise<Hunt> {
  const finding = await mutant.hunt(true);
  if (finding === null) return { mutant, caught: null, where: "by its check" };
  const without = await mutant.hunt(false);
  if (without === null) return { mutant, caught: { by: "check", finding }, where: "by its check" };
  return { mutant, caught: null, where: `by its check, which without the bug says: ${without}` };
}

/** The worlds that caught a planted bug, without it. @returns the first that breaks a promise; null: none does. */
export async function firstBrokenSeed(seeds: Iterable<number>): Promise<number | null> {
  for (const seed of seeds) {
    const { violations } = await runSeed(seed);
    if (violations.length > 0) return seed;
  }
  return null;
}

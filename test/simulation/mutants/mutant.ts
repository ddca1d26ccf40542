import type { Knob } from "../scenario/knobs.ts";
import type { FaultPoints } from "../faults/fault-points.ts";

/** A bug that is planted into worlds: the judge must see it in one of them. */
export interface WorldBug {
  /** What is wrong, in a line. */
  readonly what: string;
  /** So many worlds must be enough to catch it; @default 300 */
  readonly within?: number;
  /** No world shows it that has not drawn this knob: the others are left out, and not counted. */
  readonly needs?: Knob;
  /** Called for each world: what a bug remembers is of one world. */
  readonly plant: () => FaultPoints;
}

/**
 * A bug that no world can show: of a policy, a limit, an adapter, a template, a law. A check of its own
 * hunts it, the same that holds the real code. It runs on plain Node, outside of any test runner.
 */
export interface CheckedBug {
  /** What is wrong, in a line. */
  readonly what: string;
  /**
   * Runs the check, once with the bug and once without.
   *
   * @returns a sentence that says what the check found; null: nothing. It must find the bug, and nothing
   *   without it.
   */
  readonly hunt: (isPlanted: boolean) => Promise<string | null>;
}

/** Planted bugs by their ids. */
export type Mutants = Readonly<Record<string, WorldBug | CheckedBug>>;

/** A planted bug. */
export type Mutant = (WorldBug | CheckedBug) & { readonly id: string };

export const USUALLY_WITHIN = 300;

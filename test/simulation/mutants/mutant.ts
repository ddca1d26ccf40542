import type { Seams } from "../seams.ts";

/** A planted bug. */
export interface Mutant {
  readonly id: string;
  /** What is wrong, in a line. */
  readonly what: string;
  /** So many seeds must be enough to catch it; @default 300 */
  readonly within?: number;
  /** Called for each world: what a bug remembers is of one world. */
  readonly plant: () => Seams;
}

export const USUALLY_WITHIN = 300;

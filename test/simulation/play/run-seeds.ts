import { setImmediate as pause } from "node:timers/promises";

import type { FaultKind } from "../faults/faults.ts";
import { faultKey } from "../faults/faults.ts";
import { USUAL_KNOBS } from "../scenario/knobs.ts";
import type { KnobChoice } from "../scenario/knobs.ts";
import { knobNeededBy } from "../invariants/marks.ts";
import type { Mark } from "../invariants/marks.ts";
import type { Violation } from "../world/observer.ts";
import { runSeed } from "./run-seed.ts";

/** What a share of the seeds came to; it goes from a worker to the main thread as it is. */
export interface Tally {
  readonly from: number;
  readonly count: number;
  readonly events: number;
  readonly faults: number;
  readonly republished: number;
  readonly kinds: ReadonlyMap<FaultKind, number>;
  /** In how many worlds each state was reached. */
  readonly marks: ReadonlyMap<Mark, number>;
  /** States that a world came to without the knob that they are said to need. */
  readonly strays: readonly Mark[];
  /** Of each seed's story, in order. */
  readonly digests: readonly string[];
  readonly failures: readonly Failure[];
}

/** A seed that broke a promise. */
export interface Failure {
  readonly seed: number;
  readonly violations: readonly Violation[];
  /** Keys of the faults that happened in it. */
  readonly faults: readonly string[];
}

export async function runSeeds(
  from: number,
  count: number,
  knobs: KnobChoice = USUAL_KNOBS,
): Promise<Tally> {
  let events = 0;
  let faults = 0;
  let republished = 0;
  const kinds = new Map<FaultKind, number>();
  const marks = new Map<Mark, number>();
  const strays = new Set<Mark>();
  const digests: string[] = [];
  const failures: Failure[] = [];
  for (let seed = from; seed < from + count; seed += 1) {
    const result = await runSeed(seed, { knobs });
    events += result.scenario.events.length;
    faults += result.faults.length;
    republished += result.republished;
    for (const { kind } of result.faults) countOne(kinds, kind);
    for (const mark of result.marks) {
      countOne(marks, mark);
      const knob = knobNeededBy(mark);
      if (knob !== null && !result.scenario.knobs.has(knob)) strays.add(mark);
    }
    digests.push(result.story.digest());
    const { violations } = result;
    if (violations.length > 0)
      failures.push({ seed, violations, faults: result.faults.map(faultKey) });
  }
  // A world never waits for the real event loop; signals and messages want their turn.
  await pause();
  const told = { kinds, marks, strays: [...strays], digests, failures };
  return { from, count, events, faults, republished, ...told };
}

function countOne<Name>(counts: Map<Name, number>, name: Name): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

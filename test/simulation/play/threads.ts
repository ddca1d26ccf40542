import { setFlagsFromString } from "node:v8";
import { Worker } from "node:worker_threads";

import { deniedNow } from "../faults/iam.ts";
import type { KnobChoice } from "../scenario/knobs.ts";
import { runSeeds } from "./run-seeds.ts";
import type { Tally } from "./run-seeds.ts";

/** Seeds at a time: often enough for the bar, seldom enough to cost nothing. */
const CHUNK = 25;

/** MiB for the new objects of a thread, in each half: V8 then collects less often, and few objects outlive a collection. */
const NURSERY_MIB = 64;

/**
 * Plays seeds, on so many threads, and returns the shares in the order of their seeds: what they come to
 * does not depend on how many threads there are.
 */
export async function playOnThreads(
  seeds: { readonly from: number; readonly count: number; readonly knobs: KnobChoice },
  jobs: number,
  onTally: (tally: Tally) => void,
): Promise<readonly Tally[]> {
  const { from, count, knobs } = seeds;
  const tallies: Tally[] = [];
  let next = from;
  const lanes: readonly Lane[] =
    jobs === 1 ? [{ play: runSeeds, async end() {} }] : Array.from({ length: jobs }, startThread);
  await Promise.all(
    lanes.map(async ({ play, end }) => {
      while (next < from + count) {
        const first = next;
        next += CHUNK;
        const tally = await play(first, Math.min(CHUNK, from + count - first), knobs);
        tallies.push(tally);
        onTally(tally);
      }
      await end();
    }),
  );
  return tallies.toSorted((one, other) => one.from - other.from);
}

interface Lane {
  readonly play: typeof runSeeds;
  readonly end: () => Promise<void>;
}

function startThread(): Lane {
  setFlagsFromString(`--min-semi-space-size=${NURSERY_MIB}`);
  setFlagsFromString(`--max-semi-space-size=${NURSERY_MIB}`);
  const worker = new Worker(new URL("worker.ts", import.meta.url), {
    workerData: { denied: deniedNow() },
  });
  return {
    play: async (from, count, knobs) =>
      new Promise<Tally>((resolve, reject) => {
        worker.once("error", reject);
        worker.once("message", (tally: Tally) => {
          worker.removeListener("error", reject);
          resolve(tally);
        });
        worker.postMessage({ from, count, knobs });
      }),
    end: async () => {
      await worker.terminate();
    },
  };
}

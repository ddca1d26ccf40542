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

/** Plays seeds, on so many threads. What they come to, in their order, does not depend on how many threads there are. */
export async function playOnThreads(
  seeds: { readonly from: number; readonly count: number; readonly knobs: KnobChoice },
  jobs: number,
  onTallies: (tallies: readonly Tally[]) => void,
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
        const share = await play(first, Math.min(CHUNK, from + count - first), knobs);
        tallies.push(...share);
        onTallies(share);
      }
      await end();
    }),
  );
  return tallies.toSorted((one, other) => one.seed - other.seed);
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
      new Promise<readonly Tally[]>((resolve, reject) => {
        worker.once("error", reject);
        worker.once("message", (tallies: readonly Tally[]) => {
          worker.removeListener("error", reject);
          resolve(tallies);
        });
        worker.postMessage({ from, count, knobs });
      }),
    end: async () => {
      await worker.terminate();
    },
  };
}

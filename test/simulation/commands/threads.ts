import { setFlagsFromString } from "node:v8";
import { Worker } from "node:worker_threads";

import { deniedNow } from "../faults/iam.ts";
import type { KnobChoice } from "../scenario/knobs.ts";
import { PLAYS } from "./plays.ts";
import type { Play, TallyOf } from "./plays.ts";

/** Seeds at a time: often enough for the bar, seldom enough to cost nothing. */
const CHUNK = 10;

/** To start a thread takes as long as to play so many seeds. */
const SEEDS_PER_START = 25;

/** MiB for the new objects of a thread, in each half: V8 then collects less often, and few objects outlive a collection. */
const NURSERY_MIB = 64;

/** Seeds that one thread plays. */
export interface Share {
  readonly play: Play;
  readonly from: number;
  readonly count: number;
  readonly knobs: KnobChoice;
}

/**
 * Plays seeds, on so many threads. What they come to, in their order, does not depend on how many threads there are.
 *
 * @param jobs - threads; of few seeds, no more than there is work for.
 */
export async function playOnThreads<Played extends Play>(
  { play, from, count, knobs }: Share & { readonly play: Played },
  jobs: number,
  onTallies: (tallies: readonly TallyOf<Played>[]) => void,
): Promise<readonly TallyOf<Played>[]> {
  const tallies: TallyOf<Played>[] = [];
  let next = from;
  const threads = Math.min(jobs, Math.ceil(count / SEEDS_PER_START));
  const lanes: readonly Lane[] =
    threads === 1 ? [IN_THIS_THREAD] : Array.from({ length: threads }, startThread);
  await Promise.all(
    lanes.map(async ({ run, end }) => {
      while (next < from + count) {
        const first = next;
        next += CHUNK;
        const share = { play, from: first, count: Math.min(CHUNK, from + count - first), knobs };
        // What a thread sends is what it was asked to play.
        const played = (await run(share)) as readonly TallyOf<Played>[];
        tallies.push(...played);
        onTallies(played);
      }
      await end();
    }),
  );
  return tallies.toSorted((one, other) => one.seed - other.seed);
}

interface Lane {
  readonly run: (share: Share) => Promise<readonly TallyOf<Play>[]>;
  readonly end: () => Promise<void>;
}

const IN_THIS_THREAD: Lane = {
  run: async ({ play, from, count, knobs }) => PLAYS[play](from, count, knobs),
  async end() {},
};

function startThread(): Lane {
  setFlagsFromString(`--min-semi-space-size=${NURSERY_MIB}`);
  setFlagsFromString(`--max-semi-space-size=${NURSERY_MIB}`);
  const worker = new Worker(new URL("worker.ts", import.meta.url), {
    workerData: { denied: deniedNow() },
  });
  return {
    run: async (share) =>
      new Promise((resolve, reject) => {
        worker.once("error", reject);
        worker.once("message", (tallies: readonly TallyOf<Play>[]) => {
          worker.removeListener("error", reject);
          resolve(tallies);
        });
        worker.postMessage(share);
      }),
    end: async () => {
      await worker.terminate();
    },
  };
}

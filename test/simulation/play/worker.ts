/** A thread that plays what it is sent, and sends back what came of it. */
import { parentPort, workerData } from "node:worker_threads";

import type { DeniedMethods } from "../../../tools/strict-aws/iam/judged-ports.ts";
import { refuseMethods } from "../faults/iam.ts";
import type { KnobChoice } from "../scenario/knobs.ts";
import { runSeeds } from "./run-seeds.ts";

Error.stackTraceLimit = 0;

const { denied }: { readonly denied: DeniedMethods } = workerData;
refuseMethods(denied);

interface Share {
  readonly from: number;
  readonly count: number;
  readonly knobs: KnobChoice;
}

parentPort?.on("message", ({ from, count, knobs }: Share) => {
  void runSeeds(from, count, knobs).then((tallies) => parentPort?.postMessage(tallies));
});

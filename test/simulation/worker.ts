/** A thread that plays what it is sent, and sends back what came of it. */
import { parentPort } from "node:worker_threads";

import { runSeeds } from "./run-seeds.ts";

Error.stackTraceLimit = 0;

parentPort?.on("message", ({ from, count }: { readonly from: number; readonly count: number }) => {
  void runSeeds(from, count).then((tally) => parentPort?.postMessage(tally));
});

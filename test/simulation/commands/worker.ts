/** A thread that plays what it is sent, and sends back what came of it. */
import { parentPort, workerData } from "node:worker_threads";

import type { DeniedMethods } from "../../../tools/strict-aws/iam/judged-ports.ts";
import { refuseMethods } from "../faults/iam.ts";
import { PLAYS } from "./plays.ts";
import type { Share } from "./threads.ts";

const { denied }: { readonly denied: DeniedMethods } = workerData;
refuseMethods(denied);

parentPort?.on("message", ({ play, from, count, knobs }: Share) => {
  void PLAYS[play](from, count, knobs).then((tallies) => parentPort?.postMessage(tallies));
});

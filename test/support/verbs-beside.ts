import { run } from "../../tools/ops/run.ts";
import { processTerminal } from "../../tools/ops/terminal.ts";

/*
 * Read before the operators' tool (`--import`): verbs that run in the same process, since each of its own takes half a second
 * to start. VERBS_BESIDE has their command lines.
 */

const commandLines: readonly (readonly string[])[] = JSON.parse(
  process.env["VERBS_BESIDE"] ?? "[]",
);
for (const args of commandLines) void run(args, processTerminal());

/**
 * `npm run ops -- <verb>`: what people do at night. It reads the stack's outputs, needs no configuration,
 * and prints nothing of a body unless asked.
 */
import { endCleanly } from "../terminal/process-end.ts";
import { run } from "./run.ts";
import { processTerminal } from "./terminal.ts";

endCleanly(
  "Interrupted. What was moved stays moved. Messages that were looked at are visible again within two minutes.",
);
process.exitCode = await run(process.argv.slice(2), processTerminal());

/**
 * `npm run ops -- <verb>`: what people do at night. It reads the stack's outputs, needs no configuration,
 * and prints nothing of a body unless asked.
 */
import { run } from "./run.ts";
import { processTerminal } from "./terminal.ts";

process.exitCode = await run(process.argv.slice(2), processTerminal());

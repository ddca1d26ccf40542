/** `npm start`: the whole receiver on this machine, against a simulated Alloy (docs/contracts.md#commands). */
import { LocalFailure } from "./failure.ts";
import { parseOptions } from "./terminal/options.ts";
import { runLocal } from "./run.ts";
import { stopSignal } from "./terminal/stop-signal.ts";
import type { Line } from "../terminal/lines.ts";
import { linesOfError, makeScreen, processOutput } from "../terminal/screen.ts";

const screen = makeScreen(processOutput());

const stop = stopSignal(screen);

try {
  const options = parseOptions(process.argv.slice(2), process.env);
  if ("help" in options) screen.print(...options.help);
  else process.exitCode = await runLocal(options, screen, stop);
} catch (error) {
  // Whatever a wait that was cut short has thrown, the person asked for it.
  if (!stop.aborted) screen.error(...sentencesOf(error));
  // The shells' word for "interrupted".
  process.exitCode = stop.aborted ? 130 : 1;
}
if (stop.aborted) screen.print("Stopped.");
// Connections that are kept alive would hold the process for a while longer.
process.exit();

function sentencesOf(error: unknown): readonly Line[] {
  return error instanceof LocalFailure ? [error.message, ...error.details] : linesOfError(error);
}

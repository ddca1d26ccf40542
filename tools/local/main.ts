/** `npm start`: the whole receiver on this machine, against a simulated Alloy (design 2.9). */
import { LocalFailure } from "./failure.ts";
import { parseOptions, USAGE } from "./options.ts";
import { runLocal } from "./run.ts";
import { makeScreen } from "./screen.ts";
import { stopSignal } from "./stop-signal.ts";

const screen = makeScreen({
  isTerminal: process.stdout.isTTY && !process.env["CI"],
  write: (text) => process.stdout.write(text),
  writeError: (text) => process.stderr.write(text),
});

const stop = stopSignal(screen);

try {
  const options = parseOptions(process.argv.slice(2), process.env);
  if (options === "help") screen.print(USAGE);
  else process.exitCode = await runLocal(options, screen, stop);
} catch (error) {
  // Whatever a wait that was cut short has thrown, the person asked for it.
  if (!stop.aborted) screen.error(sentenceOf(error));
  // The shells' word for "interrupted".
  process.exitCode = stop.aborted ? 130 : 1;
}
if (stop.aborted) screen.print("Stopped.");
// Connections that are kept alive would hold the process for a while longer.
process.exit();

function sentenceOf(error: unknown): string {
  if (error instanceof LocalFailure) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

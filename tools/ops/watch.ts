import type { Clock } from "./options.ts";
import { statusOf } from "./observe.ts";
import type { ResultOf } from "./results.ts";
import type { ConnectedStack } from "./stack.ts";
import { describeStatus, status } from "./status.ts";
import type { Terminal } from "./terminal.ts";

const PAUSE_MS = 10_000;

/** `watch`: `status`, written over every ten seconds until it is interrupted; without a terminal, once. */
export async function watch(
  stack: ConnectedStack,
  terminal: Terminal,
  { now, wait }: Clock,
): Promise<ResultOf<"watch">> {
  if (!terminal.isInteractive) return status(stack, { all: false, now }, terminal);
  for (let at = now; ; at = Date.now()) {
    const found = await statusOf(stack, at);
    terminal.redraw(
      `${stack.stackName}  ${found.at}  (Ctrl-C ends)`,
      "",
      ...describeStatus(found, false),
    );
    await wait(PAUSE_MS);
  }
}

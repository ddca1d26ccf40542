import type { ConnectedStack } from "../ops/stack.ts";
import type { Terminal } from "../ops/terminal.ts";
import { startConsole } from "./server.ts";
import { makeStackSource } from "./stack-source.ts";
import { makeStackVerbs } from "./verbs.ts";

/**
 * `console`: serves the page about a stack until Ctrl-C, with the rights of whoever runs it.
 *
 * @param options.write - whether the page may have an application compared and its dead letters moved.
 * @param options.until - what ends it.
 */
export async function serveConsole(
  stack: ConnectedStack,
  options: { readonly write: boolean; readonly until: Promise<unknown> },
  terminal: Terminal,
): Promise<void> {
  const now = Date.now;
  const page = await startConsole({
    canWrite: options.write,
    parts: {
      source: makeStackSource(stack, { now }),
      verbs: makeStackVerbs(stack, now),
      alloy: null,
      laptop: null,
      now,
    },
  });
  try {
    terminal.print(
      `The console of ${stack.stackName}: ${page.url}`,
      options.write
        ? "It may have an application compared with Alloy, and its dead letters moved."
        : "It only reads; --write lets it act.",
      "The address is for you alone: whoever has it has your rights. Ctrl-C ends it.",
    );
    await options.until;
  } finally {
    await page.stop();
  }
}

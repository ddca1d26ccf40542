import type { Attended } from "../ops/options.ts";
import type { ConnectedStack } from "../ops/stack.ts";
import type { ResultOf } from "../ops/results.ts";
import type { Terminal } from "../ops/terminal.ts";
import { startConsole } from "./server.ts";
import { makeStackSource } from "./stack-source.ts";
import { makeStackVerbs } from "./verbs.ts";
import { counted } from "../terminal/counted.ts";

/**
 * `console`: serves the page about a stack until Ctrl-C, with the rights of whoever runs it.
 *
 * @param options.write - whether the page may have an application compared and its dead letters moved.
 */
export async function serveConsole(
  stack: ConnectedStack,
  { write }: { readonly write: boolean },
  terminal: Terminal,
  { interrupted }: Attended,
): Promise<ResultOf<"console">> {
  const now = Date.now;
  const source = makeStackSource(stack, { now });
  // What the person may not read is said here, before an address is printed.
  const [needs, listed] = await Promise.all([source.needs(), source.list()]);
  for (const sentence of needs.unread) terminal.warn(`Not in the page: ${sentence}`);
  const page = await startConsole({
    canWrite: write,
    parts: { source, verbs: makeStackVerbs(stack, now), alloy: null, laptop: null, now },
  });
  try {
    terminal.print(
      `${stack.stackName}, ${counted(listed.length, "application")}: ${page.url}`,
      write
        ? "The page may have an application compared with Alloy, and its dead letters moved."
        : "The page only reads; --write lets it act.",
      "Whoever has the address has your rights: keep it to yourself. Ctrl-C ends it.",
    );
    await interrupted();
    return { stack: stack.stackName, applications: listed.length, canWrite: write };
  } finally {
    await page.stop();
  }
}

import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";

import { parseCommand, VERBS } from "./command-line.ts";
import type { Verb } from "./command-line.ts";
import { OperatorError, UnhealthyError, UsageError } from "./operator-error.ts";
import type { Clock } from "./options.ts";
import { connect } from "./stack.ts";
import type { RunTerminal } from "./terminal.ts";

/** What a script can tell apart (docs/ops.md#exit-codes). */
const EXIT = { done: 0, failed: 1, usage: 2, unhealthy: 3, denied: 4 } as const;

/** AWS's names of "this identity may not", and of "no identity". */
const DENIED =
  /AccessDenied|UnauthorizedOperation|NotAuthorized|ExpiredToken|UnrecognizedClient|InvalidClientTokenId|CredentialsProviderError/;

/**
 * Does what the command line asks for.
 *
 * @param waits - how a verb lets time pass. @default - as a clock does
 * @returns the exit code: 0 done, 1 it cannot be done, 2 the command line is wrong, 3 the stack is not healthy, 4 the
 *   rights or credentials are missing.
 */
export async function run(
  args: readonly string[],
  terminal: RunTerminal,
  waits: Clock["wait"] = wait,
): Promise<number> {
  try {
    const command = parseCommand(args);
    if ("help" in command) {
      terminal.print(...command.help);
      return EXIT.done;
    }
    const { pages }: Verb = VERBS[command.verb];
    terminal.use({ ...command, pages: pages === true && !command.follow });
    const clock = { now: Date.now(), wait: waits, interrupted };
    terminal.report(
      await VERBS[command.verb].run(await connect(command), command, terminal, clock),
    );
    terminal.end();
    return EXIT.done;
  } catch (error) {
    const found = error instanceof OperatorError ? error.found : undefined;
    if (found !== undefined) terminal.report(found);
    terminal.end();
    // What it found is printed already.
    if (error instanceof UnhealthyError) return EXIT.unhealthy;
    terminal.warn(sentenceOf(error), ...(error instanceof OperatorError ? error.details : []));
    return exitOf(error);
  }
}

function exitOf(error: unknown): number {
  if (error instanceof UsageError) return EXIT.usage;
  return isDenied(error) ? EXIT.denied : EXIT.failed;
}

/** Also of an error that names what AWS said as its cause. */
function isDenied(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return DENIED.test(error.name) || isDenied(error.cause);
}

/** By Ctrl-C, by whoever ends processes, or with the terminal. */
function interrupted(): Promise<unknown> {
  return Promise.race((["SIGINT", "SIGTERM", "SIGHUP"] as const).map((one) => once(process, one)));
}

/** AWS's errors are sentences of their own, but not all say which they are. */
function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { name, message } = error;
  if (message.includes("ECONNREFUSED") || message.includes("ENOTFOUND")) {
    return `The connection failed (${message}). Is the stack running, and is the region right?`;
  }
  if (message === "" || message === "UnknownError") return `AWS answered ${name}.`;
  return message;
}

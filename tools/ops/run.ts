import { setTimeout as wait } from "node:timers/promises";

import { parseCommand, VERBS } from "./command-line.ts";
import { OperatorError, UnhealthyError, UsageError } from "./operator-error.ts";
import { connect } from "./stack.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Does what the command line asks for.
 *
 * @returns the exit code: 0 done, 1 it cannot be done, 2 the command line is wrong, 3 the stack is not healthy.
 */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const command = parseCommand(args);
    const clock = { now: Date.now(), wait };
    if ("help" in command) terminal.print(...command.help);
    else await VERBS[command.verb].run(await connect(command), command, terminal, clock);
    return 0;
  } catch (error) {
    // What it found is printed already.
    if (error instanceof UnhealthyError) return 3;
    terminal.warn(sentenceOf(error), ...(error instanceof OperatorError ? error.details : []));
    return error instanceof UsageError ? 2 : 1;
  }
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

import { check } from "./check.ts";
import { parseCommand } from "./command-line.ts";
import type { Command } from "./command-line.ts";
import { listDeadLetters } from "./dead-letters.ts";
import { gaps } from "./gaps.ts";
import { logs } from "./logs.ts";
import { OperatorError, UsageError } from "./operator-error.ts";
import { poll } from "./poll.ts";
import { redrive } from "./redrive.ts";
import { replay } from "./replay.ts";
import { retention } from "./retention.ts";
import { show } from "./show.ts";
import { connect } from "./stack.ts";
import type { ConnectedStack } from "./stack.ts";
import { status } from "./status.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Does what the command line asks for.
 *
 * @returns the exit code: 0 done, 1 it cannot be done, 2 the command line is wrong.
 */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const command = parseCommand(args);
    if ("help" in command) terminal.print(...command.help);
    else await execute(command, await connect(command), terminal, Date.now());
    return 0;
  } catch (error) {
    terminal.warn(sentenceOf(error), ...(error instanceof OperatorError ? error.details : []));
    return error instanceof UsageError ? 2 : 1;
  }
}

/** Does it in a stack that was found. */
export async function execute(
  command: Command,
  stack: ConnectedStack,
  terminal: Terminal,
  now: number,
): Promise<void> {
  const { argument } = command;
  switch (command.verb) {
    case "status":
      return status(stack, terminal, now);
    case "gaps":
      return gaps(stack, terminal);
    case "show":
      return show(stack, argument, command, terminal);
    case "check":
      return check(stack, argument, terminal, now);
    case "poll":
      return poll(stack, command, terminal);
    case "logs":
      return logs(stack, argument, { ...command, now }, terminal);
    case "dead-letters":
      return listDeadLetters(stack, command, terminal);
    case "redrive":
      return redrive(stack, command, terminal, now);
    case "replay":
      return replay(stack, argument, { ...command, now }, terminal);
    case "retention":
      return retention(stack, argument, { ...command, now }, terminal);
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

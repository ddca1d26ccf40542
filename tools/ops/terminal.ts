import { openSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { WriteStream } from "node:tty";

import { plain } from "../terminal/lines.ts";
import type { Line } from "../terminal/lines.ts";
import { makeScreen, processOutput } from "../terminal/screen.ts";
import { OperatorError, UsageError } from "./operator-error.ts";

/** What the person answered; `nobody`: there is no terminal, hence nobody to ask. */
export type Agreement = "yes" | "no" | "nobody";

/** Where a verb prints, and whom it asks. Each argument of `print` and `warn` is one line. */
export interface Terminal {
  print(...lines: readonly Line[]): void;
  /** How far something long is; written over on a terminal. */
  progress(text: string): void;
  /** What the person should know beside the result. */
  warn(...lines: readonly Line[]): void;
  /** Asks on the terminal, wherever standard output goes. */
  asks(question: string): Promise<Agreement>;
}

/**
 * Goes on once the person agrees.
 *
 * @param nothing - what is said of the verb when nobody agrees, such as "No message was moved".
 * @throws OperatorError when the answer is no, UsageError where nobody can be asked.
 */
export async function agreed(terminal: Terminal, question: string, nothing: string): Promise<void> {
  const answer = await terminal.asks(question);
  if (answer === "no") throw new OperatorError(`${nothing}.`);
  if (answer === "nobody") {
    throw new UsageError(
      `${nothing}: without a terminal, nobody can answer "${question}". Add --yes to do it without a question.`,
    );
  }
}

/** The process's own. */
export function processTerminal(): Terminal {
  const { stdin } = process;
  const screen = makeScreen(processOutput());
  return {
    print: (...lines) => screen.print(...lines),
    progress: (text) => screen.progress(text),
    warn: (...lines) => screen.error(...lines),
    asks: async (question) => {
      if (!stdin.isTTY) return "nobody";
      const asked = createInterface({ input: stdin, output: whereToAsk() });
      try {
        const answer = await asked.question(`${plain(question)} [y/N] `);
        return /^y(es)?$/i.test(answer.trim()) ? "yes" : "no";
      } finally {
        asked.close();
      }
    },
  };
}

/** Standard output may be a pipe or a file: the question must not go into it, and be missed. */
function whereToAsk(): NodeJS.WritableStream {
  const { stdout, stderr } = process;
  if (stdout.isTTY) return stdout;
  return stderr.isTTY ? stderr : new WriteStream(openSync("/dev/tty", "w"));
}

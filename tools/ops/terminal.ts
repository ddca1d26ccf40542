import { spawnSync } from "node:child_process";
import { openSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { WriteStream } from "node:tty";

import { jsonText, plain } from "../terminal/lines.ts";
import type { Line } from "../terminal/lines.ts";
import { makeScreen, processOutput } from "../terminal/screen.ts";
import { wrapped } from "../terminal/wrapped.ts";
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
  /** Whether a person is there to be asked and to be shown something. */
  readonly isAttended: boolean;
  /** Shows a secret to the person alone, until the person goes on: nothing of it stays on the screen or in a file. */
  reveal(secret: string, ...above: readonly string[]): Promise<void>;
  /** Whether a person sees what is printed, so that it may be written over. */
  readonly isInteractive: boolean;
  /** Writes over the whole screen. */
  redraw(...lines: readonly Line[]): void;
}

/** How a verb's result is written. */
export interface OutputOptions {
  /** One JSON document instead of lines. */
  readonly json: boolean;
  /** Whole lines, without styles and without a pager. */
  readonly plain: boolean;
  /** Whether somebody may be asked. */
  readonly input: boolean;
  /** Whether what is longer than the screen goes through a pager. */
  readonly pages: boolean;
}

/** A terminal that a run ends with: what it holds back is written then. */
export interface RunTerminal extends Terminal {
  /** Before the verb runs. */
  use(options: OutputOptions): void;
  /** What stands in for the lines with `--json`. */
  report(result: unknown): void;
  /** Writes what is left; with a pager where it is longer than the screen. */
  end(): void;
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

/** The same terminal for a part of a verb: its warnings and questions, and none of its results. */
export function withoutResults(terminal: Terminal): Terminal {
  return {
    print: () => undefined,
    redraw: () => undefined,
    progress: (text) => terminal.progress(text),
    warn: (...lines) => terminal.warn(...lines),
    asks: (question) => terminal.asks(question),
    isAttended: terminal.isAttended,
    reveal: (secret, ...above) => terminal.reveal(secret, ...above),
    isInteractive: false,
  };
}

/** The process's own. Results go to standard output; progress, warnings and questions do not. */
export function processTerminal(): RunTerminal {
  const { stdin, stdout, stderr } = process;
  const output = processOutput();
  const errors = makeScreen({
    ...output,
    isTerminal: stderr.isTTY && !process.env["CI"],
    write: output.writeError,
  });
  let options: OutputOptions = { json: false, plain: false, input: true, pages: false };
  /** Lines, until it is known whether they fit on the screen. */
  let kept: Line[] | null = null;
  const screen = () => makeScreen(options.plain ? { ...output, paint: (_, safe) => safe } : output);
  const fit = (lines: readonly Line[]) =>
    stdout.isTTY && !options.plain ? lines.flatMap((line) => wrapped(line, stdout.columns)) : lines;
  const flush = () => {
    if (kept === null) return;
    const lines = fit(kept);
    kept = null;
    if (lines.length < stdout.rows || !isPaged(lines.map(plain))) screen().print(...lines);
  };
  return {
    get isInteractive() {
      return stdout.isTTY && !options.json && !options.plain;
    },
    redraw: (...lines) => screen().redraw(...fit(lines)),
    use(chosen) {
      options = chosen;
      const { pages, plain: isPlain, json } = chosen;
      if (stdout.isTTY && pages && !isPlain && !json) kept = [];
    },
    report(result) {
      if (options.json) output.write(`${jsonText(result)}\n`);
    },
    end: flush,
    print(...lines) {
      if (options.json) return;
      if (kept === null) screen().print(...fit(lines));
      else kept.push(...lines);
    },
    progress(text) {
      // In a pipe or a file nobody waits for it.
      if (stderr.isTTY) errors.progress(text);
    },
    warn(...lines) {
      flush();
      errors.error(...lines);
    },
    get isAttended() {
      return options.input && stdin.isTTY;
    },
    async reveal(secret, ...above) {
      flush();
      const place = whereToAsk();
      const write = (text: string) => void place.write(text);
      const leave = makeScreen({ ...output, write }).apart(...above, "", `  ${secret}`, "");
      // Also when the person ends the command here.
      process.once("exit", leave);
      const asked = createInterface({ input: stdin, output: place });
      try {
        await asked.question("Copy it, then press Enter. It is not shown again. ");
      } finally {
        asked.close();
        process.off("exit", leave);
        leave();
      }
    },
    asks: async (question) => {
      if (!options.input || !stdin.isTTY) return "nobody";
      flush();
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

/** Shows lines in the person's pager. @returns false when there is none. */
function isPaged(lines: readonly string[]): boolean {
  const { PAGER = "less" } = process.env;
  if (PAGER === "" || PAGER === "cat") return false;
  const { error, status } = spawnSync(PAGER, {
    shell: true,
    input: `${lines.join("\n")}\n`,
    stdio: ["pipe", "inherit", "inherit"],
    // Ends at once what fits, keeps what is on the screen.
    env: { LESS: "FRX", ...process.env },
  });
  return error === undefined && status !== 127;
}

/** Standard output may be a pipe or a file: the question must not go into it, and be missed. */
function whereToAsk(): NodeJS.WritableStream {
  const { stdout, stderr } = process;
  if (stdout.isTTY) return stdout;
  return stderr.isTTY ? stderr : new WriteStream(openSync("/dev/tty", "w"));
}

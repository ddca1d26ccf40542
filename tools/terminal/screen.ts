import { styleText } from "node:util";
import { Painted, rendered } from "./lines.ts";
import type { Line, Paint } from "./lines.ts";

/** What the person at the terminal sees: the one place through which the tools print. */
export interface Screen {
  /** Each argument is one line; what stands in it cannot end it. */
  print(...lines: readonly Line[]): void;
  /** A fact, with what it is about in front. */
  fact(about: string, text: string): void;
  /** What is going on now: one line that is written over on a terminal, a line for each change in a log. */
  progress(text: string): void;
  error(...lines: readonly Line[]): void;
  /** Writes over the whole screen of a terminal. */
  redraw(...lines: readonly Line[]): void;
  /**
   * Shows lines on a screen of its own, as an editor does: nobody can scroll back to them.
   *
   * @returns what leaves that screen.
   */
  apart(...lines: readonly Line[]): () => void;
}

/** Where it writes. */
export interface Output {
  /** False in a pipe and in CI: nothing is written over. */
  readonly isTerminal: boolean;
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
  readonly paint: Paint;
}

const LABEL_WIDTH = 10;

/** Goes to the first place, and takes away what stands there. */
const EMPTY = "\u001b[H\u001b[2J";

export function makeScreen({ isTerminal, write, writeError, paint }: Output): Screen {
  let shown = "";
  const clear = () => {
    if (isTerminal && shown !== "") write("\r\u001b[K");
    shown = "";
  };
  const textOf = (lines: readonly Line[]) =>
    lines.map((line) => `${rendered(line, paint)}\n`).join("");
  const print = (...lines: readonly Line[]) => {
    clear();
    write(textOf(lines));
  };
  return {
    print,
    fact: (about, text) => print([new Painted("bold", about.padEnd(LABEL_WIDTH)), `  ${text}`]),
    progress(text) {
      if (text === shown) return;
      if (isTerminal) {
        clear();
        write(rendered(text, paint));
      } else write(textOf([text]));
      shown = text;
    },
    error(...lines) {
      clear();
      writeError(textOf(lines));
    },
    redraw(...lines) {
      write(`${EMPTY}${textOf(lines)}`);
    },
    apart(...lines) {
      clear();
      write(`\u001b[?1049h${EMPTY}${textOf(lines)}`);
      return () => write(`${EMPTY}\u001b[?1049l`);
    },
  };
}

/** The process's own. Colours where the terminal has them; with `NO_COLOR`, in a pipe and in CI there are none. */
export function processOutput(): Output {
  const { stdout, stderr, env } = process;
  return {
    isTerminal: stdout.isTTY && !env["CI"],
    write: (text) => void stdout.write(text),
    writeError: (text) => void stderr.write(text),
    paint: (style, safe) => styleText(style, safe, { stream: stdout }),
  };
}

/**
 * What an error says, for a person: one line, and below it where it happened. The lines of its message that are
 * ours to break stand in `lines`.
 */
export function linesOfError(error: unknown): readonly Line[] {
  if (!(error instanceof Error)) return [String(error)];
  const { message, stack = "" } = error;
  const at = stack.indexOf(message);
  const frames = at < 0 ? "" : stack.slice(at + message.length);
  return [
    `${error.name}: ${message}`,
    ...frames.split("\n").filter((frame) => frame.trim() !== ""),
  ];
}

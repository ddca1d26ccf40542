import { styleText } from "node:util";

/** What the person at the terminal sees. */
export interface Screen {
  /** A fact, with what it is about in front. */
  fact(about: string, text: string): void;
  print(text: string): void;
  /** What is going on now: one line that is written over on a terminal, a line for each change in a log. */
  progress(text: string): void;
  error(text: string): void;
}

const LABEL_WIDTH = 10;

/**
 * @param options.isTerminal - false in a pipe and in CI: nothing is written over, nothing is coloured.
 */
export function makeScreen(options: {
  readonly isTerminal: boolean;
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
}): Screen {
  const { isTerminal, write, writeError } = options;
  const bold = (text: string) => (isTerminal ? styleText("bold", text) : text);
  let shown = "";
  const clear = () => {
    if (isTerminal && shown !== "") write("\r\u001b[K");
    shown = "";
  };
  const print = (text: string) => {
    clear();
    write(`${text}\n`);
  };
  return {
    print,
    fact: (about, text) => print(`${bold(about.padEnd(LABEL_WIDTH))}  ${text}`),
    progress(text) {
      if (text === shown) return;
      if (isTerminal) {
        clear();
        write(text);
      } else write(`${text}\n`);
      shown = text;
    },
    error(text) {
      clear();
      writeError(`${text}\n`);
    },
  };
}

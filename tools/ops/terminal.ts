import { createInterface } from "node:readline/promises";

import { makeScreen } from "../local/screen.ts";

/** Where a verb prints, and whom it asks. */
export interface Terminal {
  print(text: string): void;
  /** How far something long is; written over on a terminal. */
  progress(text: string): void;
  /** What the person should know beside the result. */
  warn(text: string): void;
  /** True in a pipe too: nobody could answer there. */
  agrees(question: string): Promise<boolean>;
}

/** The process's own. */
export function processTerminal(): Terminal {
  const { stdin, stdout, stderr } = process;
  const screen = makeScreen({
    isTerminal: stdout.isTTY,
    write: (text) => stdout.write(text),
    writeError: (text) => stderr.write(text),
  });
  return {
    print: (text) => screen.print(text),
    progress: (text) => screen.progress(text),
    warn: (text) => screen.error(text),
    agrees: async (question) => {
      if (!stdin.isTTY || !stdout.isTTY) return true;
      const asked = createInterface({ input: stdin, output: stdout });
      try {
        return /^y(es)?$/i.test((await asked.question(`${question} [y/N] `)).trim());
      } finally {
        asked.close();
      }
    },
  };
}

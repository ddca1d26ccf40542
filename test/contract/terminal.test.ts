import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";

/**
 * Runs a program with its input and its errors on a terminal and its output in a pipe, and answers what it asks.
 * Prints what came through the pipe, then what stood on the terminal.
 */
const ON_A_TERMINAL = `
import os, pty, subprocess, sys
ours, theirs = pty.openpty()
answer, *command = sys.argv[1:]
process = subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs)
os.close(theirs)
shown = b""
while b"[y/N]" not in shown:
    shown += os.read(ours, 1000)
os.write(ours, answer.encode() + b"\\n")
piped = process.stdout.read()
process.wait()
sys.stdout.write(piped.decode() + "|" + shown.decode("ascii", "replace"))
`;

const ASKS = `
import { processTerminal } from "${new URL("../../tools/ops/terminal.ts", import.meta.url).href}";
process.stdout.write(await processTerminal().asks("Move \\u001b[2J all?"));
`;

const NODE = [process.execPath, "--input-type=module", "--eval", ASKS];

describe("an operators' verb that asks", () => {
  it.each([
    ["y", "yes"],
    ["n", "no"],
    ["", "no"],
  ])(
    "asks on the terminal although its output goes into a pipe, and takes %j for %s",
    (typed, taken) => {
      const { stdout } = spawnSync("python3", ["-c", ON_A_TERMINAL, typed, ...NODE], {
        encoding: "utf8",
      });

      const [piped, shown] = stdout.split("|");
      expect(piped).toBe(taken);
      expect(shown).toContain("Move \\u{1b}[2J all? [y/N]");
    },
  );

  it("asks nobody where there is no terminal, whatever stands in its input", () => {
    const [program = "", ...args] = NODE;

    const { stdout, stderr } = spawnSync(program, args, { encoding: "utf8", input: "y\n" });

    expect([stdout, stderr]).toEqual(["nobody", ""]);
  });
});

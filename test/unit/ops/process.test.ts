import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { OUTPUTS } from "../../../lib/outputs.ts";

const MAIN = "tools/ops/main.ts";
const BESIDE = new URL("../../support/verbs-beside.ts", import.meta.url).href;
const execute = promisify(execFile);

/** The tool in a terminal of so many columns, as a person has it. */
const IN_TERMINAL = `
import os, pty, struct, sys, termios, fcntl
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, int(sys.argv[1]), 0, 0))
text = b""
try:
    while True:
        chunk = os.read(fd, 65536)
        if not chunk: break
        text += chunk
except OSError:
    pass
os.waitpid(pid, 0)
sys.stdout.buffer.write(text)
`;

describe("the process of npm run ops", () => {
  it("completes in bash what it says, without a mistake of the shell's", async () => {
    const { stdout } = await execute("bash", [
      "-c",
      `source <("${process.execPath}" ${MAIN} completion bash); COMP_WORDS=(alloy-ops red); COMP_CWORD=1; _alloy_ops; echo "\${COMPREPLY[@]}"`,
    ]);

    expect(stdout.trim()).toBe("redrive");
  });

  it("says nothing odd when its reader goes away, as in | head", async () => {
    const { stdout, stderr } = await execute("bash", [
      "-c",
      `"${process.execPath}" ${MAIN} --help | true; echo "\${PIPESTATUS[0]}"`,
    ]);

    expect({ stdout, stderr }).toEqual({ stdout: "0\n", stderr: "" });
  });

  it("fits a terminal of 60 columns, and writes no style with NO_COLOR", async () => {
    const { stdout } = await execute(
      "python3",
      ["-c", IN_TERMINAL, "60", process.execPath, MAIN, "--help"],
      { env: { ...process.env, NO_COLOR: "1", PAGER: "cat" } },
    );

    const lines = stdout.split("\r\n");
    expect(lines.length).toBeGreaterThan(40);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(60);
    expect(stdout).not.toContain("\u001B[");
  });

  it("ends with 130 and a sentence when it is interrupted, whatever verbs it runs", async () => {
    // What reads once, what goes on, what moves, what waits for a function, and what serves.
    const begun = await Promise.all(
      [
        "gaps",
        "watch",
        "logs consumer --follow",
        "redrive --yes",
        "poll",
        "console",
        "incident --out /tmp",
      ].map(aVerbThatWaits),
    );
    const [first = [], ...beside] = begun.map(({ args }) => args);
    const command = spawn(process.execPath, ["--import", BESIDE, MAIN, ...first], {
      env: { ...process.env, VERBS_BESIDE: JSON.stringify(beside) },
    });
    let errors = "";
    command.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
    await Promise.all(begun.map(({ called }) => called));

    command.kill("SIGINT");
    const [code] = await once(command, "close");

    expect({ code, errors }).toEqual({
      code: 130,
      errors:
        "\nInterrupted. What was moved stays moved. Messages that were looked at are visible again within two minutes.\n",
    });
  });

  it("says in which shells it completes", async () => {
    await expect(
      execute(process.execPath, [MAIN, "completion", "powershell"]),
    ).rejects.toMatchObject({
      code: 2,
      stderr: 'There is no completion for "powershell". The shells are bash, zsh, fish.\n',
    });
  });
});

/** A verb's command line for a stack that never answers it. */
async function aVerbThatWaits(verb: string) {
  const server = createServer(() => {}).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/`;
  const file = join(mkdtempSync(join(tmpdir(), "outputs-")), "outputs.json");
  const outputs = Object.fromEntries(OUTPUTS.map((name) => [name, url]));
  writeFileSync(
    file,
    JSON.stringify({ endpoint: url, region: "us-east-1", webhookUrl: url, outputs }),
  );
  return { args: [...verb.split(" "), "--outputs", file], called: once(server, "connection") };
}

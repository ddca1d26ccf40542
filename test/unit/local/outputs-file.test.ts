import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";

import { clearOutputsFile, runningOutputsFiles } from "../../../tools/local/outputs-file.ts";
import { LOCAL_FOLDER, ownOutputsFile } from "../../../tools/local/paths.ts";

const endings: (() => void)[] = [];
afterEach(() => {
  for (let end = endings.pop(); end !== undefined; end = endings.pop()) end();
});

/** A process that is up until the test ends. */
function aProcess(): number {
  const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60_000)"], {
    stdio: "ignore",
  });
  endings.push(() => child.kill("SIGKILL"));
  return child.pid ?? 0;
}

async function anEndedProcess(): Promise<number> {
  const child = spawn(process.execPath, ["-e", ""], { stdio: "ignore" });
  await new Promise((resolve) => child.on("exit", resolve));
  return child.pid ?? 0;
}

function anOutputsFile(pid: number, ageSeconds = 0): string {
  const file = ownOutputsFile(pid);
  mkdirSync(LOCAL_FOLDER, { recursive: true });
  writeFileSync(file, JSON.stringify({ pid }));
  const at = Date.now() / 1_000 - ageSeconds;
  utimesSync(file, at, at);
  endings.push(() => rmSync(file, { force: true }));
  return file;
}

describe("the outputs file", () => {
  it("of a run that is up is not taken away by a second run, not even by one that fails", async () => {
    const file = join(mkdtempSync(join(tmpdir(), "outputs-")), "outputs.json");
    const pid = aProcess();
    writeFileSync(file, JSON.stringify({ pid }));

    await expect(clearOutputsFile(file)).rejects.toThrow(
      `the "npm start" that is up as process ${pid} wrote it: name another file`,
    );
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({ pid });
  });

  it.each([
    ["of a run that has ended", async () => JSON.stringify({ pid: await anEndedProcess() })],
    ["of nobody", () => "{}"],
    ["that was cut off", () => "{"],
  ])("%s is taken away", async (_, content) => {
    const file = join(mkdtempSync(join(tmpdir(), "outputs-")), "outputs.json");
    writeFileSync(file, await content());

    await clearOutputsFile(file);

    expect(() => readFileSync(file)).toThrow("ENOENT");
  });

  it("is each run's own, and the newest of those that are up comes first", async () => {
    const older = anOutputsFile(aProcess(), 60);
    const newer = anOutputsFile(aProcess());
    const gone = anOutputsFile(await anEndedProcess());

    const files = await runningOutputsFiles();

    expect(files.filter((file) => [older, newer, gone].includes(file))).toEqual([newer, older]);
    expect(() => readFileSync(gone)).toThrow("ENOENT");
  });
});

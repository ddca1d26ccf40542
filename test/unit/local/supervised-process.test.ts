import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { startKept } from "../../../tools/local/emulator/supervised-process.ts";

const folder = mkdtempSync(join(tmpdir(), "kept-"));
afterAll(() => rmSync(folder, { recursive: true }));

const env = { PATH: process.env["PATH"] ?? "" };
const start = (...command: [string, ...string[]]) =>
  startKept(command, { env, cwd: folder, logFile: join(folder, "log") });

async function isGone(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 100; tries += 1) {
    try {
      process.kill(pid, 0);
    } catch {
      return true;
    }
    await sleep(50);
  }
  return false;
}

describe("a process that is kept", () => {
  it("ends when it is stopped, with what it has started", async () => {
    const kept = await start("sh", "-c", "sleep 60 & echo $!; wait");
    await sleep(300);
    const grandchild = Number(readFileSync(join(folder, "log"), "utf8").trim());

    await kept.stop();

    expect(await kept.ended).toBe("stopped");
    expect(await isGone(kept.pid)).toBe(true);
    expect(await isGone(grandchild)).toBe(true);
  });

  it("ends at once when it is killed, whatever it would still do", async () => {
    const kept = await start("sh", "-c", "trap '' TERM; sleep 60 & wait; wait");

    await kept.kill();

    expect(await kept.ended).toBe("killed by SIGKILL");
    expect(await isGone(kept.pid)).toBe(true);
  });

  it("tells how it ended by itself", async () => {
    const kept = await start("sh", "-c", "exit 3");

    expect(await kept.ended).toBe("exit code 3");
  });

  it("fails to start with the reason", async () => {
    await expect(start("/no/such/program")).rejects.toThrow("ENOENT");
  });

  it("ends when whoever started it is killed", async () => {
    const module = new URL("../../../tools/local/emulator/supervised-process.ts", import.meta.url)
      .href;
    const script = `
      const { startKept } = await import(${JSON.stringify(module)});
      const kept = await startKept(["sleep", "60"], {
        env: { PATH: process.env.PATH }, cwd: ".", logFile: ${JSON.stringify(join(folder, "log2"))},
      });
      console.log(kept.pid);
      setInterval(() => {}, 1000);`;
    const starter = spawn(process.execPath, ["--input-type=module", "--eval", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [output] = await once(starter.stdout, "data");
    const pid = Number(String(output));

    starter.kill("SIGKILL");

    expect(pid).toBeGreaterThan(0);
    expect(await isGone(pid)).toBe(true);
  });
});

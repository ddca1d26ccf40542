import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, unwatchFile, watchFile, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";
import { freePorts } from "../../../tools/local/emulator/ports.ts";
import { refusalText, takeRefusals } from "../../support/take-refusals.ts";
import { outputsIn } from "./outputs.ts";

declare module "vitest" {
  interface ProvidedContext {
    deployment: Deployment;
  }
}

/** A deployment that may not be finished yet. */
export interface Deployment {
  /** The outputs file, once it is there. */
  readonly file: string;
  /** What the command said, when it has ended. */
  readonly ended: string;
  /** The outputs once more, written after the last test of the stack, which then goes: it takes a fifth of a core. */
  readonly unneeded: string;
  /** On this port the stack expects an Alloy, with this API key. */
  readonly alloyPort: number;
  readonly alloyApi: { readonly token: string; readonly secret: string };
  readonly timeScale: number;
}

const MAIN = fileURLToPath(new URL("../../../tools/local/main.ts", import.meta.url));

const TIME_SCALE = 600;

/**
 * Brings the stack up once for all end-to-end tests, by the command that a user would type who has an Alloy of his own:
 * the tests are that Alloy. Other tests run meanwhile.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), "e2e-"));
  const [file = "", ended = "", unneeded = ""] = ["outputs.json", "ended.txt", "unneeded.txt"].map(
    (name) => join(folder, name),
  );
  const [alloyPort = 0] = await freePorts(1);
  const alloyApi = { token: "e2e-token", secret: "e2e-secret" };
  const alloyUrl = `http://127.0.0.1:${alloyPort}/v1`;
  const command = spawn(
    process.execPath,
    [MAIN, "--alloy-url", alloyUrl, "--outputs", file, "--time-scale", String(TIME_SCALE)],
    {
      env: {
        ...process.env,
        ALLOY_API_TOKEN: alloyApi.token,
        ALLOY_API_SECRET: alloyApi.secret,
      },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let said = "";
  command.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  command.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  command.once("close", () => writeFileSync(ended, said));
  const timeScale = TIME_SCALE;
  project.provide("deployment", { file, ended, unneeded, alloyPort, alloyApi, timeScale });
  let over: Promise<readonly string[]> | undefined;
  const watch = watchFile(unneeded, { interval: 500 }, ({ size }) => {
    if (size > 0) over ??= endStack();
  });
  async function endStack(): Promise<readonly string[]> {
    const refusals = outputsIn(file)?.refusals ?? null;
    const late = refusals === null ? [] : takeRefusals(refusals);
    await end(command);
    return late;
  }

  return async () => {
    watch.removeAllListeners();
    unwatchFile(unneeded);
    const outputs = outputsIn(file) ?? outputsIn(unneeded);
    const late = await (over ?? endStack());
    rmSync(folder, { recursive: true, force: true });
    if (outputs === null) return;
    // Below the others' results, where it is read.
    const judged = /^Checked +(\d.*)$/m.exec(said)?.[1];
    const emulator = said.split("\n").find((line) => line.startsWith("Emulator"));
    if (outputs.endpoint === null)
      console.warn(`\nThe tests in the emulator are skipped. ${emulator}\n`);
    else if (judged === undefined)
      console.log("\ne2e: no call of a function was checked, because the emulator is not ours");
    else console.log(`\ne2e: checked ${judged}. An unexpected refusal failed its test.`);
    if (late.length > 0) throw new Error(`After the last test, ${refusalText(late)}`);
  };
}

async function end(command: ChildProcess): Promise<void> {
  if (command.exitCode !== null || command.signalCode !== null) return;
  // Closed, and not just at its end: all that it has said is here.
  const closed = once(command, "close");
  command.kill("SIGTERM");
  await closed;
}

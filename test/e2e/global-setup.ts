import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import * as v from "valibot";
import type { TestProject } from "vitest/node";
import { freePorts } from "../../tools/local/emulator/ports.ts";
import { refusalText, takeRefusals } from "../support/take-refusals.ts";

/** The outputs file of docs/contracts.md#commands, which is all that a test needs; without an endpoint there is no emulator. */
const Driven = v.object({
  endpoint: v.nullable(v.string()),
  region: v.string(),
  webhookUrl: v.string(),
  basic: v.object({ username: v.string(), password: v.string() }),
  hmac: v.string(),
  outputs: v.record(v.string(), v.string()),
  refusals: v.nullable(v.string()),
});
export interface DrivenStack extends v.InferOutput<typeof Driven> {
  readonly endpoint: string;
  /** On this port the stack expects an Alloy, with this API key. */
  readonly alloyPort: number;
  readonly alloyApi: { readonly token: string; readonly secret: string };
  readonly timeScale: number;
}

declare module "vitest" {
  interface ProvidedContext {
    /** Null when no emulator can be had on this machine; then `skipped` says why. */
    stack: DrivenStack | null;
    skipped: string | null;
  }
}

const MAIN = fileURLToPath(new URL("../../tools/local/main.ts", import.meta.url));

/** Installing the emulator and deploying take half a minute; a slow line and a busy machine take more. */
const START_TIMEOUT_MS = 280_000;

const TIME_SCALE = 600;

/**
 * Brings the stack up once for all end-to-end tests, by the command that a user would type who has an
 * Alloy of his own: the tests are that Alloy.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), "e2e-"));
  const file = join(folder, "outputs.json");
  const [alloyPort = 0] = await freePorts(1);
  const alloyApi = { token: "e2e-token", secret: "e2e-secret" };
  const command = spawn(
    process.execPath,
    [
      MAIN,
      "--alloy-url",
      `http://127.0.0.1:${alloyPort}/v1`,
      "--outputs",
      file,
      "--time-scale",
      String(TIME_SCALE),
    ],
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
  const stop = async () => {
    await end(command);
    rmSync(folder, { recursive: true, force: true });
  };

  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!existsSync(file) && command.exitCode === null && Date.now() < deadline) await sleep(100);
  const driven = existsSync(file) ? v.parse(Driven, JSON.parse(readFileSync(file, "utf8"))) : null;
  if (driven !== null && driven.endpoint !== null) {
    const { endpoint } = driven;
    project.provide("stack", { ...driven, endpoint, alloyPort, alloyApi, timeScale: TIME_SCALE });
    project.provide("skipped", null);
    const { refusals } = driven;
    return async () => {
      const late = refusals === null ? [] : takeRefusals(refusals);
      await stop();
      // Below the others' results, where it is read.
      const judged = /^Checked +(\d.*)$/m.exec(said)?.[1];
      console.log(
        judged === undefined
          ? "\ne2e: no call of a function was checked, because the emulator is not ours"
          : `\ne2e: checked ${judged}. An unexpected refusal failed its test.`,
      );
      if (late.length > 0) throw new Error(`After the last test, ${refusalText(late)}`);
    };
  }
  await stop();
  if (driven === null) throw new Error(`npm start did not come up:\n${said}`);
  const skipped = said.split("\n").find((line) => line.startsWith("Emulator")) ?? said;
  project.provide("stack", null);
  project.provide("skipped", skipped);
  const tell = () => console.warn(`\nThe tests in the emulator are skipped. ${skipped}\n`);
  tell();
  // Once more below the others' results, where it is read.
  return async () => tell();
}

async function end(command: ChildProcess): Promise<void> {
  if (command.exitCode !== null || command.signalCode !== null) return;
  // Closed, and not just at its end: all that it has said is here.
  const closed = once(command, "close");
  command.kill("SIGTERM");
  await closed;
}

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, unwatchFile, watchFile, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";
import { freePorts, PORTS_FOR_LATER } from "../../../tools/local/emulator/ports.ts";
import { refusalText, takeRefusals } from "../../support/take-refusals.ts";
import { outputsIn } from "./outputs.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** By the file that drives it. */
    deployments: Readonly<Record<string, Deployment>>;
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
 * Each of these files has a stack of its own, since they wait most of their time: on one stack they would meet in its
 * queues, its alarms and its secret, and each would have to wait for the one before.
 */
const DRIVERS = ["deployed-verbs.test.ts", "deployed.test.ts"];

/**
 * Brings the stacks up, by the command that a user would type who has an Alloy of his own: the tests are that Alloy.
 * Other tests run meanwhile.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const paths = project.vitest.state.getPaths().filter((path) => path.includes("/test/e2e/"));
  if (paths.length === 0) return async () => {};
  const run = new Set(paths.map((path) => basename(path)));
  const driven = DRIVERS.filter((file) => run.has(file));
  // Other tests ask whether there is an emulator.
  const [first = "deployed.test.ts", ...others] = driven;
  // Tests begin to listen there, and end, all the time that the stack stands: another test once had such a port meanwhile.
  const ports = await freePorts(1 + others.length, PORTS_FOR_LATER);
  const stacks = [first, ...others].map(
    (file, index) => [file, bringUp(ports[index] ?? 0)] as const,
  );
  const deployments = stacks.map(([file, { deployment }]) => [file, deployment] as const);
  project.provide("deployments", Object.fromEntries(deployments));
  return async () => {
    const faults: string[] = [];
    for (const [file, { takeDown }] of stacks) faults.push(...(await takeDown(file)));
    if (faults.length > 0) throw new Error(faults.join("\n"));
  };
}

/** Begins to deploy a stack. */
function bringUp(alloyPort: number) {
  const folder = mkdtempSync(join(tmpdir(), "e2e-"));
  const [file = "", ended = "", unneeded = ""] = ["outputs.json", "ended.txt", "unneeded.txt"].map(
    (name) => join(folder, name),
  );
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
  const deployment = { file, ended, unneeded, alloyPort, alloyApi, timeScale: TIME_SCALE };
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

  /** Says how it was, below the others' results, where it is read. @returns what AWS would have refused. */
  async function takeDown(driver: string): Promise<readonly string[]> {
    watch.removeAllListeners();
    unwatchFile(unneeded);
    const outputs = outputsIn(file) ?? outputsIn(unneeded);
    const late = await (over ?? endStack());
    rmSync(folder, { recursive: true, force: true });
    if (outputs === null) return [];
    const judged = /^Checked +(\d.*)$/m.exec(said)?.[1];
    const emulator = said.split("\n").find((line) => line.startsWith("Emulator"));
    if (outputs.endpoint === null)
      console.warn(`\nThe tests in the emulator are skipped. ${emulator}\n`);
    else if (judged === undefined)
      console.log(
        `\n${driver}: no call of a function was checked, because the emulator is not ours`,
      );
    else console.log(`\n${driver}: checked ${judged}. An unexpected refusal failed its test.`);
    return late.length > 0 ? [`After the last test of ${driver}, ${refusalText(late)}`] : [];
  }
  return { deployment, takeDown };
}

async function end(command: ChildProcess): Promise<void> {
  if (command.exitCode !== null || command.signalCode !== null) return;
  // Closed, and not just at its end: all that it has said is here.
  const closed = once(command, "close");
  command.kill("SIGTERM");
  await closed;
}

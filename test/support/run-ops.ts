import { spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { expect } from "vitest";

import { makeClients } from "../../tools/local/emulator/clients.ts";
import type { Clients } from "../../tools/local/emulator/clients.ts";
import { depthOf } from "../../tools/local/emulator/emulator-receiver.ts";
import { run } from "../../tools/ops/run.ts";
import type { RunTerminal } from "../../tools/ops/terminal.ts";
import { jsonText } from "../../tools/terminal/lines.ts";
import { makeScreen } from "../../tools/terminal/screen.ts";
import type { DrivenStack } from "../e2e/deployed/deployments.ts";

/** The operators' tool, as a program. */
export const MAIN = fileURLToPath(new URL("../../tools/ops/main.ts", import.meta.url));

/** What the verbs need of a stack. */
type OpsStack = Pick<DrivenStack, "endpoint" | "region" | "webhookUrl" | "basic" | "outputs">;

/** What a command ended with. */
interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/**
 * Makes the function that does in this process what `npm run ops -- …` does: a process of its own takes a second and a
 * half to start, which {@link makeOpsCommand} does once.
 *
 * @param stack - its outputs file is written anew, since a test may know the stack alone.
 */
export function makeRunOps(stack: OpsStack) {
  const file = outputsFileOf(stack);
  return async (...args: readonly string[]): Promise<Ended> => {
    let output = "";
    let errors = "";
    let isJson = false;
    const screen = makeScreen({
      isTerminal: false,
      write: (text) => (output += text),
      writeError: (text) => (errors += text),
      paint: (_, safe) => safe,
    });
    // As in a pipe: nobody waits for progress, and nobody answers.
    const terminal: RunTerminal = {
      isInteractive: false,
      redraw: (...lines) => void (isJson || screen.print(...lines)),
      use: ({ json }) => (isJson = json),
      report: (result) => void (isJson && (output += `${jsonText(result)}\n`)),
      end() {},
      print: (...lines) => void (isJson || screen.print(...lines)),
      progress() {},
      warn: (...lines) => screen.error(...lines),
      asks: async () => "nobody",
      isAttended: false,
      reveal: () => Promise.reject(new Error("Nobody is there to be shown a secret.")),
    };
    // The emulator's rules take effect at once: what gives EventBridge a minute needs no second here.
    const waits = (ms: number) => sleep(ms < 60_000 ? ms : 100);
    const code = await run([...args, "--outputs", file], terminal, waits);
    return { code, output, errors };
  };
}

/** Makes the function that runs `npm run ops -- …` against the stack, without npm. */
export function makeOpsCommand(stack: OpsStack) {
  const file = outputsFileOf(stack);
  return async (...args: readonly string[]): Promise<Ended> => {
    const command = spawn(process.execPath, [MAIN, ...args, "--outputs", file], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    let errors = "";
    command.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    command.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
    const code = await new Promise<number | null>((resolve) => command.on("close", resolve));
    return { code, output, errors };
  };
}

/** Writes the outputs file that the tool reads. @returns its path. */
export function outputsFileOf({ endpoint, region, webhookUrl, basic, outputs }: OpsStack): string {
  const file = join(mkdtempSync(join(tmpdir(), "ops-")), "outputs.json");
  writeFileSync(file, JSON.stringify({ endpoint, region, webhookUrl, basic, outputs }));
  return file;
}

/** The same for tests that expect their runs to end well, and get what they print. @param stack - asked by the first. */
export function makeGoodOps(stack: () => DrivenStack) {
  let run: ReturnType<typeof makeRunOps> | undefined;
  let clients: Clients | undefined;
  const ops: ReturnType<typeof makeRunOps> = (...args) => (run ??= makeRunOps(stack()))(...args);
  const good = async (...args: readonly string[]): Promise<string> => {
    const ended = await ops(...args);
    expect(ended).toMatchObject({ code: 0, errors: "" });
    return ended.output;
  };
  return {
    ops,
    good,
    /** Until the event queue has been empty for a while; then nothing more comes of it. */
    untilDrained: async (): Promise<void> => {
      const { endpoint, outputs } = stack();
      clients ??= makeClients(endpoint);
      for (let quiet = 0; quiet < 3;) {
        await sleep(300);
        const depth = await depthOf(clients, outputs["EventQueueUrl"] ?? "");
        quiet = depth === 0 ? quiet + 1 : 0;
      }
    },
  };
}

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { onTestFinished } from "vitest";

import { freePorts } from "../../tools/local/emulator/ports.ts";

const EXAMPLES = fileURLToPath(new URL("../../examples/consumers/", import.meta.url));

/**
 * Starts a consumer of `examples/`, and waits until it listens; it ends with the test.
 *
 * @param folder - of a package in which `alloy-journey-webhooks` is installed. @default - this repository's events
 * @returns where it takes events, and on which port it reports its actions.
 */
export async function startExample(file: string, folder?: string) {
  const [port = 0, actionsPort = 0] = await freePorts(2);
  const own = mkdtempSync(join(tmpdir(), "consumer-"));
  const command = file.endsWith(".py") ? "python3" : process.execPath;
  const child = spawn(command, [runnable(file, own, folder)], {
    stdio: "inherit",
    env: {
      ...process.env,
      PORT: String(port),
      ACCOUNTS: join(own, "accounts.db"),
      ACTIONS_URL: `http://127.0.0.1:${actionsPort}/actions`,
    },
  });
  onTestFinished(async () => {
    child.kill();
    await once(child, "exit");
    rmSync(own, { recursive: true });
  });
  while (!(await isOpen(port))) await sleep(20);
  return { url: `http://127.0.0.1:${port}/`, actionsPort };
}

/** The example as a file of its own, that finds the package's events in this repository or in that package's folder. */
function runnable(file: string, own: string, folder: string | undefined): string {
  const path = EXAMPLES + file;
  if (!file.endsWith(".ts")) return path;
  const text = readFileSync(path, "utf8");
  const events = new URL("../../events/index.ts", import.meta.url).href;
  const copy = join(folder ?? own, "consumer.mts");
  writeFileSync(
    copy,
    folder === undefined ? text.replace("alloy-journey-webhooks/events", events) : text,
  );
  return copy;
}

/** Whether somebody listens on a port of 127.0.0.1. */
export async function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  const isConnected = await Promise.race([
    once(socket, "connect").then(() => true),
    once(socket, "error").then(() => false),
  ]).catch(() => false);
  socket.destroy();
  return isConnected;
}

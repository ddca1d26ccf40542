import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env } from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { childEnvironment } from "../local/emulator/child-environment.ts";
import { LocalFailure } from "../local/failure.ts";
import { startKept } from "../local/emulator/supervised-process.ts";
import { LOCAL_FOLDER } from "../local/paths.ts";
import { freePorts } from "../local/emulator/ports.ts";
import { makeVirtualEnvironment } from "../local/emulator/virtual-environment.ts";

const REQUIREMENTS = fileURLToPath(new URL("requirements.txt", import.meta.url));
const SERVER = fileURLToPath(new URL("serve.py", import.meta.url));

/** It is up within two seconds; a busy machine takes more. */
const READY_TIMEOUT_MS = 60_000;
const READY_POLL_MS = 100;

export type Moto = Awaited<ReturnType<typeof startMoto>>;

/**
 * Starts moto's server on 127.0.0.1: DynamoDB, S3, EventBridge and more, written by others than dynalite's and MiniStack's
 * authors. It is installed into `.local/moto` the first time.
 *
 * @param python - the Python to install it with.
 * @throws LocalFailure when it cannot be installed or does not come up.
 */
export async function startMoto(python: string, announce: (line: string) => void = console.log) {
  const wanted = { what: "moto", requirements: REQUIREMENTS, folder: `${LOCAL_FOLDER}moto` };
  const interpreter = await makeVirtualEnvironment(python, wanted, { env, announce });
  const [port = 0] = await freePorts(1);
  const endpoint = `http://127.0.0.1:${port}`;
  const folder = await mkdtemp(join(tmpdir(), "moto-"));
  const logFile = join(folder, "moto.log");
  const kept = await startKept(
    [interpreter, SERVER, String(port)],
    // Without a key of anybody's: whatever it would call, it could not.
    { env: childEnvironment(env), logFile, cwd: folder },
  );
  const stop = async () => {
    await kept.kill();
    await rm(folder, { recursive: true, force: true });
  };
  const up = await Promise.race([isUp(endpoint), kept.ended]);
  if (up === true) return { endpoint, stop };
  const log = await readFile(logFile, "utf8");
  await stop();
  throw new LocalFailure(
    `moto did not start on port ${port}. The end of its log:\n${log.slice(-1_000)}`,
  );
}

async function isUp(endpoint: string): Promise<boolean> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (Date.now() < deadline) {
    const answer = await fetch(`${endpoint}/moto-api/data.json`).catch(() => null);
    if (answer?.ok === true) return true;
    await sleep(READY_POLL_MS);
  }
  return false;
}

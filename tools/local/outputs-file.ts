import { mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import * as v from "valibot";
import { REGION } from "./emulator/emulator.ts";
import { causeOf, LocalFailure } from "./failure.ts";
import { LOCAL_FOLDER, ownOutputsFile, pidOfOutputsFile } from "./paths.ts";
import { isAlive } from "./alive.ts";
import { readJson } from "./json-file.ts";

/** Of a stack of `npm start`, what leads to it. */
interface Reached {
  readonly endpoint: string | null;
  readonly webhookUrl: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly credentials: { readonly basic: unknown; readonly hmac: unknown };
  readonly judged: { readonly refusalsFile: string } | null;
}

/**
 * Writes what a test needs to drive the stack (docs/contracts.md#commands). It appears whole or not at all, since
 * somebody may be waiting for it; it holds a password, so it is for this user alone.
 *
 * @throws LocalFailure when it cannot be written.
 */
export async function writeOutputsFile(file: string, stack: Reached): Promise<void> {
  const { endpoint, webhookUrl, outputs } = stack;
  const { basic, hmac } = stack.credentials;
  const { pid } = process;
  const refusals = stack.judged?.refusalsFile ?? null;
  const content = { endpoint, region: REGION, webhookUrl, basic, hmac, outputs, refusals, pid };
  try {
    await writeFile(`${file}.part`, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
    await rename(`${file}.part`, file);
  } catch (error) {
    throw new LocalFailure(
      `--outputs is "${file}", and it cannot be written (${causeOf(error)}): name a file in a folder that exists.`,
      { cause: error },
    );
  }
}

const Owned = v.object({ pid: v.number() });

/**
 * Takes away what an earlier run left in the file: whoever waits for it must not find that one.
 *
 * @throws LocalFailure when a run that is up wrote it.
 */
export async function clearOutputsFile(file: string): Promise<void> {
  const owner = (await readJson(file, Owned))?.pid;
  if (owner !== undefined && owner !== process.pid && isAlive(owner)) {
    throw new LocalFailure(
      `--outputs is "${file}", and the "npm start" that is up as process ${owner} wrote it: name another file, or stop that one.`,
    );
  }
  await rm(file, { force: true });
}

/** The outputs files of the runs that are up and were not told another file, the newest first. */
export async function runningOutputsFiles(): Promise<readonly string[]> {
  await mkdir(dirname(ownOutputsFile(0)), { recursive: true });
  const names = await readdir(LOCAL_FOLDER);
  const files: { readonly file: string; readonly at: number }[] = [];
  for (const name of names) {
    const pid = pidOfOutputsFile(name);
    if (pid === null) continue;
    const file = LOCAL_FOLDER + name;
    // What a killed run left leads to a stack that is gone.
    if (isAlive(pid)) files.push({ file, at: (await stat(file)).mtimeMs });
    else await rm(file, { force: true });
  }
  return files.toSorted((one, other) => other.at - one.at).map(({ file }) => file);
}

import { cp, mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import * as v from "valibot";
import { StackOutputsSchema } from "./cdk.ts";
import { LOCAL_FOLDER } from "../paths.ts";
import { isAlive } from "../alive.ts";
import { readJson } from "../json-file.ts";

/** What is stored about a deployment. */
const DeploymentRecord = v.object({
  fingerprint: v.string(),
  stackId: v.string(),
  /** Null for a running emulator, which is known by its endpoint. */
  emulatorPort: v.nullable(v.number()),
  simulatorPort: v.number(),
  outputs: StackOutputsSchema,
});
export type DeploymentRecord = v.InferOutput<typeof DeploymentRecord>;

/** A stored state: an emulator of ours with the stack in it and nothing else. */
export interface StoredDeployment {
  readonly folder: string;
  readonly record: DeploymentRecord;
}

const RECORD = "deployment.json";
const PREFIX = "deployed-";

/** One for `npm start`, those of the tests, and some of before the last change; half a megabyte each. */
const KEPT = 6;

/** The stored states of this fingerprint, the latest first. */
export async function storedDeployments(fingerprint: string): Promise<StoredDeployment[]> {
  const found: StoredDeployment[] = [];
  for (const folder of await storedFolders()) {
    const record = await readRecord(`${folder}/${RECORD}`);
    if (record?.fingerprint === fingerprint) found.push({ folder, record });
  }
  return found;
}

/** Keeps the state that an emulator has left in `folder`. The record goes in last, and the name comes after. */
export async function storeDeployment(folder: string, record: DeploymentRecord): Promise<void> {
  const next = `${folder}/stored`;
  for (const part of ["state", "s3"]) {
    await cp(`${folder}/${part}`, `${next}/${part}`, { recursive: true });
  }
  await writeRecord(`${next}/${RECORD}`, record);
  const stored = `${LOCAL_FOLDER}${PREFIX}${record.emulatorPort}`;
  await forget(stored);
  await rename(next, stored);
  for (const old of (await storedFolders()).slice(KEPT)) await forget(old);
}

/** Removes a stored state. */
export async function forget(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}

async function storedFolders(): Promise<string[]> {
  const names = (await namesIn(LOCAL_FOLDER)).filter((name) => name.startsWith(PREFIX));
  const aged = await Promise.all(
    names.map(async (name) => {
      const folder = LOCAL_FOLDER + name;
      return { folder, at: (await stat(folder)).mtimeMs };
    }),
  );
  return aged.sort((one, other) => other.at - one.at).map(({ folder }) => folder);
}

export async function writeRecord(file: string, record: DeploymentRecord): Promise<void> {
  await writeFile(file, JSON.stringify(record, null, 2));
}

/** Null when there is none, or none that can be read: then the stack is deployed again, which is always right. */
export async function readRecord(file: string): Promise<DeploymentRecord | null> {
  return readJson(file, DeploymentRecord);
}

/** The folder of this run, empty. One per process, so that two at once do not meet. */
export async function freshRunFolder(): Promise<string> {
  const folder = runFolder();
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/** Removes this run's folder, and those of runs that were killed. The emulator's log stays. */
export async function removeRunFolders(): Promise<void> {
  // For whoever asks why it ended. There is none when the emulator is not ours.
  await rename(`${runFolder()}/emulator.log`, `${LOCAL_FOLDER}emulator.log`).catch(() => undefined);
  for (const name of await namesIn(LOCAL_FOLDER)) {
    const pid = /^run-(\d+)$/.exec(name)?.[1];
    if (pid === undefined || (Number(pid) !== process.pid && isAlive(Number(pid)))) continue;
    await rm(LOCAL_FOLDER + name, { recursive: true, force: true });
  }
}

async function namesIn(folder: string): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  return readdir(folder);
}

/** The folder of this run, which goes with it. */
export function runFolder(): string {
  return `${LOCAL_FOLDER}run-${process.pid}`;
}

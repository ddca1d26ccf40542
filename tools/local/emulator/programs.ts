import { constants } from "node:fs";
import { access, readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { childEnvironment } from "./child-environment.ts";
import { runCommand } from "./run-command.ts";

/** Starting an interpreter or asking a daemon takes well under a second; a cold disk takes a few. */
const PROBE_TIMEOUT_MS = 15_000;

/** Newest first after the plain name, which is what the person uses. */
const PYTHONS = [
  "python3",
  "python3.14",
  "python3.13",
  "python3.12",
  "python3.11",
  "python3.10",
  "python",
];

/** Where a program of this name is on a path, or null. */
async function whichProgram(name: string, path: string): Promise<string | null> {
  for (const folder of path.split(delimiter).filter(Boolean)) {
    const file = join(folder, name);
    try {
      await access(file, constants.X_OK);
      return file;
    } catch {
      // Not here: the next folder of the path may have it.
    }
  }
  return null;
}

/** A Python of at least 3.10, which MiniStack needs, or null. */
export async function findPython(path: string): Promise<string | null> {
  for (const name of PYTHONS) {
    const python = await whichProgram(name, path);
    if (python === null) continue;
    // A version manager's shim may stand on the path with no Python behind it: running it tells.
    const said = await say([python, "-c", "import sys; print(sys.version_info >= (3, 10))"]);
    if (said === "True") return python;
  }
  return null;
}

/** A Docker whose daemon answers, or null. */
export async function findDocker(path: string): Promise<string | null> {
  const docker = await whichProgram("docker", path);
  if (docker === null) return null;
  const version = await say([docker, "version", "--format", "{{.Server.Version}}"]);
  return version === null ? null : docker;
}

/** The Python of a `ministack` on the path that is at least as new as `wanted`, or null. */
export async function findMiniStack(path: string, wanted: string): Promise<string | null> {
  const program = await whichProgram("ministack", path);
  if (program === null) return null;
  const python = /^#!(\S*python\S*)/.exec(await readFile(program, "utf8"))?.[1];
  if (python === undefined) return null;
  const version = await say([
    python,
    "-c",
    "import importlib.metadata as m; print(m.version('ministack'))",
  ]);
  return version !== null && isAtLeast(version, wanted) ? python : null;
}

/** Compares dotted numbers: 1.10.0 is newer than 1.9.9. */
export function isAtLeast(version: string, wanted: string): boolean {
  return version.localeCompare(wanted, "en", { numeric: true }) >= 0;
}

/** What a command prints, or null when it fails. */
async function say(command: readonly [string, ...string[]]): Promise<string | null> {
  try {
    const env = childEnvironment(process.env);
    const { code, output } = await runCommand(command, { env, timeoutMs: PROBE_TIMEOUT_MS });
    return code === 0 ? output.trim() : null;
  } catch {
    // It is there and does not run: for the search that is the same as not being there.
    return null;
  }
}

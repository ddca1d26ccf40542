import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { lock } from "proper-lockfile";
import { LocalFailure } from "../failure.ts";
import { LOCAL_FOLDER } from "../paths.ts";
import { ROOT } from "../../../lib/installation.ts";
import { runCommand } from "./run-command.ts";

const REQUIREMENTS = fileURLToPath(new URL("requirements.txt", import.meta.url));

/** 20 MB of wheels; on a slow line with a slow disk it still ends within this. */
const INSTALL_TIMEOUT_MS = 180_000;

/** What `du` says of it. */
const INSTALLED_MB = 90;

/** Serves MiniStack on the socket that is named behind it, by the Python that has it. */
export function serveCommand(python: string): readonly [string, ...string[]] {
  return [python, SERVE];
}

const SERVE = fileURLToPath(new URL("serve_emulator.py", import.meta.url));

const PIP_OPTIONS = [
  "--quiet",
  "--disable-pip-version-check",
  "--no-input",
  // No file that the list does not name, and no build: what runs is what was pinned.
  "--require-hashes",
  "--no-deps",
  "--only-binary=:all:",
  // Half of its time, for modules that mostly nobody imports: Python keeps compiled what it does import.
  "--no-compile",
];

/** The version of MiniStack that `requirements.txt` pins. */
export async function pinnedVersion(): Promise<string> {
  const version = /^ministack==(\S+)/m.exec(await readFile(REQUIREMENTS, "utf8"))?.[1];
  if (version === undefined) throw new Error(`${REQUIREMENTS} pins no ministack.`);
  return version;
}

/** How a virtual environment is made. */
export interface VirtualEnvironmentOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly announce: (line: string) => void;
  readonly signal?: AbortSignal;
  /** How long each of its two steps may take. @default - three minutes */
  readonly timeoutMs?: number;
}

/**
 * The emulator in a virtual environment of the project's own.
 *
 * @param python - the Python to make it from.
 * @param options.folder - where it is; `.local/emulator` unless a test says otherwise.
 * @returns the command that serves it; through the interpreter, so that a moved clone still works.
 * @throws LocalFailure when it cannot be installed.
 */
export async function installEmulator(
  python: string,
  {
    folder = `${LOCAL_FOLDER}emulator`,
    ...options
  }: VirtualEnvironmentOptions & { folder?: string },
): Promise<readonly [string, ...string[]]> {
  const wanted = {
    what: "emulator",
    requirements: REQUIREMENTS,
    folder,
    megabytes: INSTALLED_MB,
  };
  return serveCommand(await makeVirtualEnvironment(python, wanted, options));
}

/** How often one that waits for another's installation looks again, and after which silence the other is gone. */
const LOCK = { retries: { forever: true, minTimeout: 100, maxTimeout: 500 }, stale: 15_000 };

/**
 * A virtual environment, made when it is not there, half made, or made from other requirements. The stamp is
 * written last: without it nothing in the folder is trusted. Of two that want the same one, the second waits: it would
 * remove what the first installs.
 *
 * @param wanted.what - for the sentences.
 * @param wanted.megabytes - how large it is, for the sentences.
 * @param wanted.requirements - the file that pins every package with its hashes.
 * @returns its interpreter.
 * @throws LocalFailure when it cannot be made.
 */
export async function makeVirtualEnvironment(
  python: string,
  wanted: {
    readonly what: string;
    readonly requirements: string;
    readonly folder: string;
    readonly megabytes?: number;
  },
  options: VirtualEnvironmentOptions,
): Promise<string> {
  await mkdir(dirname(wanted.folder), { recursive: true });
  // The folder itself comes and goes.
  const release = await lock(wanted.folder, { ...LOCK, realpath: false });
  try {
    return await makeAlone(python, wanted, options);
  } finally {
    await release();
  }
}

async function makeAlone(
  python: string,
  { what, requirements, folder, megabytes }: Parameters<typeof makeVirtualEnvironment>[1],
  options: VirtualEnvironmentOptions,
): Promise<string> {
  const interpreter = `${folder}/bin/python`;
  const stampFile = `${folder}/installed-requirements`;
  const stamp = createHash("sha256")
    .update(await readFile(requirements))
    .digest("hex");

  // The interpreter is a link: it is gone when the Python it was made from is.
  if (existsSync(interpreter) && (await textOf(stampFile)) === stamp) return interpreter;
  if (existsSync(folder))
    options.announce(
      `The virtual environment of the ${what} is incomplete or outdated. Making a new one.`,
    );
  options.announce(
    `Installing the ${what} into ${folder.replace(ROOT, "")} (once${megabytes === undefined ? "" : `, ${megabytes} MB`}) …`,
  );
  await rm(folder, { recursive: true, force: true });
  await run([python, "-m", "venv", folder], what, options, venvFailure);
  const pip = [interpreter, "-m", "pip", "install", ...PIP_OPTIONS] as const;
  await run([...pip, "--requirement", requirements], what, options, pipFailure);
  await writeFile(stampFile, stamp);
  return interpreter;
}

async function run(
  command: readonly [string, ...string[]],
  what: string,
  options: VirtualEnvironmentOptions,
  explain: (output: string) => string,
): Promise<void> {
  const { code, output } = await runCommand(command, {
    env: options.env,
    timeoutMs: options.timeoutMs ?? INSTALL_TIMEOUT_MS,
    signal: options.signal,
  });
  if (code !== 0) throw new LocalFailure(`The ${what} could not be installed: ${explain(output)}`);
}

/** Debian and Ubuntu ship Python without it, and say so over many lines. */
function venvFailure(output: string): string {
  return /ensurepip|venv/.test(output)
    ? "this Python has no working venv module. Install it (Debian and Ubuntu: apt install python3-venv) and run the command again."
    : `${lastLine(output)}.`;
}

function pipFailure(output: string): string {
  return `pip says "${lastLine(output)}"; is the Python package index reachable?`;
}

function lastLine(output: string): string {
  return output.trim().split("\n").at(-1)?.trim() ?? "";
}

async function textOf(file: string): Promise<string | null> {
  return existsSync(file) ? readFile(file, "utf8") : null;
}

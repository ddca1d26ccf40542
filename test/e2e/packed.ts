import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import * as v from "valibot";
import { ROOT } from "../../lib/installation.ts";

/** What `npm pack --json` says of a tarball. */
const PackedSchema = v.object({
  filename: v.string(),
  size: v.number(),
  unpackedSize: v.number(),
  files: v.array(v.object({ path: v.string(), size: v.number() })),
});

export type Packed = v.InferOutput<typeof PackedSchema> & { readonly tarball: string };

/**
 * A machine of a user: folders that have nothing of the repository above them, and its own Node and npm alone. They go with
 * the run, after which the disk may take its time for a hundred thousand files.
 */
export class UserMachine {
  readonly #root = mkdtempSync(join(tmpdir(), "package-"));

  /** A folder with these files, on a machine whose emulator is installed. */
  folder(name: string, files: Readonly<Record<string, unknown>> = {}): string {
    const folder = join(this.#root, name);
    mkdirSync(join(folder, ".local"), { recursive: true });
    // It may still be installed, by others.
    symlinkSync(`${ROOT}.local/emulator`, join(folder, ".local/emulator"));
    for (const [path, content] of Object.entries(files)) {
      const file = join(folder, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
    }
    return folder;
  }

  /** Builds the package and packs it, as `npm publish` does. */
  async pack(): Promise<Packed> {
    const said = await run(["npm", "pack", "--json", "--pack-destination", this.#root], ROOT);
    // Before it stands what the build says.
    const json: unknown = JSON.parse(said.slice(said.lastIndexOf("\n[") + 1));
    const [packed] = v.parse(v.tuple([PackedSchema]), json);
    return { ...packed, tarball: join(this.#root, packed.filename) };
  }
}

/**
 * Begins a command as a user's shell does: without the repository's programs on the path, and without what npm and Vitest
 * have told this process.
 */
export function begin(command: readonly string[], cwd: string, signal?: AbortSignal) {
  const [program = "", ...args] = command;
  const child = spawn(program, args, {
    cwd,
    env: userEnvironment(),
    stdio: ["ignore", "pipe", "pipe"],
    ...(signal !== undefined && { signal, killSignal: "SIGKILL" as const }),
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  return { child, said: () => output, ended };
}

/**
 * Runs one to its end.
 *
 * @returns what it said.
 * @throws Error with what it said, when it ends with another code than 0.
 */
export async function run(
  command: readonly string[],
  cwd: string,
  signal?: AbortSignal,
): Promise<string> {
  const { said, ended } = begin(command, cwd, signal);
  const code = await ended;
  if (code === 0) return said();
  throw new Error(`${command.join(" ")} ended with ${String(code)}:\n${said()}`);
}

/** An install takes seconds; the program was seen to wait for nothing, without end. */
const INSTALL_MS = 180_000;

/** Installs, and begins again when the program stands still. @throws what `run` throws, of the third try. */
export async function install(command: readonly string[], cwd: string): Promise<string> {
  for (let left = 2; ; left -= 1) {
    const signal = AbortSignal.timeout(INSTALL_MS);
    try {
      return await run(command, cwd, signal);
    } catch (error) {
      if (!signal.aborted || left === 0) throw error;
    }
  }
}

function userEnvironment(): NodeJS.ProcessEnv {
  // With CI set, pnpm installs nothing that its lock file does not name yet.
  const ofTheRun =
    /^(?:npm_(?:package|lifecycle|config_local_prefix)|INIT_CWD|NODE(?!_(?:EXTRA_CA_CERTS|COMPILE_CACHE)$)|VITEST|AWS_|CI$)/;
  const own = Object.entries(process.env).filter(([name]) => !ofTheRun.test(name));
  const path = (process.env["PATH"] ?? "").split(delimiter);
  return {
    ...Object.fromEntries(own),
    PATH: path.filter((folder) => !folder.includes("node_modules")).join(delimiter),
    CDK_DISABLE_CLI_TELEMETRY: "true",
    // Seven seconds of a core for each synth, which ends with 0 whatever is found: `npm run lint:templates` has cfn-lint for it.
    CDK_VALIDATION: "false",
  };
}

import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
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

const LockSchema = v.object({
  packages: v.record(
    v.string(),
    v.object({
      dependencies: v.optional(v.record(v.string(), v.string()), {}),
      optionalDependencies: v.optional(v.record(v.string(), v.string()), {}),
      peerDependencies: v.optional(v.record(v.string(), v.string()), {}),
      peerDependenciesMeta: v.optional(
        v.record(v.string(), v.object({ optional: v.boolean() })),
        {},
      ),
    }),
  ),
});

/**
 * Gives a folder what npm would unpack for the package: the clone's own copies, of the versions that its lock file names. npm
 * takes those that the package asks for, and removes the others. Where they cannot be linked, it brings its own.
 */
export async function linkDependencies(folder: string): Promise<void> {
  const byScope = Map.groupBy(dependenciesOfPackage(), (path) => dirname(path));
  try {
    for (const [scope, paths] of byScope) {
      const into = join(folder, scope);
      mkdirSync(into, { recursive: true });
      await run(["cp", "-al", ...paths.map((path) => join(ROOT, path)), into], ROOT);
    }
  } catch {
    // On another disk, or by a `cp` that knows no links.
    rmSync(join(folder, "node_modules"), { recursive: true, force: true });
  }
}

/** Where the clone has what the package depends on, and what that depends on; each with what is inside of it. */
function dependenciesOfPackage(): readonly string[] {
  const { packages } = v.parse(
    LockSchema,
    JSON.parse(readFileSync(`${ROOT}package-lock.json`, "utf8")),
  );
  const found = new Set<string>();
  function visit(name: string): void {
    const path = `node_modules/${name}`;
    // One that is optional, or of another system, may be absent.
    if (found.has(path) || !existsSync(join(ROOT, path))) return;
    found.add(path);
    for (const one of needsOf(path)) visit(one);
  }
  function needsOf(path: string): readonly string[] {
    const entry = packages[path];
    if (entry === undefined) return [];
    const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } = entry;
    const inside = Object.keys(packages).filter((one) => one.startsWith(`${path}/node_modules/`));
    return [
      ...Object.keys({ ...dependencies, ...optionalDependencies }),
      ...Object.keys(peerDependencies).filter(
        (one) => peerDependenciesMeta[one]?.optional !== true,
      ),
      ...inside.flatMap(needsOf),
    ];
  }
  // The development's own needs stay out, but for those that are peers.
  for (const name of needsOf("")) visit(name);
  return [...found];
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

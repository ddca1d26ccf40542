import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Installs a tool of PyPI into a folder of the project's own; again when the pins change or an installation broke off.
 * The process ends when that fails.
 *
 * @param requirements - the file beside this one that pins it and what it needs.
 * @returns the path of its program.
 */
export async function installTool(tool: string, requirements: string): Promise<string> {
  const environment = `${ROOT}.local/${tool}`;
  const stamp = `${environment}/installed`;
  const pins = fileURLToPath(new URL(requirements, import.meta.url));
  const wanted = createHash("sha256").update(readFileSync(pins)).digest("hex");
  const program = `${environment}/bin/${tool}`;
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return program;
  rmSync(environment, { recursive: true, force: true });
  await run(
    "python3",
    ["-m", "venv", environment],
    `${tool} needs Python 3.10 or later with its venv module (Debian: apt-get install python3-venv)`,
  );
  await run(
    `${environment}/bin/pip`,
    ["install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", pins],
    `${tool} could not be installed; is PyPI reachable`,
  );
  writeFileSync(stamp, wanted);
  return program;
}

/** Runs a program to its end, and ends this process with the sentence when that fails. */
export async function run(
  program: string,
  programArguments: readonly string[],
  failure: string,
  output: "inherit" | "ignore" = "inherit",
): Promise<void> {
  const stdio = ["ignore", output, "inherit"] as const;
  const child = spawn(program, programArguments, { cwd: ROOT, stdio: [...stdio] });
  const status = await new Promise<number | null | Error>((resolve) => {
    child.on("error", resolve);
    child.on("close", resolve);
  });
  if (status === 0) return;
  console.error(`${failure}${status instanceof Error ? ` (${status.message})` : ""}.`);
  process.exit(1);
}

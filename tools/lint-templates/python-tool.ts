import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

import { findPython } from "../local/emulator/programs.ts";
import { runCommand } from "../local/emulator/run-command.ts";
import { makeVirtualEnvironment } from "../local/emulator/virtual-environment.ts";
import { LOCAL_FOLDER } from "../local/paths.ts";
import { ROOT } from "../../lib/installation.ts";

/** checkov brings a hundred packages, and takes two minutes over all templates; on a busy machine more. */
const TIMEOUT_MS = 1_200_000;

/**
 * Installs a tool of PyPI into a folder of the project's own; again when the pins change or an installation broke off.
 *
 * @param requirements - the file beside this one that pins it and what it needs.
 * @returns the path of its program.
 * @throws LocalFailure when that fails.
 */
export async function installTool(tool: string, requirements: string): Promise<string> {
  const python = (await findPython(process.env["PATH"] ?? "")) ?? "python3";
  const pins = fileURLToPath(new URL(requirements, import.meta.url));
  const interpreter = await makeVirtualEnvironment(
    python,
    { what: tool, requirements: pins, folder: `${LOCAL_FOLDER}${tool}` },
    { env: process.env, announce: console.log, timeoutMs: TIMEOUT_MS },
  );
  return `${dirname(interpreter)}/${tool}`;
}

/**
 * Runs a program to its end, and ends this process with the sentence when that fails.
 *
 * @returns what it printed.
 */
export async function run(
  program: string,
  programArguments: readonly string[],
  failure: string,
): Promise<string> {
  const { code, output } = await runCommand([program, ...programArguments], {
    cwd: ROOT,
    env: process.env,
    timeoutMs: TIMEOUT_MS,
  });
  if (code === 0) return output;
  console.error(`${output}${failure}.`);
  process.exit(1);
}

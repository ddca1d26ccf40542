import { spawn } from "node:child_process";
import { causeOf, LocalFailure, Stopped } from "../failure.ts";

/** How a command ended, and what it said. */
export interface CommandResult {
  readonly code: number;
  readonly output: string;
}

/**
 * Runs a command to its end and keeps what it says, standard output and error together.
 *
 * @throws LocalFailure when it cannot be started or does not end in time; Stopped when `signal` is aborted.
 */
export async function runCommand(
  command: readonly [string, ...string[]],
  options: {
    readonly cwd?: string;
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly timeoutMs: number;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<CommandResult> {
  const [program, ...args] = command;
  const timeout = AbortSignal.timeout(options.timeoutMs);
  const signal = options.signal ? AbortSignal.any([timeout, options.signal]) : timeout;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
      signal,
    });
    let output = "";
    const collect = (chunk: Buffer) => (output += chunk.toString("utf8"));
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.on("error", (error) => {
      if (options.signal?.aborted === true) return reject(new Stopped());
      if (timeout.aborted) {
        return reject(
          new LocalFailure(
            `${program} ${args.join(" ")} did not end within ${options.timeoutMs / 1_000} s.`,
            { details: output.trim().split("\n") },
          ),
        );
      }
      reject(new LocalFailure(`${program} could not be run (${causeOf(error)}).`));
    });
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

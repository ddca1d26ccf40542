import { fork } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import * as v from "valibot";

// Compiled as this file is, or not.
const SUPERVISOR = fileURLToPath(new URL("supervisor.ts", import.meta.url)).replace(
  /\.ts$/,
  extname(import.meta.url),
);

/** What the supervisor reports. */
const Message = v.object({
  pid: v.optional(v.number()),
  ended: v.optional(
    v.object({
      error: v.optional(v.string()),
      code: v.nullish(v.number()),
      signal: v.nullish(v.string()),
    }),
  ),
});

/** A long-running command that ends with us, whatever becomes of us. */
export interface SupervisedProcess {
  /** Of the command itself, not of its supervisor. */
  readonly pid: number;
  /** Settles when it has ended, with how. It never rejects. */
  readonly ended: Promise<string>;
  /** Lets it end in its own way, and waits until it has. */
  stop(): Promise<void>;
  /** Ends it at once, with nothing stored. */
  kill(): Promise<void>;
}

/**
 * Starts a command under a supervisor.
 *
 * @param logFile - takes all that it says.
 * @throws Error when the command cannot be started.
 */
export async function startKept(
  command: readonly [string, ...string[]],
  options: {
    readonly env: Readonly<Record<string, string>>;
    readonly logFile: string;
    readonly cwd: string;
  },
): Promise<SupervisedProcess> {
  const log = openSync(options.logFile, "a", 0o600);
  const supervisor = fork(SUPERVISOR, [...command], {
    cwd: options.cwd,
    env: { ...options.env },
    execArgv: [],
    stdio: ["ignore", log, log, "ipc"],
    detached: true,
  });
  closeSync(log);

  let endedAs = "its supervisor ended";
  const ended = new Promise<string>((resolve) => {
    supervisor.on("message", (message) => {
      endedAs = describeEnd(v.parse(Message, message).ended) ?? endedAs;
    });
    supervisor.on("exit", () => resolve(endedAs));
    supervisor.on("error", (error) => resolve(error.message));
  });
  const pid = await Promise.race([
    new Promise<number>((resolve) => {
      supervisor.on("message", (message) => {
        const { pid } = v.parse(Message, message);
        if (pid !== undefined) resolve(pid);
      });
    }),
    failWhen(ended, command),
  ]);
  return {
    pid,
    ended,
    async stop() {
      endedAs = "stopped";
      if (supervisor.connected) supervisor.disconnect();
      await ended;
    },
    async kill() {
      if (supervisor.connected) supervisor.send("kill");
      await ended;
    },
  };
}

async function failWhen(ended: Promise<string>, command: readonly string[]): Promise<never> {
  const how = await ended;
  throw new Error(`${command.join(" ")} could not be started: ${how}.`);
}

function describeEnd(ended: v.InferOutput<typeof Message>["ended"]): string | null {
  if (ended === undefined) return null;
  if (ended.error !== undefined) return ended.error;
  if (ended.signal) return `killed by ${ended.signal}`;
  return `exit code ${ended.code ?? "unknown"}`;
}

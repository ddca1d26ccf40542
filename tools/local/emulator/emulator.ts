import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env, platform } from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { startGuard } from "../../guard/guard.ts";
import type { GuardedServer } from "../../guard/guard.ts";
import { childEnvironment } from "./child-environment.ts";
import { causeOf, LocalFailure } from "../failure.ts";
import type { Command, EmulatorSource } from "./find-emulator.ts";
import { startKept } from "./supervised-process.ts";
import type { SupervisedProcess } from "./supervised-process.ts";
import { freePorts } from "./ports.ts";
import { healthOf } from "./running-endpoint.ts";
import type { EmulatorHealth } from "./running-endpoint.ts";

/** The one region of the local stack. */
export const REGION = "us-east-1";

/** No real key is ever used: whatever the endpoint is, it cannot be somebody's account. */
export const CREDENTIALS = { accessKeyId: "test", secretAccessKey: "test" };

/** The version that requirements.txt pins; a test holds the two together. */
export const IMAGE = "ministackorg/ministack:1.5.33";

/** It is up within a second; the image has to be pulled the first time. */
const READY_TIMEOUT_MS = { program: 30_000, docker: 240_000 };
const READY_POLL_MS = 50;

/** An emulator that we started. */
export interface OwnEmulator {
  readonly endpoint: string;
  /** Where the emulator itself listens. What this process asks need not go through the guard. */
  readonly behindGuard: GuardedServer;
  readonly health: EmulatorHealth;
  readonly process: SupervisedProcess;
}

/** A source that has to be started, as against one that is running. */
export type StartableSource = Exclude<EmulatorSource, { kind: "running" }>;

/**
 * Starts the emulator behind a guard on 127.0.0.1, and waits until it answers. It answers whoever asks, so it listens
 * where a web page cannot get to: on a socket of this user; in Docker on a port that only the guard is told.
 *
 * @param options.port - of the guard.
 * @param options.folder - its state, its log and its temporary files.
 * @throws LocalFailure when it does not come up, with the end of its log.
 */
export async function startEmulator(
  source: StartableSource,
  options: { readonly port: number; readonly folder: string; readonly signal: AbortSignal },
): Promise<OwnEmulator> {
  const { port, folder, signal } = options;
  const endpoint = `http://127.0.0.1:${port}`;
  const logFile = `${folder}/emulator.log`;
  await mkdir(`${folder}/tmp`, { recursive: true, mode: 0o700 });
  // The emulator's own worker is CommonJS; under this repository's package.json it would not load.
  await writeFile(`${folder}/tmp/package.json`, `{"type":"commonjs"}`);
  const { command, target, remove } = await placeOf(source);
  const guard = await startGuard(port, target).catch((error: unknown) => {
    throw new LocalFailure(`Listening on port ${port} failed (${causeOf(error)}).`, {
      cause: error,
    });
  });
  const started = await startKept(command, {
    env: childEnvironment(env, {
      ...settingsOf(port),
      ...stateSettings(folder),
    }),
    logFile,
    cwd: folder,
  });
  const kept = whenOver(started, async () => {
    await guard.stop();
    await remove();
  });
  const up = await Promise.race([answer(endpoint, source.kind, signal), kept.ended]);
  if (typeof up === "object" && up !== null) {
    return { endpoint, behindGuard: target, health: up, process: kept };
  }
  await kept.stop();
  signal.throwIfAborted();
  const why = up === null ? "it did not answer in time" : `it ended (${up})`;
  throw new LocalFailure(
    `The emulator did not start on port ${port}: ${why}. The end of its log:`,
    { details: await endOf(logFile) },
  );
}

/** The longest name of a socket that every system takes. */
const MOST_SOCKET_BYTES = 103;

/** Where the emulator itself is to listen, and how it is started there. */
async function placeOf(source: StartableSource): Promise<{
  readonly command: Command;
  readonly target: GuardedServer;
  readonly remove: () => Promise<void>;
}> {
  if (source.kind === "docker") {
    const [port = 0] = await freePorts(1);
    return {
      command: dockerCommand(source.docker, port, platform === "linux"),
      target: { host: "127.0.0.1", port },
      remove: async () => undefined,
    };
  }
  // Not in the run's folder: a socket's name is short. mkdtemp gives the folder to this user alone.
  const folder = await mkdtemp(join(tmpdir(), "alloy-"));
  const socketPath = join(folder, "aws");
  if (Buffer.byteLength(socketPath) > MOST_SOCKET_BYTES) {
    throw new LocalFailure(
      `TMPDIR is "${tmpdir()}", which is too long for a socket's name. Set it to a shorter path, such as /tmp.`,
    );
  }
  return {
    command: [...source.command, socketPath],
    target: { socketPath },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The process, with what has to be done once it was stopped. */
function whenOver(process: SupervisedProcess, clean: () => Promise<void>): SupervisedProcess {
  return {
    pid: process.pid,
    ended: process.ended,
    async stop() {
      await process.stop();
      await clean();
    },
    async kill() {
      await process.kill();
      await clean();
    },
  };
}

/** Waits for the health page; null when it does not come in time. */
async function answer(
  endpoint: string,
  kind: StartableSource["kind"],
  signal: AbortSignal,
): Promise<EmulatorHealth | null> {
  const deadline = Date.now() + READY_TIMEOUT_MS[kind];
  while (Date.now() < deadline && !signal.aborted) {
    const health = await healthOf(endpoint).catch(() => null);
    if (health !== null) return health;
    await sleep(READY_POLL_MS);
  }
  return null;
}

/** MiniStack's settings (its README, "Environment variables"). */
function settingsOf(port: number): Record<string, string> {
  return {
    BIND_HOST: "127.0.0.1",
    GATEWAY_PORT: String(port),
    // What the Lambdas are given; by address, for `localhost` is tried as ::1 first.
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
    MINISTACK_REGION: REGION,
    // The Lambdas are processes of the Node that is first on the path.
    LAMBDA_EXECUTOR: "local",
    // It would listen on a fixed port.
    IOT_MTLS_ENABLED: "0",
  };
}

/** Where it keeps its state: loaded at the start, stored at the end. */
function stateSettings(folder: string): Record<string, string> {
  return {
    PERSIST_STATE: "1",
    STATE_DIR: `${folder}/state`,
    S3_PERSIST: "1",
    S3_DATA_DIR: `${folder}/s3`,
    // The Lambdas' code is unpacked here, and goes with the folder.
    TMPDIR: `${folder}/tmp`,
  };
}

/**
 * The image in place of the program. On Linux it shares the machine's network, so that 127.0.0.1 is the
 * same on both sides and nothing is published; elsewhere Docker is a virtual machine, whose port is
 * published on 127.0.0.1 alone. `docker run` passes our SIGTERM on, and `--rm` removes the container.
 */
export function dockerCommand(docker: string, port: number, linux: boolean): Command {
  const settings = { ...settingsOf(port), ...(!linux && { BIND_HOST: "0.0.0.0" }) };
  return [
    docker,
    "run",
    "--rm",
    ...(linux ? ["--network", "host"] : ["--publish", `127.0.0.1:${port}:${port}`]),
    ...Object.entries(settings).flatMap(([name, value]) => ["--env", `${name}=${value}`]),
    IMAGE,
  ];
}

/** Where a Lambda in this emulator finds a server that listens on 127.0.0.1 of this machine. */
export function hostSeenFrom(source: EmulatorSource): string {
  return source.kind === "docker" && platform !== "linux" ? "host.docker.internal" : "127.0.0.1";
}

async function endOf(logFile: string): Promise<readonly string[]> {
  if (!existsSync(logFile)) return ["(no log)"];
  return (await readFile(logFile, "utf8")).trim().split("\n").slice(-8);
}

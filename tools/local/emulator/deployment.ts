import { createHash } from "node:crypto";
import { cp } from "node:fs/promises";
import { deployWithCdk, OMITTED } from "./cdk.ts";
import type { StackOutputs } from "./cdk.ts";
import { hostSeenFrom, startEmulator } from "./emulator.ts";
import type { OwnEmulator, StartableSource } from "./emulator.ts";
import type { EmulatorSource } from "./find-emulator.ts";
import type { EmulatorHealth } from "./running-endpoint.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { LOCAL_FOLDER } from "../paths.ts";
import { ROOT } from "../../../lib/installation.ts";
import { freePorts, isPortFree, reservePort } from "./ports.ts";
import { runningStack } from "./running-stack.ts";
import {
  forget,
  freshRunFolder,
  readRecord,
  storeDeployment,
  storedDeployments,
  writeRecord,
} from "./stored-deployments.ts";
import type { DeploymentRecord, StoredDeployment } from "./stored-deployments.ts";

/** What is wanted of the stack. */
export interface DeploymentRequest {
  readonly timeScale: number;
  /** The base URL of a given Alloy; null when the simulator plays it. */
  readonly alloyBaseUrl: string | null;
}

/** A stack that stands in an emulator. */
export interface Deployment {
  readonly endpoint: string;
  readonly outputs: StackOutputs;
  /** The port on which the stack expects the simulator. */
  readonly simulatorPort: number;
  /** False when the one of an earlier run still stood. */
  readonly fresh: boolean;
  /** Null when the emulator is not ours. */
  readonly emulator: OwnEmulator | null;
}

export interface DeploymentOptions {
  readonly signal: AbortSignal;
  readonly announce: (line: string) => void;
  /** Told where the emulator is and what it is, as soon as it answers. */
  readonly onEmulator: (endpoint: string, health: EmulatorHealth) => void;
}

/** The path of Alloy's API on the simulator, as on the real one. */
const ALLOY_API_PATH = "/v1";

/**
 * Brings up the stack in the emulator. Nothing is deployed that stands already and has not changed: an
 * emulator of ours starts from the state it had right after the deployment, so that every run finds
 * empty tables and queues; a running one is left as it is.
 */
export async function bringUpStack(
  source: EmulatorSource,
  request: DeploymentRequest,
  options: DeploymentOptions,
): Promise<Deployment> {
  const fingerprint = await fingerprintOf(ROOT, {
    request,
    omitted: OMITTED,
    emulator: source.kind === "program" ? source.command : source.kind,
    node: process.version,
  });
  switch (source.kind) {
    case "running":
      return inRunningEmulator(source, { request, fingerprint }, options);
    case "program":
      return (
        (await fromStoredState(source, fingerprint, options)) ??
        inOwnEmulator(source, { request, fingerprint }, options)
      );
    case "docker":
      return inOwnEmulator(source, { request, fingerprint }, options);
  }
}

async function inRunningEmulator(
  source: EmulatorSource & { kind: "running" },
  { request, fingerprint }: { readonly request: DeploymentRequest; readonly fingerprint: string },
  options: DeploymentOptions,
): Promise<Deployment> {
  const { endpoint } = source;
  options.onEmulator(endpoint, source.health);
  const key = createHash("sha256").update(endpoint).digest("hex").slice(0, 12);
  const file = `${LOCAL_FOLDER}running-${key}.json`;
  const record = await readRecord(file);
  if (
    record?.fingerprint === fingerprint &&
    (await isPortFree(record.simulatorPort)) &&
    (await runningStack(endpoint)) === record.stackId
  ) {
    const { outputs, simulatorPort } = record;
    return { endpoint, outputs, simulatorPort, fresh: false, emulator: null };
  }
  const [simulatorPort = 0] = await freePorts(1);
  const folder = await freshRunFolder();
  const deployed = await deploy(endpoint, { source, request, simulatorPort, folder }, options);
  await writeRecord(file, { fingerprint, emulatorPort: null, simulatorPort, ...deployed });
  return { endpoint, outputs: deployed.outputs, simulatorPort, fresh: true, emulator: null };
}

async function fromStoredState(
  source: StartableSource,
  fingerprint: string,
  options: DeploymentOptions,
): Promise<Deployment | null> {
  let taken: number | undefined;
  for (const stored of await storedDeployments(fingerprint)) {
    const { emulatorPort: port, simulatorPort } = stored.record;
    if (port === null) continue;
    taken = port;
    if (!(await isPortFree(port))) continue;
    // Of two that start at once, one gets this; the other finds one port or the other taken.
    const release = await reservePort(simulatorPort);
    if (release === null) {
      taken = simulatorPort;
      continue;
    }
    try {
      if (await isPortFree(port)) return await startStored(source, stored, port, options);
    } finally {
      await release();
    }
  }
  if (taken !== undefined) {
    options.announce(
      `Port ${taken} of the last deployment is in use. Deploying again on another port.`,
    );
  }
  return null;
}

async function startStored(
  source: StartableSource,
  { folder: stored, record }: StoredDeployment,
  port: number,
  options: DeploymentOptions,
): Promise<Deployment | null> {
  const { simulatorPort, outputs } = record;
  const folder = await freshRunFolder();
  await cp(stored, folder, { recursive: true });
  const emulator = await startEmulator(source, { port, folder, signal: options.signal });
  options.onEmulator(emulator.endpoint, emulator.health);
  if ((await runningStack(emulator.endpoint)) === record.stackId) {
    return { endpoint: emulator.endpoint, outputs, simulatorPort, fresh: false, emulator };
  }
  await emulator.process.stop();
  await forget(stored);
  options.announce("The stored data of the last deployment is damaged. Deploying again.");
  return null;
}

async function inOwnEmulator(
  source: StartableSource,
  { request, fingerprint }: { readonly request: DeploymentRequest; readonly fingerprint: string },
  options: DeploymentOptions,
): Promise<Deployment> {
  const { signal } = options;
  const [port = 0, simulatorPort = 0] = await freePorts(2);
  const folder = await freshRunFolder();
  let emulator = await startEmulator(source, { port, folder, signal });
  const { endpoint } = emulator;
  options.onEmulator(endpoint, emulator.health);
  try {
    const deployed = await deploy(endpoint, { source, request, simulatorPort, folder }, options);
    const { outputs } = deployed;
    if (source.kind === "program") {
      // It stores its state when it ends.
      await emulator.process.stop();
      await storeDeployment(folder, {
        fingerprint,
        emulatorPort: port,
        simulatorPort,
        ...deployed,
      });
      emulator = await startEmulator(source, { port, folder, signal });
    }
    return { endpoint, outputs, simulatorPort, fresh: true, emulator };
  } catch (error) {
    await emulator.process.stop();
    throw error;
  }
}

async function deploy(
  endpoint: string,
  target: {
    readonly source: EmulatorSource;
    readonly request: DeploymentRequest;
    readonly simulatorPort: number;
    readonly folder: string;
  },
  { signal, announce }: DeploymentOptions,
): Promise<Pick<DeploymentRecord, "stackId" | "outputs">> {
  const { source, request, simulatorPort, folder } = target;
  announce("Deploying the stack with the CDK CLI …");
  const simulator = `http://${hostSeenFrom(source)}:${simulatorPort}${ALLOY_API_PATH}`;
  const context = {
    timeScale: request.timeScale,
    alloyBaseUrl: request.alloyBaseUrl ?? simulator,
    investigations: request.alloyBaseUrl === null ? ("on" as const) : ("off" as const),
  };
  const outputs = await deployWithCdk(endpoint, context, { folder, signal });
  return { outputs, stackId: (await runningStack(endpoint)) ?? "" };
}

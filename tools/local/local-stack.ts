import { env } from "node:process";
import { startAlloySimulator } from "../alloy-simulator/server.ts";
import { takeOverAlarms } from "./alarm-evaluation.ts";
import type { AlarmChange } from "./alarm-evaluation.ts";
import { STACK_NAME } from "./cdk.ts";
import type { StackOutputs } from "./cdk.ts";
import { makeClients } from "./clients.ts";
import type { Clients } from "./clients.ts";
import { fillSecrets, localCredentials } from "./credentials.ts";
import type { LocalCredentials } from "./credentials.ts";
import { bringUpStack } from "./deployment.ts";
import type { Deployment } from "./deployment.ts";
import { emulatorProbes } from "./emulator-probes.ts";
import { makeEmulatorReceiver } from "./emulator-receiver.ts";
import { causeOf, LocalFailure } from "./failure.ts";
import { findEmulator } from "./find-emulator.ts";
import type { EmulatorSource } from "./find-emulator.ts";
import { logGroupsOf, startLogBridge } from "./log-bridge.ts";
import type { LocalOptions } from "./options.ts";
import type { PlayedAlloy } from "./play.ts";
import { pollerPace, startPollerPace } from "./poller-pace.ts";
import { startQueueMetrics } from "./queue-metrics.ts";
import { startRepeating } from "./repeat.ts";
import type { Receiver } from "./receiver.ts";
import type { EmulatorHealth } from "./running-endpoint.ts";
import { removeRunFolders } from "./stored-deployments.ts";
import { webhookUrlCandidates, workingWebhookUrl } from "./webhook-url.ts";

/** The stack in an emulator, with all that belongs to it, running. */
export interface LocalStack {
  readonly deployment: Deployment;
  readonly outputs: StackOutputs;
  readonly credentials: LocalCredentials;
  /** One that works from this machine. */
  readonly webhookUrl: string;
  readonly clients: Clients;
  readonly receiver: Receiver;
  /** Null with `--alloy-url`. */
  readonly alloy: PlayedAlloy | null;
  /** Rejects when the emulator ends by itself; it never resolves. */
  readonly broken: Promise<never>;
  /** Ends everything that was started, in reverse. */
  stop(): Promise<void>;
}

/** Who is told what while it starts and runs. */
export interface StackNarrator {
  /** A fact worth a line, with what it is about. */
  announce(about: string, text: string): void;
  /** A line of a Lambda's log. */
  onLog(line: string): void;
  onAlarm(change: AlarmChange): void;
  /** Something beside the pipeline failed, and will be tried again. */
  onFailure(sentence: string): void;
}

/**
 * Starts it all: emulator, stack, secrets, Alloy simulator, log bridge, and the poller's extra pace.
 *
 * @throws LocalFailure when something cannot be had; what was started by then is stopped.
 */
export async function startLocalStack(
  options: LocalOptions,
  narrator: StackNarrator,
  signal: AbortSignal,
): Promise<LocalStack> {
  const announceEmulator = (text: string) => narrator.announce("Emulator", text);
  const announceStack = (text: string) => narrator.announce("Stack", text);
  const closers: (() => unknown)[] = [];
  let stopping = false;
  const stop = async () => {
    stopping = true;
    for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close();
  };
  closers.push(removeRunFolders);
  try {
    const source = await findEmulator(emulatorProbes(env, announceEmulator, signal));
    const started = Date.now();
    const deployment = await bringUpStack(
      source,
      {
        timeScale: options.timeScale,
        alloyBaseUrl: options.alloy.kind === "given" ? options.alloy.baseUrl : null,
      },
      {
        signal,
        announce: announceStack,
        onEmulator: (endpoint, health) => announceEmulator(describe(source, health, endpoint)),
      },
    );
    closers.push(() => deployment.emulator?.process.kill());
    const { endpoint, outputs } = deployment;
    const seconds = ((Date.now() - started) / 1_000).toFixed(1);
    announceStack(
      deployment.fresh
        ? `${STACK_NAME}, deployed in ${seconds} s`
        : `${STACK_NAME}, unchanged since it was deployed`,
    );

    const clients = makeClients(endpoint);
    const credentials = await localCredentials(options.alloy);
    await fillSecrets(clients, outputs, credentials);
    const webhookUrl = await workingWebhookUrl(webhookUrlCandidates(endpoint, outputs.WebhookUrl));
    signal.throwIfAborted();

    const alloy = await startAlloy(options, { deployment, credentials, webhookUrl });
    if (alloy !== null) closers.push(() => alloy.simulator.stop());
    closers.push(...(await startBesides(clients, outputs, options, narrator)));
    const broken = brokenWhenEnded(deployment, () => stopping);
    // Whoever waits for it hears of it; until somebody does, the rejection is no crash.
    broken.catch(() => undefined);
    return {
      deployment,
      outputs,
      credentials,
      webhookUrl,
      clients,
      receiver: await makeEmulatorReceiver(clients, outputs),
      alloy,
      broken,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startAlloy(
  options: LocalOptions,
  stack: {
    readonly deployment: Deployment;
    readonly credentials: LocalCredentials;
    readonly webhookUrl: string;
  },
): Promise<PlayedAlloy | null> {
  if (options.alloy.kind === "given") return null;
  const { basic, alloyApi } = stack.credentials;
  const simulator = await startAlloySimulator({
    port: stack.deployment.simulatorPort,
    webhookUrl: stack.webhookUrl,
    credential: { kind: "basic", ...basic },
    environment: "sandbox",
    timeScale: options.timeScale,
    apiKey: { token: alloyApi.token, secrets: [alloyApi.secret] },
  }).catch((error: Error) => {
    throw new LocalFailure(error.message, { cause: error });
  });
  return { simulator, baseUrl: simulator.baseUrl, ...alloyApi };
}

/** Silence has no metric to wait for; alarms look at minutes. */
const EVALUATION_MS = 1_000;

/** What the emulator does not do by itself: metrics, alarms, and a schedule faster than a minute. */
async function startBesides(
  clients: Clients,
  outputs: StackOutputs,
  options: LocalOptions,
  narrator: StackNarrator,
): Promise<(() => unknown)[]> {
  const { IngestFunctionName, ConsumerFunctionName, PollerFunctionName } = outputs;
  const functions = [IngestFunctionName, ConsumerFunctionName, PollerFunctionName];
  const alarms = await takeOverAlarms(clients, {
    namePrefix: `${STACK_NAME}-`,
    now: Date.now,
    onChange: (change) => narrator.onAlarm(change),
  });
  const onMetrics = () => alarms.evaluate();
  const stopEvaluation = startRepeating(onMetrics, {
    pauseMs: EVALUATION_MS,
    onFailure: (error) =>
      narrator.onFailure(`The alarms could not be evaluated: ${causeOf(error)}.`),
  });
  const stopBridge = startLogBridge(clients, {
    logGroups: await logGroupsOf(clients, functions),
    onLine: (line) => narrator.onLog(line),
    onMetrics,
    onFailure: (error) => narrator.onFailure(`The logs could not be read: ${causeOf(error)}.`),
  });
  const stopQueueMetrics = startQueueMetrics(clients, {
    queueUrls: [outputs.EventQueueUrl, outputs.DeadLetterQueueUrl],
    onMetrics,
    onFailure: (error) => narrator.onFailure(`The queues could not be read: ${causeOf(error)}.`),
  });
  // Closed from the end: what asks for an evaluation before what evaluates.
  const closers = [
    () => alarms.release().catch(() => undefined),
    stopEvaluation,
    stopBridge,
    stopQueueMetrics,
  ];
  const paceMs = pollerPace(options.timeScale);
  if (paceMs === null) return closers;
  const stopPace = startPollerPace(clients, {
    functionName: PollerFunctionName,
    paceMs,
    onFailure: (error) => narrator.onFailure(`The poller could not be run: ${causeOf(error)}.`),
  });
  return [...closers, stopPace];
}

function describe(source: EmulatorSource, health: EmulatorHealth, endpoint: string): string {
  const name = [health.name, health.version].filter((part) => part !== null).join(" ");
  const from = {
    running: "the running one of AWS_ENDPOINT_URL",
    program: source.kind === "program" ? source.from : "",
    docker: "in Docker",
  };
  return `${name}, ${from[source.kind]}, on ${endpoint}`;
}

async function brokenWhenEnded(
  { emulator }: Deployment,
  isStopping: () => boolean,
): Promise<never> {
  const how = await emulator?.process.ended;
  if (how === undefined || isStopping()) return new Promise(() => undefined);
  throw new LocalFailure(
    `The emulator ended by itself (${how}); its log is .local/emulator.log. Run the command again: it starts a new one.`,
  );
}

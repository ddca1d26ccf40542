import { mkdir, writeFile } from "node:fs/promises";
import * as v from "valibot";
import { stageFrom } from "../../lib/config/stage-from-context.ts";
import { makeMemorySource } from "../console/memory-source.ts";
import { makeMemoryVerbs } from "../console/verbs.ts";
import { startInProcess } from "../in-process/start.ts";
import { localCredentials } from "./credentials.ts";
import { causeOf, LocalFailure } from "./failure.ts";
import { startAlloy } from "./local-stack.ts";
import type { LocalStack, StackNarrator } from "./local-stack.ts";
import type { LocalOptions } from "./terminal/options.ts";
import { LOCAL_FOLDER } from "./paths.ts";
import { pollerPace } from "./emulator/poller-pace.ts";
import { freePorts, reservePort } from "./emulator/ports.ts";
import { readJson } from "./json-file.ts";

/** The ports of the last run, so that a `curl` line of yesterday still works. */
const PORTS_FILE = `${LOCAL_FOLDER}in-process.json`;
const Ports = v.object({ webhookPort: v.number(), simulatorPort: v.number() });

/** The path of Alloy's API on the simulator, as on the real one. */
const ALLOY_API_PATH = "/v1";

/**
 * Starts the real handlers in this process, over a cloud in memory, and the Alloy simulator.
 *
 * @throws LocalFailure when something cannot be had; what was started by then is stopped.
 */
export async function startInProcessStack(
  options: LocalOptions,
  narrator: StackNarrator,
  signal: AbortSignal,
): Promise<LocalStack> {
  narrator.announce("In process", "the same handlers with the stage's settings, in this process");
  const credentials = await localCredentials(options.alloy);
  const last = await readJson(PORTS_FILE, Ports);
  const webhookPort = await takePort(last?.webhookPort ?? null, narrator);
  const simulatorPort = await takePort(last?.simulatorPort ?? null, narrator);
  await mkdir(LOCAL_FOLDER, { recursive: true });
  const ports = { webhookPort: webhookPort.port, simulatorPort: simulatorPort.port };
  await writeFile(PORTS_FILE, JSON.stringify(ports));
  const { alloy: given, timeScale } = options;
  const alloyBaseUrl =
    given.kind === "given"
      ? given.baseUrl
      : `http://127.0.0.1:${simulatorPort.port}${ALLOY_API_PATH}`;
  const stage = stageFrom({
    stage: "local",
    alloyBaseUrl,
    timeScale: String(timeScale),
    investigations: given.kind === "given" ? "off" : "on",
  });
  const { basic, hmac, alloyApi } = credentials;
  await webhookPort.release();
  const running = await startInProcess({
    stage,
    port: webhookPort.port,
    secrets: { webhook: { basic: [basic], hmac: [hmac] }, alloyApi },
    pollerPaceMs: pollerPace(timeScale) ?? stage.polling.rateMs,
    onLog: (line) => narrator.onLog(line),
    onFailure: (error) => narrator.onFailure(`A Lambda failed: ${causeOf(error)}.`),
  }).catch((error: unknown) => {
    throw new LocalFailure(
      `Listening on 127.0.0.1:${webhookPort.port} failed (${causeOf(error)}). Run the command again.`,
      { cause: error },
    );
  });
  try {
    signal.throwIfAborted();
    const { webhookUrl } = running;
    const { port } = simulatorPort;
    await simulatorPort.release();
    const alloy = await startAlloy(options, { port, credentials, webhookUrl });
    if (options.outputsFile !== null) {
      narrator.announce(
        "Outputs",
        `${options.outputsFile} has only the webhook's address and credentials: this run has no AWS endpoint`,
      );
    }
    return {
      credentials,
      webhookUrl,
      receiver: running.receiver,
      alloy,
      differences: [
        [
          "Left out",
          "CloudFormation, IAM, API Gateway's throttle, metrics, alarms, the ops tool; the data lives as long as this process",
        ],
      ],
      endpoint: null,
      outputs: { WebhookUrl: webhookUrl },
      // Ports that a role may not use refuse; there are no calls.
      judged: null,
      alarms: null,
      memory: {
        source: makeMemorySource(running.cloud, stage.stage),
        verbs: makeMemoryVerbs(running.cloud, Date.now),
      },
      throttleTable: (isThrottled) => running.throttleTable(isThrottled),
      // This process cannot outlive itself.
      broken: new Promise(() => undefined),
      watch: async ({ onEvent, onFailure }) => {
        const stopWatching = running.watchBus((text) => {
          try {
            onEvent(text);
          } catch (error) {
            // Whoever publishes must not hear that somebody could not read it.
            onFailure(error);
          }
        });
        return async () => stopWatching();
      },
      stop: async () => {
        await alloy?.simulator.stop();
        await running.stop();
      },
    };
  } catch (error) {
    await running.stop();
    throw error;
  }
}

/**
 * Takes the port of the last run or, when there was none or somebody has it, another.
 *
 * @returns the port, and a function that gives it back to whoever is to listen there.
 */
async function takePort(
  last: number | null,
  narrator: StackNarrator,
): Promise<{ readonly port: number; readonly release: () => Promise<void> }> {
  if (last !== null) {
    const release = await reservePort(last);
    if (release !== null) return { port: last, release };
    narrator.announce("Port", `port ${last} of the last run is in use; this run uses another port`);
  }
  const [port = 0] = await freePorts(1);
  const release = await reservePort(port);
  if (release !== null) return { port, release };
  throw new LocalFailure(`Another program has just taken port ${port}. Run the command again.`);
}

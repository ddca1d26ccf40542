import { mkdir, readFile, writeFile } from "node:fs/promises";
import * as v from "valibot";
import { stageFrom } from "../../lib/stages.ts";
import { startInProcess } from "../in-process/start.ts";
import { localCredentials } from "./credentials.ts";
import { causeOf } from "./failure.ts";
import { startAlloy } from "./local-stack.ts";
import type { LocalStack, StackNarrator } from "./local-stack.ts";
import type { LocalOptions } from "./options.ts";
import { LOCAL_FOLDER } from "./paths.ts";
import { pollerPace } from "./poller-pace.ts";
import { freePorts, isPortFree } from "./ports.ts";

/** The ports of the last run, so that a `curl` line of yesterday still works. */
const PORTS_FILE = `${LOCAL_FOLDER}in-process.json`;
const Ports = v.object({ webhookPort: v.number(), simulatorPort: v.number() });
type Ports = v.InferOutput<typeof Ports>;

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
  const { webhookPort, simulatorPort } = await choosePorts(narrator);
  const { alloy: given, timeScale } = options;
  const alloyBaseUrl =
    given.kind === "given" ? given.baseUrl : `http://127.0.0.1:${simulatorPort}${ALLOY_API_PATH}`;
  const stage = stageFrom({ stage: "local", alloyBaseUrl, timeScale: String(timeScale) });
  const { basic, hmac, alloyApi } = credentials;
  const running = await startInProcess({
    stage,
    port: webhookPort,
    secrets: { webhook: { basic: [basic], hmac: [hmac] }, alloyApi },
    pollerPaceMs: pollerPace(timeScale) ?? stage.polling.rateMs,
    onLog: (line) => narrator.onLog(line),
    onFailure: (error) => narrator.onFailure(`A Lambda failed: ${causeOf(error)}.`),
  });
  try {
    signal.throwIfAborted();
    const { webhookUrl } = running;
    const alloy = await startAlloy(options, { port: simulatorPort, credentials, webhookUrl });
    if (options.outputsFile !== null) {
      narrator.announce(
        "Outputs",
        `${options.outputsFile} names the webhook and its credentials alone: there is no AWS endpoint to look into`,
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
          "CloudFormation, IAM, API Gateway's throttle, metrics, alarms, the ops tool; what is in memory ends with this process",
        ],
      ],
      endpoint: null,
      outputs: { WebhookUrl: webhookUrl },
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

/** Those of the last run when they are free, else others. */
async function choosePorts(narrator: StackNarrator): Promise<Ports> {
  const last = await readPorts();
  const taken = [];
  for (const port of last === null ? [] : [last.webhookPort, last.simulatorPort]) {
    if (!(await isPortFree(port))) taken.push(port);
  }
  if (last !== null && taken.length === 0) return last;
  const [webhookPort = 0, simulatorPort = 0] = await freePorts(2);
  if (taken.length > 0) {
    narrator.announce(
      "In process",
      `port ${taken[0]}, which the last run used, is taken: on another`,
    );
  }
  await mkdir(LOCAL_FOLDER, { recursive: true });
  await writeFile(PORTS_FILE, JSON.stringify({ webhookPort, simulatorPort }));
  return { webhookPort, simulatorPort };
}

/** Null when there are none, or none that can be read: then new ones are chosen. */
async function readPorts(): Promise<Ports | null> {
  try {
    return v.parse(Ports, JSON.parse(await readFile(PORTS_FILE, "utf8")));
  } catch {
    // Absent, or cut off by a crash.
    return null;
  }
}

import { env } from "node:process";
import { takeOverAlarms } from "./alarm-evaluation.ts";
import type { AlarmEvaluation } from "./alarm-evaluation.ts";
import { watchBus } from "./bus-watch.ts";
import { OMITTED, STACK_NAME, STAGE } from "./cdk.ts";
import type { StackOutputs } from "./cdk.ts";
import { makeClients } from "./clients.ts";
import type { Clients } from "./clients.ts";
import { fillSecrets, localCredentials } from "../credentials.ts";
import { deployedAlarms, isMeasuredHere } from "./deployed-alarms.ts";
import type { DeployedAlarms } from "./deployed-alarms.ts";
import { readDeployedTemplate } from "./deployed-template.ts";
import { bringUpStack } from "./deployment.ts";
import type { Deployment } from "./deployment.ts";
import { emulatorProbes } from "./emulator-probes.ts";
import { makeEmulatorReceiver } from "./emulator-receiver.ts";
import { causeOf, LocalFailure } from "../failure.ts";
import type { JudgedCalls } from "./judged-calls.ts";
import { hostSeenFrom } from "./emulator.ts";
import { findEmulator } from "./find-emulator.ts";
import type { EmulatorSource } from "./find-emulator.ts";
import { startAlloy } from "../local-stack.ts";
import type { LocalStack, StackNarrator, Watcher } from "../local-stack.ts";
import { logGroupsOf, startLogBridge } from "./log-bridge.ts";
import type { LocalOptions } from "../terminal/options.ts";
import { pollerPace, startPollerPace } from "./poller-pace.ts";
import { allowLooks } from "./route-queues.ts";
import { startQueueMetrics } from "./queue-metrics.ts";
import { startRepeating } from "./repeat.ts";
import type { EmulatorHealth } from "./running-endpoint.ts";
import { removeRunFolders, runFolder } from "./stored-deployments.ts";
import { webhookUrlCandidates, workingWebhookUrl } from "./webhook-url.ts";

/**
 * Starts it all: emulator, stack, secrets, Alloy simulator, log bridge, and the poller's extra pace.
 *
 * @throws LocalFailure when something cannot be had; what was started by then is stopped.
 */
export async function startEmulatorStack(
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

    const clients = makeClients(endpoint, deployment.emulator?.behindGuard);
    const judged = await judgeOwn(source, { deployment, clients, narrator });
    if (judged !== null) closers.push(() => judged.stop());
    const credentials = await localCredentials(options.alloy);
    await fillSecrets(clients, outputs, credentials);
    const webhookUrl = await workingWebhookUrl(
      webhookUrlCandidates(endpoint, outputs.WebhookUrl),
      credentials.basic,
    );
    signal.throwIfAborted();

    const port = deployment.simulatorPort;
    const alloy = await startAlloy(options, { port, credentials, webhookUrl });
    if (alloy !== null) closers.push(() => alloy.simulator.stop());
    const onLog = (line: string) => {
      judged?.judgeLine(line);
      narrator.onLog(line);
    };
    const besides = await startBesides(clients, outputs, options, { ...narrator, onLog });
    closers.push(...besides.closers);
    const broken = brokenWhenEnded(deployment, () => stopping);
    // Whoever waits for it hears of it; until somebody does, the rejection is no crash.
    broken.catch(() => undefined);
    const omitted = OMITTED.flatMap((one) => ("what" in one ? [one.what] : [])).join(", ");
    return {
      endpoint,
      outputs,
      credentials,
      webhookUrl,
      differences: [
        ["Left out", `${omitted}: the emulator does not support it`],
        guardedText(deployment),
        judgedText(deployment, judged),
        ["Alarms", besides.about],
      ],
      receiver: makeEmulatorReceiver(clients, outputs),
      judged,
      alarms: besides.alarms,
      // Only calls that go through a proxy of ours can be refused.
      throttleTable: judged === null ? null : (isThrottled) => judged.throttleTable(isThrottled),
      memory: null,
      alloy,
      broken,
      watch: (watcher) => watchStack(clients, deployment, watcher),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** CloudWatch evaluates once a minute. A pass is some ten calls, the largest that are made here. */
const EVALUATION_MS = 5_000;

/** What the emulator does not do by itself: metrics, alarms, and a schedule faster than a minute. */
async function startBesides(
  clients: Clients,
  outputs: StackOutputs,
  options: LocalOptions,
  narrator: StackNarrator,
): Promise<{
  readonly alarms: AlarmEvaluation;
  readonly about: string;
  readonly closers: readonly (() => unknown)[];
}> {
  const failed = (what: string) => (error: unknown) =>
    narrator.onFailure(`${what}: ${causeOf(error)}.`);
  const functions = ["Ingest", "Consumer", "Poller", "Statement"] as const;
  const definitions = deployedAlarms(await readDeployedTemplate(clients.cloudFormation), STAGE);
  const alarms = await takeOverAlarms(clients, definitions, {
    now: Date.now,
    onChange: (change) => narrator.onAlarm(change),
  });
  const stopEvaluation = startRepeating(() => alarms.evaluate(), {
    pauseMs: EVALUATION_MS,
    onFailure: failed("The alarms could not be evaluated"),
  });
  const stopBridge = startLogBridge(clients, {
    logGroups: await logGroupsOf(
      clients,
      functions.map((name) => outputs[`${name}FunctionName`]),
    ),
    onLine: (line) => narrator.onLog(line),
    metrics: alarms,
    onFailure: failed("The logs could not be read"),
  });
  const stopQueueMetrics = startQueueMetrics(clients, {
    queueUrls: [
      outputs.EventQueueUrl,
      outputs.DeadLetterQueueUrl,
      ...(await allowLooks(clients.sqs, outputs)),
    ],
    metrics: alarms,
    onFailure: failed("The queues could not be read"),
  });
  // Closed from the end: what asks for an evaluation before what evaluates.
  const closers = [
    () => alarms.release().catch(() => undefined),
    stopEvaluation,
    stopBridge,
    stopQueueMetrics,
  ];
  const paceMs = pollerPace(options.timeScale);
  if (paceMs !== null) {
    const stopPace = startPollerPace(clients, {
      functionName: outputs.PollerFunctionName,
      paceMs,
      onFailure: failed("The poller could not be run"),
    });
    closers.push(stopPace);
  }
  return { alarms, about: alarmsText(definitions), closers };
}

/** How many alarms there are, and how many of them watch what nobody measures here. */
function alarmsText({ metric, composite }: DeployedAlarms): string {
  const unmeasured = metric.filter(({ metrics }) => !metrics.some(isMeasuredHere)).length;
  return `${metric.length + composite.length}, evaluated by this command from their definitions. ${unmeasured} stay silent: they watch what the emulator does not measure`;
}

/** Whether a web page that is open in a browser here can reach what was started. */
function guardedText({ emulator }: Deployment): readonly [string, string] {
  return emulator === null
    ? [
        "Not guarded",
        "warning: your emulator answers any web page that is open in a browser on this machine",
      ]
    : [
        "Guarded",
        "requests from web pages are refused, because the emulator itself would answer them",
      ];
}

/** A running emulator outlives this process: its functions would go on calling a proxy that is gone. */
async function judgeOwn(
  source: EmulatorSource,
  run: {
    readonly deployment: Deployment;
    readonly clients: Clients;
    readonly narrator: StackNarrator;
  },
): Promise<JudgedCalls | null> {
  const { deployment, clients, narrator } = run;
  if (deployment.emulator === null) return null;
  // What judges takes half a second to load.
  const [{ judgeCalls }, { canCheck }] = await Promise.all([
    import("./judged-calls.ts"),
    import("../../strict-aws/iam/judge.ts"),
  ]);
  if (!canCheck) return null;
  return judgeCalls(clients, {
    endpoint: deployment.endpoint,
    server: deployment.emulator.behindGuard,
    host: hostSeenFrom(source),
    refusalsFile: `${runFolder()}/refusals.log`,
    onRefused: (sentence) => narrator.onFailure(sentence),
  });
}

/** Whether a call that a role may not make, or that is beyond a limit, is refused. */
function judgedText(
  { emulator }: Deployment,
  judged: JudgedCalls | null,
): readonly [string, string] {
  if (judged !== null) {
    return [
      "Checked",
      "the functions' calls are checked against IAM and AWS's limits, because the emulator accepts all",
    ];
  }
  return [
    "Not checked",
    emulator === null
      ? "your emulator accepts calls of the functions that AWS would refuse"
      : "the emulator accepts calls that AWS would refuse; npm install @cloud-copilot/iam-policy @cloud-copilot/iam-simulate has them checked",
  ];
}

async function watchStack(
  clients: Clients,
  { outputs, emulator }: Deployment,
  { onEvent, onFailure }: Watcher,
): Promise<() => Promise<void>> {
  const stop = await watchBus(clients, { busName: outputs.EventBusName, onEvent, onFailure });
  return async () => {
    // Ours goes with all that is in it; a running emulator is left as it was.
    if (emulator === null) await stop();
  };
}

function describe(source: EmulatorSource, health: EmulatorHealth, endpoint: string): string {
  const name = [health.name, health.version].filter((part) => part !== null).join(" ");
  const from = {
    running: "the running one at AWS_ENDPOINT_URL",
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
    `The emulator stopped by itself (${how}). Its log is .local/emulator.log. Run the command again to start a new one.`,
  );
}

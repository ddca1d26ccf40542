import { TransientError } from "../../lambdas/domain/errors.ts";
import { EVENT_SOURCE, ROUTE_IDS } from "../../lambdas/settings/routes.ts";
import { isEverPublished } from "../../lib/config/stage-configuration.ts";
import type { StageConfiguration } from "../../lib/config/stage-configuration.ts";
import { startRepeating } from "../local/emulator/repeat.ts";
import { makeMemoryCloud } from "../cloud-in-memory/cloud.ts";
import { aroundCalls } from "../cloud-in-memory/faults.ts";
import { metricsRefusal } from "../strict-aws/embedded-metric-format.ts";
import { deniedMethods } from "../strict-aws/iam/denied-methods.ts";
import type { DeniedMethods } from "../strict-aws/iam/judged-ports.ts";
import type { StackTemplate } from "../template/template.ts";
import { startEventSource } from "./event-source.ts";
import { startFront } from "./front.ts";
import { makeFunctions } from "./functions.ts";
import { makeMemoryReceiver } from "./receiver.ts";

/**
 * Starts the real handlers over a cloud in memory, in real time and in this process: the front, the consumer on its queue, the poller on its schedule.
 *
 * @throws Error of the system when the port is taken.
 */
export async function startInProcess(options: {
  readonly stage: StageConfiguration;
  /** Of the front; 0: a free one. */
  readonly port: number;
  readonly secrets: { readonly webhook: unknown; readonly alloyApi: unknown };
  /** Between two runs of the poller. */
  readonly pollerPaceMs: number;
  /** Takes each line that a Lambda logs. */
  readonly onLog: (line: string) => void;
  /** Gets what a Lambda throws. */
  readonly onFailure: (error: unknown) => void;
  /** What a deployment of the stage would make. @default - it is synthesised */
  readonly templateOf?: (stage: StageConfiguration) => StackTemplate;
}) {
  const { stage, port, secrets, pollerPaceMs, onLog, onFailure } = options;
  const cloud = makeMemoryCloud({
    now: Date.now,
    routes: ROUTE_IDS.filter((route) => isEverPublished(stage, route) && stage.routes[route].queue),
  });
  cloud.webhookSecret.put(JSON.stringify(secrets.webhook));
  cloud.alloyApiSecret.put(JSON.stringify(secrets.alloyApi));
  const stopping = new AbortController();
  const { signal } = stopping;
  const denied = await deniedTo(stage, options.templateOf);
  for (const [method, why] of denied) onFailure(new Error(`IAM refuses ${method}: ${why}`));
  const write = (line: string) => {
    const refusal = metricsRefusal(line, Date.now());
    if (refusal !== null) onFailure(new Error(refusal));
    onLog(line);
  };
  let isThrottled = false;
  const applications = aroundCalls(cloud.applications, (_, call) => {
    if (isThrottled) return Promise.reject(new TransientError("DynamoDB: ThrottlingException"));
    return call();
  });
  const functions = makeFunctions({
    cloud: { ...cloud, applications },
    stage,
    write,
    denied,
    signal,
  });
  const front = await startFront({
    port,
    ingest: functions.ingest,
    onAnswered: (statusCode) => cloud.deliveries.note(statusCode, Date.now()),
    onFailure,
  });
  const stopConsumer = startEventSource({
    queue: cloud.events,
    newConsumer: functions.newConsumer,
    onFailure,
  });
  const stopPoller = startRepeating(async () => void (await functions.poll()), {
    pauseMs: pollerPaceMs,
    // What the end cuts off did not fail.
    onFailure: (error) => (signal.aborted ? undefined : onFailure(error)),
  });
  return {
    webhookUrl: front.webhookUrl,
    cloud,
    receiver: makeMemoryReceiver(cloud, stage),
    /** Has the table refuse every call of the functions, as DynamoDB does beyond its limits. */
    throttleTable(throttled: boolean): void {
      isThrottled = throttled;
    },
    /** Has each event on the bus told, as JSON text. @returns a function that ends it. */
    watchBus(onEvent: (text: string) => void): () => void {
      return cloud.bus.addRule({
        matches: ({ source }) => source === EVENT_SOURCE,
        deliver: ({ detail }) => onEvent(JSON.stringify({ detail })),
      });
    },
    async stop(): Promise<void> {
      stopPoller();
      stopping.abort();
      await front.stop();
      await stopConsumer();
    },
  };
}

/** What a deployment of the stage would refuse to its functions, by the policies that it would make. */
async function deniedTo(
  stage: StageConfiguration,
  templateOf?: (stage: StageConfiguration) => StackTemplate,
): Promise<DeniedMethods> {
  const { policiesOf } = await import("../strict-aws/iam/policies.ts");
  return deniedMethods(policiesOf(templateOf?.(stage) ?? (await synthesised(stage))));
}

async function synthesised(stage: StageConfiguration): Promise<StackTemplate> {
  // Making the template takes a second or two, and nothing else here needs it.
  const { synthesise } = await import("../template/synthesise.ts");
  return synthesise(stage);
}

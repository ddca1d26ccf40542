import { setTimeout as sleep } from "node:timers/promises";
import type { SQSEvent } from "aws-lambda";
import { makeAlloyApiKeyReader } from "../../lambdas/adapters/alloy/alloy-api-key.ts";
import { scheduleOnTimers } from "../../lambdas/adapters/timers.ts";
import { HttpAlloyApi } from "../../lambdas/adapters/alloy/alloy-api.ts";
import {
  BasicAuthorization,
  BearerAuthorization,
} from "../../lambdas/adapters/alloy/alloy-authorization.ts";
import { makeConsumerHandler } from "../../lambdas/consumer/handler.ts";
import { makeAllowList } from "../../lambdas/ingest/allow-list.ts";
import { makeIngestHandler } from "../../lambdas/ingest/handler.ts";
import { makePollerHandler } from "../../lambdas/poller/handler.ts";
import { POLLER, TIMEOUTS_MS } from "../../lambdas/settings/limits.ts";
import { makeLineLogger } from "../../lambdas/telemetry/line-logger.ts";
import { MESSAGES } from "../../lambdas/telemetry/messages.ts";
import { makeMetrics } from "../../lambdas/telemetry/metrics.ts";
import type { MessageLogger } from "../../lambdas/telemetry/powertools-logger.ts";
import { consumerSettings, pollerSettings } from "../../lib/config/function-settings.ts";
import type { StageConfiguration } from "../../lib/config/stage-configuration.ts";
import { lambdaContext } from "../cloud-in-memory/builders.ts";
import type { MemoryCloud } from "../cloud-in-memory/cloud.ts";
import { MemoryIdempotency } from "../cloud-in-memory/idempotency.ts";
import { consumerPorts, ingestPorts, pollerPorts } from "../cloud-in-memory/ports.ts";
import { consumerOver, ingestOver, pollerOver, SILENT } from "../cloud-in-memory/runtime.ts";
import { judgedPorts } from "../strict-aws/iam/judged-ports.ts";
import type { DeniedMethods } from "../strict-aws/iam/judged-ports.ts";

export interface FunctionsOptions {
  readonly cloud: MemoryCloud;
  readonly stage: StageConfiguration;
  /** Takes each line that the Lambdas log, metrics included. */
  readonly write: (line: string) => void;
  /** What IAM refuses to their roles. @default - nothing */
  readonly denied?: DeniedMethods;
  /** Cuts a run of the poller off. */
  readonly signal: AbortSignal;
}

const now = Date.now;

const NOTHING: DeniedMethods = new Map();

/** The three Lambdas, wired over a cloud in memory as each `index.ts` wires them over AWS. */
export function makeFunctions(options: FunctionsOptions) {
  return {
    ingest: makeIngest(options),
    /** A sandbox of the consumer: it takes one batch at a time. */
    newConsumer: () => makeConsumer(options),
    poll: makePoller(options),
  };
}

function makeIngest({ cloud, stage, write, denied = NOTHING }: FunctionsOptions) {
  return makeIngestHandler(
    ingestOver({
      ...judgedPorts("ingest", ingestPorts(cloud), denied),
      secret: judgedPorts("ingest", { secret: cloud.webhookSecret }, denied).secret,
      allowList: makeAllowList(stage.allowList.cidrs),
      allowListMode: stage.allowList.mode,
      metrics: makeMetrics({ stage: stage.stage, write, now }),
      logger: makeLineLogger(write),
    }),
  );
}

function makeConsumer({ cloud, stage, write, denied = NOTHING }: FunctionsOptions) {
  const idempotency = new MemoryIdempotency(cloud.idempotency, now);
  const handle = makeConsumerHandler(
    consumerOver({
      ...judgedPorts("consumer", { ...consumerPorts(cloud), idempotency }, denied),
      metrics: makeMetrics({ stage: stage.stage, write, now }),
      logger: makeMessageLogger(write),
      settings: consumerSettings(stage),
      schedule: scheduleOnTimers,
    }),
  );
  return async (batch: SQSEvent) => {
    const deadline = now() + TIMEOUTS_MS.consumer;
    return handle(
      batch,
      lambdaContext(() => deadline - now()),
    );
  };
}

function makePoller({ cloud, stage, write, denied = NOTHING, signal }: FunctionsOptions) {
  const logger = makeMessageLogger(write);
  const settings = pollerSettings(stage);
  const { alloyBaseUrl: baseUrl, alloyAuth } = settings;
  const readKey = makeAlloyApiKeyReader({
    secret: judgedPorts("poller", { secret: cloud.alloyApiSecret }, denied).secret,
    lifetimeMs: POLLER.secretLifetimeMs,
    now,
    logger,
  });
  const authorization =
    alloyAuth === "basic"
      ? new BasicAuthorization(readKey)
      : new BearerAuthorization({ baseUrl, readKey, fetch, now });
  const handle = makePollerHandler(
    pollerOver({
      ...judgedPorts("poller", pollerPorts(cloud), denied),
      alloy: new HttpAlloyApi({ baseUrl, authorization, fetch, now }),
      settings,
      metrics: makeMetrics({ stage: stage.stage, write, now }),
      logger,
      random: Math.random,
      // A run that is cut off goes no further. Many checks may be waiting, and nobody is left to hear that each failed.
      sleep: (ms) => sleep(ms, undefined, { signal }).catch(() => new Promise(() => undefined)),
    }),
  );
  return () => handle({});
}

/** Warnings and errors, as the Lambdas' logs have them; nobody reads the rest here. */
function makeMessageLogger(write: (line: string) => void): MessageLogger {
  const log =
    (level: "WARN" | "ERROR"): MessageLogger["warn"] =>
    (code, fields = {}) =>
      write(JSON.stringify({ level, code, message: MESSAGES[code], ...fields }));
  return { ...SILENT, warn: log("WARN"), error: log("ERROR") };
}

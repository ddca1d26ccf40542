import { makeAllowList } from "../../../lambdas/ingest/allow-list.ts";
import { makeCredentialCache } from "../../../lambdas/ingest/credential-cache.ts";
import { readIngestEnvironment } from "../../../lambdas/ingest/env.ts";
import { makeIngestHandler } from "../../../lambdas/ingest/handler.ts";
import { makeAuthorize } from "../../../lambdas/ingest/authorize.ts";
import { readSettingsFile } from "../../../lambdas/settings/settings-file.ts";
import { INGEST } from "../../../lambdas/settings/limits.ts";
import { makeLineLogger } from "../../../lambdas/telemetry/line-logger.ts";
import { makeMetrics } from "../../../lambdas/telemetry/metrics.ts";
import { writeLine } from "../../../lambdas/telemetry/standard-output.ts";

/** The calls that ingest makes for a webhook; they throw when they fail. */
export interface Calls {
  readSecret(arn: string): Promise<string>;
  sendMessage(queueUrl: string, body: string): Promise<void>;
}

/** This ingest with other people's clients: everything but the calls is what is deployed. */
export function wireIngest(calls: Calls) {
  const environment = readIngestEnvironment(process.env, readSettingsFile(process.env));
  const now = Date.now;
  const logger = makeLineLogger(writeLine);
  const metrics = makeMetrics({ stage: environment.stage, write: writeLine, now });
  const credentials = makeCredentialCache({
    source: {
      read: async () => ({ text: await calls.readSecret(environment.webhookSecretArn) }),
    },
    lifetimeMs: INGEST.secretLifetimeMs,
    refreshMs: INGEST.secretRefreshMs,
    pauseMs: INGEST.secretPauseMs,
    readMs: INGEST.secretReadMs,
    now,
    metrics,
    logger,
  });
  setImmediate(() => void credentials.prepare(now() + INGEST.budgetMs));
  return makeIngestHandler({
    authorize: makeAuthorize(environment.auth, credentials),
    allowList: makeAllowList(environment.allowList.cidrs),
    allowListMode: environment.allowList.mode,
    queue: {
      async send(message) {
        await calls.sendMessage(environment.eventQueueUrl, message);
        return { stored: true };
      },
    },
    payloads: { put: () => Promise.resolve({ stored: false, cause: "rejected" }) },
    budgetMs: INGEST.budgetMs,
    countsStored: environment.countsStored,
    now,
    metrics,
    logger,
  });
}

import { makeAwsClient } from "../adapters/aws-http/aws-client.ts";
import { S3PayloadBucket } from "../adapters/aws-http/s3-payload-bucket.ts";
import { SecretsManagerSecret } from "../adapters/aws-http/secrets-manager-secret.ts";
import { SqsEnvelopeQueue } from "../adapters/aws-http/sqs-envelope-queue.ts";
import { loadBuiltins } from "../lazy-builtins.ts";
import { readAwsCredentials } from "../environment.ts";
import { INGEST } from "../settings/limits.ts";
import { readSettingsFile } from "../settings/settings-file.ts";
import { makeLineLogger } from "../telemetry/line-logger.ts";
import { makeMetrics } from "../telemetry/metrics.ts";
import { writeLine } from "../telemetry/standard-output.ts";
import { makeAllowList } from "./allow-list.ts";
import { makeCredentialCache } from "./credential-cache.ts";
import { readIngestEnvironment } from "./env.ts";
import { makeIngestHandler } from "./handler.ts";
import { makeAuthorize } from "./authorize.ts";

const { stage, region, endpoints, ...environment } = readIngestEnvironment(
  process.env,
  readSettingsFile(process.env),
);
const now = Date.now;
const logger = makeLineLogger(writeLine);
const call = makeAwsClient({
  region,
  credentials: () => readAwsCredentials(process.env),
  attempts: INGEST.attempts,
  now,
});
const metrics = makeMetrics({ stage, write: writeLine, now });
const credentials = makeCredentialCache({
  source: new SecretsManagerSecret(
    call,
    environment.webhookSecretArn,
    region,
    endpoints.secretsManager,
  ),
  lifetimeMs: INGEST.secretLifetimeMs,
  refreshMs: INGEST.secretRefreshMs,
  pauseMs: INGEST.secretPauseMs,
  readMs: INGEST.secretReadMs,
  now,
  metrics,
  logger,
});

/** Lambda's entry. */
export const handler = makeIngestHandler({
  allowList: makeAllowList(environment.allowList.cidrs),
  allowListMode: environment.allowList.mode,
  authorize: makeAuthorize(environment.auth, credentials),
  queue: new SqsEnvelopeQueue(call, environment.eventQueueUrl, endpoints.sqs),
  payloads: new S3PayloadBucket(call, environment.payloadBucketName, region, endpoints.s3),
  budgetMs: INGEST.budgetMs,
  countsStored: environment.countsStored,
  now,
  xRay: () => process.env["_X_AMZN_TRACE_ID"],
  metrics,
  logger,
});

// Lambda's runtime takes its first event in a turn of its own; this comes before it, while the function still
// initialises and has a whole processor. Reading the secret loads what storing a webhook needs.
setImmediate(() => {
  if (environment.auth === "secret") void credentials.prepare(now() + INGEST.budgetMs);
  else loadBuiltins();
});

import { setTimeout as sleep } from "node:timers/promises";

import { makeAlloyApiKeyReader } from "../adapters/alloy/alloy-api-key.ts";
import { HttpAlloyApi } from "../adapters/alloy/alloy-api.ts";
import { BasicAuthorization, BearerAuthorization } from "../adapters/alloy/alloy-authorization.ts";
import { makeAwsClient } from "../adapters/aws-http/aws-client.ts";
import { awsServices } from "../adapters/aws-http/aws-services.ts";
import {
  makeCloudWatch,
  makeDynamoDb,
  makeEventBridge,
  makeSqs,
} from "../adapters/aws-http/json-services.ts";
import { AwsDeliveries } from "../adapters/aws-deliveries.ts";
import { CloudWatchOutcomeCounts } from "../adapters/cloud-watch-outcome-counts.ts";
import { DynamoDueApplications } from "../adapters/dynamo/dynamo-due-applications.ts";
import { DynamoInvestigations } from "../adapters/dynamo/dynamo-investigations.ts";
import { EventBridgeGapAnnouncer } from "../adapters/event-bridge-gap-announcer.ts";
import { S3PayloadBucket } from "../adapters/aws-http/s3-payload-bucket.ts";
import { SecretsManagerSecret } from "../adapters/aws-http/secrets-manager-secret.ts";
import { SqsEventQueue } from "../adapters/sqs-event-queue.ts";
import { readAwsCredentials } from "../environment.ts";
import { INGEST, POLLER } from "../settings/limits.ts";
import { readSettingsFile } from "../settings/settings-file.ts";
import { makeMetrics } from "../telemetry/metrics.ts";
import { makePowertoolsLogger } from "../telemetry/powertools-logger.ts";
import { writeLine } from "../telemetry/standard-output.ts";
import { readPollerEnvironment } from "./env.ts";
import { withEndingZeros } from "./ending-zeros.ts";
import { makePollerHandler } from "./handler.ts";

const { stage, region, settings, ...environment } = readPollerEnvironment(
  process.env,
  readSettingsFile(process.env),
);
const now = Date.now;
const logger = makePowertoolsLogger("poller");
const call = makeAwsClient({
  region,
  credentials: () => readAwsCredentials(process.env),
  attempts: INGEST.attempts,
  now,
});
const { endpoints } = environment;
const secret = new SecretsManagerSecret(
  call,
  environment.alloyApiSecretArn,
  region,
  endpoints.secretsManager,
);

const readKey = makeAlloyApiKeyReader({
  secret,
  lifetimeMs: POLLER.secretLifetimeMs,
  now,
  logger,
});
const { alloyBaseUrl: baseUrl, alloyAuth, refusals } = settings;
const authorization =
  alloyAuth === "basic"
    ? new BasicAuthorization(readKey)
    : new BearerAuthorization({ baseUrl, readKey, fetch, now });
const services = awsServices(region, process.env);
const sqs = makeSqs(services);
const cloudWatch = makeCloudWatch(services);
const { eventQueueUrl: queueUrl, apiId } = environment;

const dynamo = makeDynamoDb(services);
const { applicationTableName } = environment;

/** Lambda's entry. */
export const handler = makePollerHandler({
  applications: new DynamoDueApplications(
    dynamo,
    applicationTableName,
    settings.indexesEntities === true,
  ),
  investigations: new DynamoInvestigations(dynamo, applicationTableName),
  alloy: new HttpAlloyApi({ baseUrl, authorization, fetch, now }),
  deliveries: new AwsDeliveries({
    cloudWatch,
    sqs,
    stage,
    apiId,
    queueUrl,
    refusals,
  }),
  outcomes: new CloudWatchOutcomeCounts({ cloudWatch, stage }),
  queue: new SqsEventQueue(sqs, queueUrl),
  payloads: new S3PayloadBucket(call, environment.payloadBucketName, region, endpoints.s3),
  gaps: new EventBridgeGapAnnouncer(makeEventBridge(services), environment.eventBusName),
  settings,
  metrics: withEndingZeros(makeMetrics({ stage, write: writeLine, now }), {
    windowMs: settings.polling.rateMs,
    now,
  }),
  logger,
  now,
  xRay: () => process.env["_X_AMZN_TRACE_ID"],
  random: Math.random,
  sleep,
});

import { setTimeout as sleep } from "node:timers/promises";

import { DynamoDBPersistenceLayer } from "@aws-lambda-powertools/idempotency/dynamodb";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";

import { DynamoApplicationStore } from "../adapters/dynamo/dynamo-application-store.ts";
import { DynamoInvestigations } from "../adapters/dynamo/dynamo-investigations.ts";
import { EventBridgePublisher } from "../adapters/event-bridge-publisher.ts";
import { PowertoolsIdempotency } from "../adapters/powertools-idempotency.ts";
import { S3PayloadReader } from "../adapters/s3-payload-reader.ts";
import { SDK_LIMITS } from "../adapters/sdk-limits.ts";
import { SqsDeadLetters, SqsQueueMessages } from "../adapters/sqs-queues.ts";
import { scheduleOnTimers } from "../adapters/timers.ts";
import { readSettingsFile } from "../settings/settings-file.ts";
import { makeMetrics } from "../telemetry/metrics.ts";
import { shortLines } from "../telemetry/short-lines.ts";
import { makePowertoolsLogger } from "../telemetry/powertools-logger.ts";
import { writeLine } from "../telemetry/standard-output.ts";
import { readConsumerEnvironment } from "./env.ts";
import { makeConsumerHandler } from "./handler.ts";

const environment = readConsumerEnvironment(process.env, readSettingsFile(process.env));
const { stage, settings } = environment;
const now = Date.now;

const dynamo = new DynamoDBClient(SDK_LIMITS);
const sqs = new SQSClient(SDK_LIMITS);
// Emulators address a bucket by path.
const s3 = new S3Client({ ...SDK_LIMITS, forcePathStyle: environment.isEmulated });
const bus = new EventBridgeClient(SDK_LIMITS);

/** Lambda's entry. */
export const handler = makeConsumerHandler({
  store: new DynamoApplicationStore({
    client: dynamo,
    tableName: environment.applicationTableName,
    eventRetentionMs: settings.eventRetentionMs,
    indexesEntities: settings.indexesEntities === true,
  }),
  investigations: new DynamoInvestigations(dynamo, environment.applicationTableName),
  idempotency: new PowertoolsIdempotency(
    new DynamoDBPersistenceLayer({
      tableName: environment.idempotencyTableName,
      awsSdkV3Client: dynamo,
    }),
  ),
  publisher: new EventBridgePublisher({ client: bus, busName: environment.eventBusName, sleep }),
  deadLetters: new SqsDeadLetters(sqs, environment.deadLetterQueueUrl),
  payloads: new S3PayloadReader(s3, environment.payloadBucketName),
  messages: new SqsQueueMessages(sqs, environment.eventQueueUrl),
  metrics: makeMetrics({
    stage,
    short: settings.areMetricsFiltered === true ? shortLines : undefined,
    write: writeLine,
    now,
  }),
  logger: makePowertoolsLogger("consumer"),
  settings,
  now,
  schedule: scheduleOnTimers,
});

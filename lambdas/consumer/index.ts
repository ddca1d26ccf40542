import { setTimeout as sleep } from "node:timers/promises";

import { awsServices } from "../adapters/aws-http/aws-services.ts";
import { makeDynamoDb, makeEventBridge, makeSqs } from "../adapters/aws-http/json-services.ts";
import { makeS3 } from "../adapters/aws-http/s3-objects.ts";
import { DynamoApplicationStore } from "../adapters/dynamo/dynamo-application-store.ts";
import { DynamoIdempotencyRecords } from "../adapters/dynamo/dynamo-idempotency-records.ts";
import { DynamoInvestigations } from "../adapters/dynamo/dynamo-investigations.ts";
import { EventBridgePublisher } from "../adapters/event-bridge-publisher.ts";
import { PowertoolsIdempotency } from "../adapters/powertools-idempotency.ts";
import { S3PayloadReader } from "../adapters/s3-payload-reader.ts";
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

const services = awsServices(environment.region, process.env);
const dynamo = makeDynamoDb(services);
const sqs = makeSqs(services);

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
    new DynamoIdempotencyRecords(dynamo, environment.idempotencyTableName),
  ),
  publisher: new EventBridgePublisher({
    client: makeEventBridge(services),
    busName: environment.eventBusName,
    sleep,
  }),
  deadLetters: new SqsDeadLetters(sqs, environment.deadLetterQueueUrl),
  payloads: new S3PayloadReader(makeS3(services), environment.payloadBucketName),
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

import { KMSClient } from "@aws-sdk/client-kms";
import { S3Client } from "@aws-sdk/client-s3";

import { awsServices } from "../adapters/aws-http/aws-services.ts";
import { makeDynamoDb } from "../adapters/aws-http/json-services.ts";
import { DynamoStatementSources } from "../adapters/dynamo/dynamo-statement-sources.ts";
import { KmsSigner } from "../adapters/kms-signer.ts";
import { S3StatementArchive } from "../adapters/s3-statement-archive.ts";
import { SDK_LIMITS } from "../adapters/sdk-limits.ts";
import { readSettingsFile } from "../settings/settings-file.ts";
import { makeMetrics } from "../telemetry/metrics.ts";
import { makePowertoolsLogger } from "../telemetry/powertools-logger.ts";
import { writeLine } from "../telemetry/standard-output.ts";
import { readStatementEnvironment } from "./env.ts";
import { makeStatementHandler } from "./handler.ts";

const { stage, region, settings, ...names } = readStatementEnvironment(
  process.env,
  readSettingsFile(process.env),
);
const now = Date.now;
const dynamo = makeDynamoDb(awsServices(region, process.env));

/** Lambda's entry. */
export const handler = makeStatementHandler({
  sources: new DynamoStatementSources(dynamo, names),
  archive: new S3StatementArchive(new S3Client(SDK_LIMITS), names.statementBucketName),
  signer: new KmsSigner(new KMSClient(SDK_LIMITS), names.statementKeyArn),
  settings,
  stage,
  metrics: makeMetrics({ stage, write: writeLine, now }),
  logger: makePowertoolsLogger("statement"),
  now,
});

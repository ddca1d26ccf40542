/**
 * The composition that the documentation teaches: SDK clients and Powertools' Logger and Metrics, each as
 * it comes, around as little code as a webhook receiver can have. It does less than ours: Basic only,
 * one credential, no budget, no allow-list, no claim check.
 */
import { timingSafeEqual } from "node:crypto";

import { Logger } from "@aws-lambda-powertools/logger";
import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { APIGatewayProxyEventV2, APIGatewayProxyResultV2, Context } from "aws-lambda";

const logger = new Logger({ serviceName: "ingest" });
const metrics = new Metrics({ namespace: "AlloyJourneyWebhooks", serviceName: "ingest" });
const sqs = new SQSClient({});
const secrets = new SecretsManagerClient({});
let expected: Promise<string> | undefined;

export async function handler(
  event: APIGatewayProxyEventV2,
  context: Context,
): Promise<APIGatewayProxyResultV2> {
  logger.addContext(context);
  expected ??= readExpected();
  const given = Buffer.from(event.headers["authorization"] ?? "");
  const wanted = Buffer.from(await expected);
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
    metrics.addMetric("CredentialsRejected", MetricUnit.Count, 1);
    metrics.publishStoredMetrics();
    return { statusCode: 401 };
  }
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: process.env["EVENT_QUEUE_URL"],
      MessageBody: JSON.stringify({
        v: 1,
        kind: "webhook",
        receiptId: event.requestContext.requestId,
        receivedAt: Date.now(),
        body: event.body,
        payloadKey: null,
        sourceIp: event.requestContext.http.sourceIp,
      }),
    }),
  );
  logger.info("webhook stored");
  metrics.addMetric("WebhooksReceived", MetricUnit.Count, 1);
  metrics.publishStoredMetrics();
  return { statusCode: 200, body: "{}" };
}

async function readExpected(): Promise<string> {
  const { SecretString = "" } = await secrets.send(
    new GetSecretValueCommand({ SecretId: process.env["WEBHOOK_SECRET_ARN"] }),
  );
  const { basic }: { basic: [{ username: string; password: string }] } = JSON.parse(SecretString);
  const [{ username, password }] = basic;
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

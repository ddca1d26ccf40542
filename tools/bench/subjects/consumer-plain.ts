/** What the documentation of each part leads to: Powertools around the record's handler, and the SDK's clients as they come. */
import { Logger } from "@aws-lambda-powertools/logger";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";

import { makeNaiveConsumer } from "./naive-consumer.ts";

export const logger = new Logger({ serviceName: "consumer" });

export const handler = makeNaiveConsumer({
  client: new DynamoDBClient({}),
  bus: new EventBridgeClient({}),
  applicationTableName: "applications",
  idempotencyTableName: "idempotency",
});

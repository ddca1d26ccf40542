import { Agent } from "node:http";
import { CloudFormationClient } from "@aws-sdk/client-cloudformation";
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SNSClient } from "@aws-sdk/client-sns";
import { SQSClient } from "@aws-sdk/client-sqs";
import type { GuardedServer } from "../../guard/guard.ts";
import { CREDENTIALS, REGION } from "./emulator.ts";

/** The clients of the local tooling, all on one endpoint. */
export type Clients = ReturnType<typeof makeClients>;

/**
 * The emulator is on this machine: it accepts at once, and the longest answer is a poller's run, which
 * Lambda ends after 55 s.
 */
const TIMEOUTS = { connectionTimeout: 2_000, requestTimeout: 60_000 };

/**
 * Makes the clients. Their key is `test`, the only one that is known here, whatever the endpoint.
 *
 * @param server - what answers for the endpoint, where it is asked without the way through it. @default - the endpoint
 */
export function makeClients(endpoint: string, server?: GuardedServer) {
  const requestHandler = {
    ...TIMEOUTS,
    ...(server !== undefined && { httpAgent: new Agent({ keepAlive: true, ...server }) }),
  };
  const configuration = {
    endpoint,
    region: REGION,
    credentials: CREDENTIALS,
    maxAttempts: 2,
    requestHandler,
  };
  return {
    cloudFormation: new CloudFormationClient(configuration),
    cloudWatch: new CloudWatchClient(configuration),
    dynamo: new DynamoDBClient(configuration),
    events: new EventBridgeClient(configuration),
    lambda: new LambdaClient(configuration),
    logs: new CloudWatchLogsClient(configuration),
    secrets: new SecretsManagerClient(configuration),
    sns: new SNSClient(configuration),
    sqs: new SQSClient(configuration),
  };
}

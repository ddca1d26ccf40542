import { setTimeout as sleep } from "node:timers/promises";
import { ScanCommand } from "@aws-sdk/client-dynamodb";
import {
  GetEventSourceMappingCommand,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
} from "@aws-sdk/client-lambda";
import { S3Client } from "@aws-sdk/client-s3";
import { PutSecretValueCommand } from "@aws-sdk/client-secrets-manager";
import { ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import { checkOutputs, STACK_NAME } from "../../../tools/local/emulator/cdk.ts";
import { makeClients } from "../../../tools/local/emulator/clients.ts";
import { CREDENTIALS } from "../../../tools/local/emulator/emulator.ts";
import { refuseBeyondLimits } from "../../../tools/strict-aws/strict-client.ts";
import { makeEmulatorReceiver } from "../../../tools/local/emulator/emulator-receiver.ts";
import { basicOf } from "../../support/ingest.ts";
import { post } from "../driver.ts";
import type { Driver } from "../driver.ts";
import { ownStack } from "./stack.ts";

/** Longer than the tests run: what was looked at is not seen again. */
const HIDDEN_SECONDS = 3_600;

/** Drives the stack with nothing but what the outputs file says: for what only the emulator can show. */
export function makeDriver() {
  const stack = ownStack();
  const { endpoint, region } = stack;
  const s3 = new S3Client({ endpoint, region, credentials: CREDENTIALS, forcePathStyle: true });
  const clients = { ...makeClients(endpoint), s3 };
  for (const client of Object.values(clients)) refuseBeyondLimits(client);
  const output = (name: string) => {
    const value = stack.outputs[name];
    if (value === undefined) throw new Error(`The outputs file has no ${name}.`);
    return value;
  };
  return {
    stack,
    clients,
    output,
    post: (body: string, authorization: string) => post(stack, body, authorization),
    basic: (password = stack.basic.password) => basicOf(stack.basic.username, password),
    /** Everything in the application table; the tests are its only users. */
    items: async () => {
      const { Items = [] } = await clients.dynamo.send(
        new ScanCommand({ TableName: output("ApplicationTableName"), ConsistentRead: true }),
      );
      return Items.map((item) => unmarshall(item));
    },
    /** Looks into a queue; what it finds is not seen again for as long as the tests run. */
    receive: async (name: string) => {
      const { Messages = [] } = await clients.sqs.send(
        new ReceiveMessageCommand({
          QueueUrl: output(name),
          MaxNumberOfMessages: 10,
          VisibilityTimeout: HIDDEN_SECONDS,
          WaitTimeSeconds: 1,
          MessageAttributeNames: ["All"],
        }),
      );
      return Messages;
    },
    /** Stops the consumer, so that what is in the event queue can be looked at, or starts it again. */
    setConsumer: async (state: "Enabled" | "Disabled") => {
      const { EventSourceMappings = [] } = await clients.lambda.send(
        new ListEventSourceMappingsCommand({ FunctionName: output("ConsumerFunctionName") }),
      );
      const UUID = EventSourceMappings[0]?.UUID;
      const Enabled = state === "Enabled";
      await clients.lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled }));
      const read = () => clients.lambda.send(new GetEventSourceMappingCommand({ UUID }));
      while ((await read()).State !== state) await sleep(100);
      // What was being received when it was stopped is still processed.
      if (state === "Disabled") await sleep(2_000);
    },
  };
}

/** The stack in the emulator. */
export async function openEmulatorDriver(): Promise<Driver> {
  const { stack, clients, output, items, receive } = makeDriver();
  const { webhookUrl, basic, hmac, alloyPort: port, alloyApi, timeScale } = stack;
  return {
    webhookUrl,
    basic,
    hmac,
    receiver: makeEmulatorReceiver(clients, checkOutputs({ [STACK_NAME]: stack.outputs })),
    alloy: { port, ...alloyApi, timeScale, investigations: false },
    stored: async () => JSON.stringify(await items()),
    deadLetters: async () =>
      (await receive("DeadLetterQueueUrl")).map(({ Body = "", MessageAttributes = {} }) => ({
        body: Body,
        reason: MessageAttributes["reason"]?.StringValue,
      })),
    async putWebhookSecret(secret) {
      const SecretId = output("WebhookSecretArn");
      const SecretString = JSON.stringify(secret);
      await clients.secrets.send(new PutSecretValueCommand({ SecretId, SecretString }));
    },
    secret: { secrets: clients.secrets, webhookSecretArn: output("WebhookSecretArn") },
    async close() {},
  };
}

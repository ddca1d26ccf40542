/** This ingest, but for its calls: they are made by the SDK's clients. */
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";

import { wireIngest } from "./wire-ingest.ts";

const queue = new SQSClient({});
const secrets = new SecretsManagerClient({});

export const handler = wireIngest({
  async readSecret(SecretId) {
    const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId }));
    return SecretString ?? "";
  },
  async sendMessage(QueueUrl, MessageBody) {
    await queue.send(new SendMessageCommand({ QueueUrl, MessageBody }));
  },
});

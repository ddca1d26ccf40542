/** This ingest, but for its calls: they are signed by aws4fetch and made by Node's fetch. */
import { AwsClient } from "aws4fetch";

import { wireIngest } from "./wire-ingest.ts";

const aws = new AwsClient({
  accessKeyId: process.env["AWS_ACCESS_KEY_ID"] ?? "",
  secretAccessKey: process.env["AWS_SECRET_ACCESS_KEY"] ?? "",
  region: process.env["AWS_REGION"] ?? "",
});

async function call(service: string, target: string, version: string, input: unknown) {
  const answer = await aws.fetch(process.env["AWS_ENDPOINT_URL"] ?? "", {
    method: "POST",
    headers: { "content-type": `application/x-amz-json-${version}`, "x-amz-target": target },
    body: JSON.stringify(input),
    aws: { service },
  });
  if (!answer.ok) throw new Error(`${target} answered ${answer.status}`);
  const body: { SecretString?: string } = JSON.parse(await answer.text());
  return body;
}

export const handler = wireIngest({
  async readSecret(SecretId) {
    const target = "secretsmanager.GetSecretValue";
    const { SecretString } = await call("secretsmanager", target, "1.1", { SecretId });
    return SecretString ?? "";
  },
  async sendMessage(QueueUrl, MessageBody) {
    await call("sqs", "AmazonSQS.SendMessage", "1.0", { QueueUrl, MessageBody });
  },
});

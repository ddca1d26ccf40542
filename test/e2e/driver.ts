import { createHmac, randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { ScanCommand } from "@aws-sdk/client-dynamodb";
import { ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import { inject } from "vitest";
import { makeClients } from "../../tools/local/clients.ts";
import type { DrivenStack } from "./global-setup.ts";

/** The stack, or the reason to skip: `describe.skipIf(isSkipped)`. */
export const isSkipped = inject("stack") === null;

/** Drives the stack with nothing but what the outputs file says. */
export function makeDriver() {
  const stack = driven();
  const clients = makeClients(stack.endpoint);
  const output = (name: string) => {
    const value = stack.outputs[name];
    if (value === undefined) throw new Error(`The outputs file has no ${name}.`);
    return value;
  };
  return {
    stack,
    clients,
    output,
    /** Posts a body as Alloy does. */
    post: async (body: string, authorization: string) => {
      const response = await fetch(stack.webhookUrl, {
        method: "POST",
        headers: { "content-type": "application/json", authorization },
        body,
        signal: AbortSignal.timeout(20_000),
      });
      return { status: response.status, headers: response.headers, body: await response.text() };
    },
    basic: (password = stack.basic.password) =>
      `Basic ${Buffer.from(`${stack.basic.username}:${password}`).toString("base64")}`,
    /** Alloy's signature: no scheme, no prefix (facts, 1.1). */
    hmac: (body: string, secret = stack.hmac) =>
      createHmac("sha256", secret).update(body).digest("base64"),
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
          VisibilityTimeout: 3_600,
          WaitTimeSeconds: 1,
          MessageAttributeNames: ["All"],
        }),
      );
      return Messages;
    },
  };
}

/** Asks again and again until there is an answer. */
export async function eventually<Answer>(
  ask: () => Promise<Answer | null | undefined>,
  limitMs = 30_000,
): Promise<Answer> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null && answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`There was no answer within ${limitMs} ms.`);
    await sleep(250);
  }
}

/** A token that no other test has. */
export function aToken(prefix: string): string {
  return `${prefix}-${randomBytes(10).toString("hex")}`;
}

/** A webhook as Alloy sends it; the envelope is stamped anew for each attempt. */
export function aWebhook(data: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({
    request_token: aToken("R"),
    timestamp: Date.now(),
    type: "update:journeyapplications:sandbox",
    data: {
      journey_application_token: aToken("JA"),
      journey_token: "J-e2e",
      journey_name: "End to end",
      type: "completed_application",
      timestamp: Date.now(),
      outcome: "Approved",
      entity_token: null,
      entity_application_token: null,
      _embedded: { node: { id: null, type: null } },
      ...data,
    },
  });
}

function driven(): DrivenStack {
  const stack = inject("stack");
  if (stack === null) throw new Error("There is no stack to drive: skip these tests.");
  return stack;
}

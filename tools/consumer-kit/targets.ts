import { setTimeout as sleep } from "node:timers/promises";

import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";

import type { DeliveredEvent } from "./world.ts";

/** The consumer under test, as EventBridge reaches it. */
export interface Target {
  /** @throws TargetError when it cannot be reached; returns what it answered instead of taking the event. */
  readonly deliver: (event: DeliveredEvent) => Promise<string | null>;
  /** How long an action may come after the last delivery was taken, ms. */
  readonly settleMs: number;
}

/** Nobody is there, or nobody may be asked. */
export class TargetError extends Error {
  override readonly name = "TargetError";
}

/** EventBridge retries for a day; four tries say as much. */
const TRIES = 4;
const PAUSE_MS = 200;
/** A Lambda function behind an HTTP API has no more. */
const LIMIT_MS = 30_000;

/**
 * The target of a URL: a queue when it looks like one of SQS, else an HTTP endpoint.
 *
 * @throws TargetError when it is no URL.
 */
export function targetOf(to: string, env: NodeJS.ProcessEnv): Target {
  const url = URL.canParse(to) ? new URL(to) : null;
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new TargetError(
      `--to is "${to}"; it wants the URL of a queue, or of an HTTP endpoint such as http://127.0.0.1:8080/.`,
    );
  }
  // Also an emulator's: the account's twelve digits, and the name.
  const isQueue = /\/\d{12}\/[\w-]{1,80}(\.fifo)?$/.test(url.pathname);
  return isQueue ? queueTarget(url, env) : httpTarget(url);
}

function httpTarget(url: URL): Target {
  return {
    settleMs: 300,
    async deliver(event) {
      let answer = "";
      for (let attempt = 0; attempt < TRIES; attempt += 1) {
        if (attempt > 0) await sleep(PAUSE_MS);
        const response = await post(url, JSON.stringify(event));
        if (response.ok) return null;
        answer = `answered ${response.status}`;
      }
      return answer;
    },
  };
}

async function post(url: URL, body: string): Promise<Response> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    await response.arrayBuffer();
    return response;
  } catch (error) {
    throw new TargetError(
      `Nobody takes events at ${url.href} (${causeOf(error)}). Start the consumer first.`,
      { cause: error },
    );
  }
}

function queueTarget(url: URL, env: NodeJS.ProcessEnv): Target {
  const [, ofHost] = /^sqs\.([a-z0-9-]+)\./.exec(url.hostname) ?? [];
  const region = env["AWS_REGION"] ?? env["AWS_DEFAULT_REGION"] ?? ofHost ?? "us-east-1";
  // An endpoint of AWS_ENDPOINT_URL is the SDK's own business.
  const client = new SQSClient({ region, maxAttempts: 2 });
  const isFifo = url.pathname.endsWith(".fifo");
  return {
    settleMs: 3_000,
    async deliver(event) {
      const { applicationToken } = event.detail;
      const fifo = { MessageGroupId: String(applicationToken), MessageDeduplicationId: event.id };
      try {
        await client.send(
          new SendMessageCommand({
            QueueUrl: url.href,
            MessageBody: JSON.stringify(event),
            ...(isFifo && fifo),
          }),
        );
        return null;
      } catch (error) {
        throw new TargetError(
          `The queue ${url.href} does not take messages (${causeOf(error)}). Check its URL, AWS_ENDPOINT_URL and the credentials.`,
          { cause: error },
        );
      }
    },
  };
}

/** What a person can act on: the system's code or the service's name, not the stack. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof Error) return "code" in cause ? String(cause.code) : cause.message;
  return error.message === "" ? error.name : `${error.name}: ${error.message}`;
}

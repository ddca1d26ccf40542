import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Receiver } from "../../tools/local/scenarios/receiver.ts";
import type { ConnectedStack } from "../../tools/ops/stack.ts";

/** What `npm start` says at its good end. */
export const AGREES = "Every application agrees with Alloy, and every event took effect once.";

/** The receiver under test, wherever it runs: the scenarios need no more of it. */
export interface Driver {
  readonly webhookUrl: string;
  readonly basic: { readonly username: string; readonly password: string };
  readonly hmac: string;
  readonly receiver: Receiver;
  /** Where it expects an Alloy, with which API key; and how fast its time runs. */
  readonly alloy: {
    readonly port: number;
    readonly token: string;
    readonly secret: string;
    readonly timeScale: number;
    /** Whether the stage looks at Investigations: with an Alloy of one's own it does not. */
    readonly investigations: boolean;
  };
  /** Everything in the application table, as text. */
  stored(): Promise<string>;
  /** Messages of the dead-letter queue, each in one answer only. */
  deadLetters(): Promise<readonly DeadLetter[]>;
  putWebhookSecret(secret: unknown): Promise<void>;
  /** Where that secret is, for `ops rotate`. */
  readonly secret: Pick<ConnectedStack, "secrets" | "webhookSecretArn">;
  close(): Promise<void>;
}

export interface DeadLetter {
  readonly body: string;
  /** The attribute that says why it is there. */
  readonly reason: string | undefined;
}

/** The answer to a webhook. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** Posts a body as Alloy does. */
export async function post(
  { webhookUrl }: Pick<Driver, "webhookUrl">,
  body: string,
  authorization: string,
): Promise<Answer> {
  return asOften(async () => {
    const response = await fetch(webhookUrl, {
      method: "POST",
      headers: { "content-type": "application/json", authorization },
      body,
      signal: AbortSignal.timeout(300_000),
    });
    return { status: response.status, headers: response.headers, body: await response.text() };
  });
}

/**
 * Tries again as Alloy does after a 5xx: the emulator on a busy machine may give a function less to run on than its three
 * seconds need, and kill it. A 4xx is final: the webhook was rejected.
 *
 * @param prepare - what comes before each further attempt: the one before may have been stored. @default - nothing
 */
export async function asOften<Answer extends { readonly status: number }>(
  attempt: () => Promise<Answer>,
  prepare: () => Promise<unknown> = async () => {},
): Promise<Answer> {
  for (let left = 9; ; left -= 1) {
    const answer = await attempt();
    if (answer.status < 500 || left === 0) return answer;
    await sleep(1_000);
    await prepare();
  }
}

/** Asks again and again until there is an answer. */
export async function eventually<Answer>(
  ask: () => Promise<Answer | null | undefined>,
  limitMs = 120_000,
): Promise<Answer> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null && answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`There was no answer within ${limitMs} ms.`);
    await sleep(250);
  }
}

/** Waits for the next window of a metric where less than so much of this one is left. */
export async function inOneWindow(windowMs: number, leastMs: number): Promise<void> {
  const left = windowMs - (Date.now() % windowMs);
  if (left < leastMs) await sleep(left);
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

import { createHmac } from "node:crypto";

import { PROBE } from "../../lambdas/settings/probe.ts";
import type { Clock } from "./options.ts";
import type { ConnectedStack } from "./stack.ts";
import type { Terminal } from "./terminal.ts";
import type { Entry } from "./webhook-credentials.ts";

/**
 * - `taken`: the endpoint accepts the credential.
 * - `refused`: it answers 401.
 * - `unknown`: whether it would cannot be seen from here.
 */
export interface Probed {
  readonly entry: string;
  readonly state: "taken" | "refused" | "unknown";
  /** What the endpoint answered, for people. */
  readonly answer: string;
}

/** Longer than Alloy would wait. */
const ANSWER_MS = 10_000;

/** A sandbox reads the secret again at most once in ten seconds. */
const PAUSE_MS = 11_000;

/** Each refusal counts as one of `CredentialsRejected`, whose alarm rings at five in five minutes. */
const ATTEMPTS = 4;

/** Asks the endpoint whether it takes a credential; an answer that says yes is stored and counted nowhere. */
export async function probe(
  { webhookUrl }: Pick<ConnectedStack, "webhookUrl">,
  entry: Entry,
): Promise<Probed> {
  const saying = (state: Probed["state"], answer: string) => ({ entry: entry.id, state, answer });
  try {
    const response = await fetch(webhookUrl, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: authorizationOf(entry) },
      body: PROBE.body,
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const { status, headers } = response;
    if (status === PROBE.status) return saying("taken", String(status));
    // By a receiver that knows no probe: a webhook of no application.
    if (status === 200) return saying("taken", "200, and an earlier release has stored the probe");
    if (status === 401 && /^bearer/i.test(headers.get("www-authenticate") ?? "")) {
      return saying("refused", "401, since this stage takes OAuth 2.0 alone (docs/oauth.md)");
    }
    if (status === 401) return saying("refused", "401");
    if (status === 403) {
      return saying("unknown", "403: the stage enforces allowList, and this machine is not on it");
    }
    return saying("unknown", String(status));
  } catch (error) {
    // Of the network alone; the header is in no message of it.
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    return saying("unknown", `nothing (${cause instanceof Error ? cause.message : "no reason"})`);
  }
}

/** Asks again while the endpoint refuses: a sandbox may have read the secret just before the change. */
export async function probeUntilTaken(
  stack: Pick<ConnectedStack, "webhookUrl">,
  entry: Entry,
  { wait }: Pick<Clock, "wait">,
  terminal: Terminal,
): Promise<Probed> {
  for (let attempt = 1; ; attempt += 1) {
    const probed = await probe(stack, entry);
    if (probed.state === "taken" || attempt === ATTEMPTS) return probed;
    terminal.progress(`The endpoint answered ${probed.answer}. Trying again in 11 s …`);
    await wait(PAUSE_MS);
  }
}

function authorizationOf({ list, username, value }: Entry): string {
  const secret = String(value);
  return list === "basic"
    ? `Basic ${Buffer.from(`${username ?? ""}:${secret}`).toString("base64")}`
    : createHmac("sha256", secret).update(PROBE.body).digest("base64");
}

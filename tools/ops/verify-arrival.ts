import { createHmac, randomBytes } from "node:crypto";

import { GetItemCommand, QueryCommand } from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";

import { eventKey } from "../../lambdas/adapters/dynamo/application-item.ts";
import { idempotencyKeyOf } from "../../lambdas/adapters/idempotency-key.ts";
import { parseWebhook } from "../../lambdas/domain/event/parse-webhook.ts";
import { STAGES } from "../../lib/stages.ts";
import { green } from "../deploy/finding.ts";
import type { Finding, Result } from "../deploy/finding.ts";
import { OperatorError } from "./operator-error.ts";
import type { ConnectedStack } from "./stack.ts";
import type { Terminal } from "./terminal.ts";
import { unread } from "./verify-finding.ts";

/** Where the credential of the test webhook comes from: no role of people may read the secret. */
export const CREDENTIALS = {
  authorization: "ALLOY_WEBHOOK_AUTHORIZATION",
  hmac: "ALLOY_WEBHOOK_HMAC",
} as const;

/** Longer than Alloy would wait. */
const ANSWER_MS = 10_000;

/** A cold start, a batch, and a retry of the bus. */
const ARRIVAL_MS = 60_000;

const PAUSE_MS = 1_000;

/** What is later than this between two clocks is a wrong clock, not a slow call. */
const SKEW_MS = 30_000;

export interface ArrivalOptions {
  /** `Authorization` or HMAC of the test webhook, by the names of `CREDENTIALS`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly wait: (ms: number) => Promise<unknown>;
}

/** The way of a webhook: the endpoint, an authentic webhook through it, the clock, the table, the bus. */
export async function checkArrival(
  stack: ConnectedStack,
  options: ArrivalOptions,
  terminal: Terminal,
): Promise<Finding[]> {
  const findings: Finding[] = [{ check: "a stranger", ...(await checkStranger(stack)) }];
  const body = aTestWebhook();
  const sent = await send(stack, body, options);
  findings.push({ check: "a webhook", ...sent.finding });
  if (sent.at === null) return findings;
  const { at } = sent;
  terminal.progress("Waiting for the consumer …");
  const eventId = eventIdOf(body);
  const recorded = await looked(() => recordOf(stack, eventId), options);
  findings.push(
    recorded === null
      ? missing("recorded", "not in the table after a minute")
      : { check: "recorded", ...green("in the application table", "within a minute") },
  );
  if (recorded !== null) findings.push(clockOf(recorded, at));
  findings.push({ check: "on the bus", ...(await checkBus(stack, eventId, options)) });
  return findings;
}

/** A webhook of another family than Journeys: it is recorded and published, and nobody waits for it. */
export function aTestWebhook(): string {
  return JSON.stringify({
    request_token: `verify-${randomBytes(8).toString("hex")}`,
    timestamp: Date.now(),
    type: "update:verify",
    description: "npm run ops -- verify",
    data: { verify_token: randomBytes(8).toString("hex") },
  });
}

async function checkStranger({ webhookUrl }: ConnectedStack): Promise<Result> {
  const good = "401 for a request without a credential";
  try {
    const { status, ms } = await post(webhookUrl, "{}", {});
    if (status === 401) return green(`401, ${ms} ms`, good);
    const fix = "compare WebhookUrl, and `auth` of the stage: whoever knows the URL is let in";
    return { state: "red", found: String(status), good, fix };
  } catch (error) {
    return {
      ...unread(error),
      good,
      fix: "is the stack deployed, and its URL reachable from here?",
    };
  }
}

async function send(
  { webhookUrl, authorization }: ConnectedStack,
  body: string,
  { environment }: ArrivalOptions,
): Promise<{ readonly finding: Result; readonly at: number | null }> {
  const good = "200 for an authentic one";
  const given = environment[CREDENTIALS.authorization] ?? authorization;
  const hmac = environment[CREDENTIALS.hmac];
  if (given === null && hmac === undefined) {
    const fix = `set ${CREDENTIALS.authorization} ("Basic …" or "Bearer …") or ${CREDENTIALS.hmac} in the environment`;
    return { finding: { state: "red", found: "no credential was given", good, fix }, at: null };
  }
  const value =
    given ??
    createHmac("sha256", hmac ?? "")
      .update(body)
      .digest("base64");
  const at = Date.now();
  try {
    const { status, ms } = await post(webhookUrl, body, { authorization: value });
    if (status === 200) return { finding: green(`200, ${ms} ms`, good), at };
    const fix =
      status === 401
        ? "fill WebhookSecret with this credential (docs/credentials.md)"
        : "npm run ops -- logs ingest";
    return { finding: { state: "red", found: String(status), good, fix }, at: null };
  } catch (error) {
    return { finding: unread(error), at: null };
  }
}

/**
 * Posts a body with the credential that the environment names, or that a local stack has.
 *
 * @throws OperatorError when there is no credential.
 */
export async function postAuthentic(
  { webhookUrl, authorization }: ConnectedStack,
  body: string,
  environment: ArrivalOptions["environment"],
): Promise<{ readonly status: number; readonly ms: number }> {
  const hmac = environment[CREDENTIALS.hmac];
  const given = environment[CREDENTIALS.authorization] ?? authorization;
  const signed = () =>
    createHmac("sha256", hmac ?? "")
      .update(body)
      .digest("base64");
  if (given === null && hmac === undefined) {
    throw new OperatorError(
      `No credential was given. Set ${CREDENTIALS.authorization} ("Basic …" or "Bearer …") or ${CREDENTIALS.hmac} in the environment.`,
    );
  }
  return post(webhookUrl, body, { authorization: given ?? signed() });
}

async function post(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>>,
): Promise<{ readonly status: number; readonly ms: number }> {
  const started = performance.now();
  const { status } = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
    signal: AbortSignal.timeout(ANSWER_MS),
  });
  return { status, ms: Math.round(performance.now() - started) };
}

/** The id under which the receiver records it. */
function eventIdOf(body: string): string {
  const parsed = parseWebhook(body);
  if (parsed.kind !== "other") throw new Error(`The test webhook is ${parsed.kind}.`);
  return parsed.webhook.eventId;
}

/** When ingest received it, by its clock, in epoch milliseconds; null: it is not there. */
async function recordOf(stack: ConnectedStack, eventId: string): Promise<number | null> {
  const { pk, sk } = eventKey(null, eventId, 0);
  const { Items = [] } = await stack.dynamo.send(
    new QueryCommand({
      TableName: stack.applicationTableName,
      KeyConditionExpression: "pk = :pk AND sk = :sk",
      ExpressionAttributeValues: marshall({ ":pk": pk, ":sk": sk }),
      ProjectionExpression: "receivedAt",
      ConsistentRead: true,
    }),
  );
  const [item] = Items;
  return item === undefined ? null : Number(unmarshall(item)["receivedAt"]);
}

function clockOf(receivedAt: number, at: number): Finding {
  const skew = Math.round((receivedAt - at) / 1_000);
  const good = `at most ${SKEW_MS / 1_000} s between this machine's clock and Lambda's`;
  if (Math.abs(receivedAt - at) <= SKEW_MS) return { check: "clock", ...green(`${skew} s`, good) };
  const fix = "set this machine's clock: the times of Alloy's events are compared with Lambda's";
  return { check: "clock", state: "red", found: `${skew} s`, good, fix };
}

/** The record of the effect is completed once the bus has taken the event, and not before (docs/decisions/0018). */
async function checkBus(
  stack: ConnectedStack,
  eventId: string,
  options: ArrivalOptions,
): Promise<Result> {
  const good = "taken by the bus, and its record completed";
  const own = STAGES.find(({ stage }) => stage === stack.stage);
  if (own?.routes.other.publish === false) {
    const fix = "routes.other.publish in lib/stages.ts, if you want this looked at";
    return { state: "yellow", found: "the stage does not publish `other`", good, fix };
  }
  const done = await looked(() => completionOf(stack, eventId), options);
  if (done !== null) return green("published", good);
  const fix = "npm run ops -- logs consumer; npm run ops -- dead-letters";
  return { state: "red", found: "not published after a minute", good, fix };
}

async function completionOf(
  { dynamo, idempotencyTableName }: ConnectedStack,
  eventId: string,
): Promise<true | null> {
  const { Item } = await dynamo.send(
    new GetItemCommand({
      TableName: idempotencyTableName,
      Key: marshall({ id: idempotencyKeyOf(eventId) }),
      ConsistentRead: true,
    }),
  );
  return Item?.["status"]?.S === "COMPLETED" ? true : null;
}

/** Looks again and again, for a minute. */
async function looked<Answer>(
  look: () => Promise<Answer | null>,
  { wait }: ArrivalOptions,
): Promise<Answer | null> {
  for (let waited = 0; waited <= ARRIVAL_MS; waited += PAUSE_MS) {
    const answer = await look();
    if (answer !== null) return answer;
    await wait(PAUSE_MS);
  }
  return null;
}

function missing(check: string, text: string): Finding {
  const fix = "npm run ops -- logs consumer; npm run ops -- dead-letters";
  return { check, state: "red", found: text, good: "in the application table", fix };
}

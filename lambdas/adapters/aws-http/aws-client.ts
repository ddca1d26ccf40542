import type { Agent } from "node:http";

import type { AwsFailure } from "../../domain/aws-failure.ts";
import { builtins } from "../../lazy-builtins.ts";
import { makeSigner } from "./aws-signature.ts";
import type { AwsCredentials } from "./aws-signature.ts";
import { exchange } from "./http-exchange.ts";

/** One call of an AWS service, signed and sent by {@link makeAwsClient}. */
export interface AwsCall<Answer> {
  /** Its name in the signature's scope: `sqs`, `s3`, `secretsmanager`. */
  readonly service: string;
  readonly method: "POST" | "PUT";
  /** Where to send it; the path percent-encoded, no query. */
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
  /** Epoch milliseconds: no answer is waited for after it. */
  readonly deadline: number;
  /** Reads the body of a status 200; undefined when it is not the service's own: a proxy's page. */
  readonly read: (body: string) => Answer | undefined;
}

/** What came of a call, after all its attempts. */
export type AwsAnswer<Answer> = { readonly answer: Answer } | { readonly failure: AwsFailure };

export type AwsClient = <Answer>(call: AwsCall<Answer>) => Promise<AwsAnswer<Answer>>;

/** How often and how long a call is tried within its deadline. */
export interface AwsAttempts {
  readonly most: number;
  /** An attempt without an answer is given up after it, so that a second one has a chance. */
  readonly attemptMs: number;
  /** Wait before the second attempt; it doubles with each. */
  readonly pauseMs: number;
}

/**
 * A connection that was idle for longer is not used again: a frozen Lambda does not see that the other
 * side has closed it, and would find out by losing an attempt. Load balancers close after a minute.
 */
const LONGEST_IDLE_MS = 20_000;

/** An attempt with less time than this cannot succeed: a TLS handshake alone takes longer. */
const SHORTEST_ATTEMPT_MS = 50;

/**
 * A client for AWS's plain HTTP APIs over kept-alive connections. It never throws for what the network or the service
 * does: the caller gets the cause as a value, since it has to answer within seconds whatever happens.
 */
export function makeAwsClient(options: {
  readonly region: string;
  readonly credentials: () => AwsCredentials | undefined;
  readonly attempts: AwsAttempts;
  readonly now: () => number;
}): AwsClient {
  const sign = makeSigner(options.region);
  const agents = new Map<string, Agent>();
  let lastUsed = 0;

  function agentFor(protocol: string): Agent {
    const idleMs = options.now() - lastUsed;
    lastUsed = options.now();
    const known = agents.get(protocol);
    if (known !== undefined && idleMs <= LONGEST_IDLE_MS) return known;
    known?.destroy();
    const Agent = protocol === "http:" ? builtins.http.Agent : builtins.https.Agent;
    const agent = new Agent({ keepAlive: true });
    agents.set(protocol, agent);
    return agent;
  }

  async function attempt<Answer>(
    call: AwsCall<Answer>,
    timeoutMs: number,
  ): Promise<AwsAnswer<Answer>> {
    const credentials = options.credentials();
    if (credentials === undefined) return { failure: "credentials" };
    const { url, method, body } = call;
    const headers = sign(
      call.service,
      { method, host: url.host, path: url.pathname, headers: call.headers, body },
      credentials,
      new Date(options.now()),
    );
    headers["content-length"] = String(Buffer.byteLength(body));
    const agent = agentFor(url.protocol);
    const exchanged = await exchange({ url, method, headers, body, agent, timeoutMs });
    if ("failure" in exchanged) return exchanged;
    const answer = exchanged.status === 200 ? call.read(exchanged.body) : undefined;
    return answer === undefined
      ? { failure: failureOf(exchanged.status, exchanged.body) }
      : { answer };
  }

  return async (call) => {
    let pause = options.attempts.pauseMs;
    let failure: AwsFailure = "timeout";
    for (let attempts = 1; attempts <= options.attempts.most; attempts += 1) {
      const left = call.deadline - options.now();
      if (left < SHORTEST_ATTEMPT_MS) break;
      const result = await attempt(call, Math.min(left, options.attempts.attemptMs));
      if ("answer" in result) return result;
      failure = result.failure;
      if (!isWorthAnotherAttempt(failure)) break;
      await sleep(pause);
      pause *= 2;
    }
    return { failure };
  };
}

function failureOf(status: number, body: string): AwsFailure {
  const code = codeOf(body);
  if (status === 429 || /Throttl|TooManyRequests|SlowDown|LimitExceeded/.test(code)) {
    return "throttled";
  }
  if (status >= 500) return "unavailable";
  if (/Expired|InvalidClientTokenId|UnrecognizedClient|InvalidAccessKeyId|Signature/.test(code)) {
    return "credentials";
  }
  return status === 403 || code.includes("AccessDenied") ? "denied" : "rejected";
}

/** AWS names a fault in the body: SQS and Secrets Manager as a JSON `__type`, S3 as an XML `Code`. */
function codeOf(body: string): string {
  const [, json, xml] = /"__type"\s*:\s*"([^"]*)"|<Code>([^<]*)<\/Code>/.exec(body) ?? [];
  return json ?? xml ?? "";
}

function isWorthAnotherAttempt(failure: AwsFailure): boolean {
  switch (failure) {
    case "timeout":
    case "refused":
    case "reset":
    case "unresolved":
    case "throttled":
    case "unavailable":
      return true;
    case "credentials":
    case "denied":
    case "rejected":
      return false;
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

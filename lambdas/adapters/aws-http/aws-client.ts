import type { Agent } from "node:http";

import type { AwsFailure } from "../../domain/aws-failure.ts";
import { builtins } from "../../lazy-builtins.ts";
import { makeSigner } from "./aws-signature.ts";
import type { AwsCredentials } from "./aws-signature.ts";
import { exchange } from "./http-exchange.ts";
import type { HttpAnswer } from "./http-exchange.ts";

/** One call of an AWS service, signed and sent by {@link makeAwsClient}. */
export interface AwsCall<Answer> {
  /** Its name in the signature's scope: `sqs`, `s3`, `secretsmanager`. */
  readonly service: string;
  readonly method: "GET" | "POST" | "PUT";
  /** Where to send it; the path percent-encoded, no query. */
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
  /** Epoch milliseconds: no answer is waited for after it. */
  readonly deadline: number;
  /** Reads an answer of status 200; undefined when it is not the service's own: a proxy's page. */
  readonly read: (answer: HttpAnswer) => Answer | undefined;
}

/** What came of a call, after all its attempts; `said`: how the service refused it, if it has answered. */
export type AwsAnswer<Answer> =
  | { readonly answer: Answer }
  | { readonly failure: AwsFailure; readonly said?: HttpAnswer };

export type AwsClient = <Answer>(call: AwsCall<Answer>) => Promise<AwsAnswer<Answer>>;

/** How often and how long a call is tried within its deadline. */
export interface AwsAttempts {
  readonly most: number;
  /** An attempt without an answer is given up after it, so that a second one has a chance. */
  readonly attemptMs: number;
  /** Wait before the second attempt; it doubles with each. */
  readonly pauseMs: number;
  /** The same when the service has throttled the first. @default - no longer */
  readonly throttledPauseMs?: number;
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
  /** At least 0, below 1: the share of a pause that is waited, so that callers who fail together come back apart. @default - all of it */
  readonly random?: () => number;
  /** The trace that the calls belong to, in X-Ray's words. @default - none */
  readonly xRay?: () => string | undefined;
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
    // Unsigned: whatever is on the way may continue the trace.
    const trace = options.xRay?.();
    if (trace !== undefined) headers["x-amzn-trace-id"] = trace;
    headers["content-length"] = String(Buffer.byteLength(body));
    const agent = agentFor(url.protocol);
    const said = await exchange({ url, method, headers, body, agent, timeoutMs });
    if ("failure" in said) return said;
    const answer = said.status === 200 ? call.read(said) : undefined;
    return answer === undefined ? { failure: failureOf(said), said } : { answer };
  }

  return async (call) => {
    const { most, attemptMs, pauseMs, throttledPauseMs = pauseMs } = options.attempts;
    let failed: AwsAnswer<never> = { failure: "timeout" };
    for (let attempts = 1; attempts <= most; attempts += 1) {
      const left = call.deadline - options.now();
      if (left < SHORTEST_ATTEMPT_MS) break;
      const result = await attempt(call, Math.min(left, attemptMs));
      if ("answer" in result) return result;
      failed = result;
      if (attempts === most || !isWorthAnotherAttempt(result.failure)) break;
      const pause = result.failure === "throttled" ? throttledPauseMs : pauseMs;
      await sleep(pause * 2 ** (attempts - 1) * (options.random?.() ?? 1));
    }
    return failed;
  };
}

/** The names by which AWS says that the same call may succeed a moment later. */
const THROTTLED =
  /Throttl|TooManyRequests|SlowDown|(?<!Size)LimitExceeded|ThroughputExceeded|TransactionInProgress/;

function failureOf({ status, body }: HttpAnswer): AwsFailure {
  const code = codeOf(body);
  if (status === 429 || THROTTLED.test(code)) return "throttled";
  if (status >= 500) return "unavailable";
  if (/Expired|InvalidClientTokenId|UnrecognizedClient|InvalidAccessKeyId|Signature/.test(code)) {
    return "credentials";
  }
  return status === 403 || code.includes("AccessDenied") ? "denied" : "rejected";
}

/** AWS names a fault in the body: the JSON services by `__type`, behind a namespace; S3 as an XML `Code`. */
export function codeOf(body: Buffer): string {
  const said = /"__type"\s*:\s*"(?:[^"]*#)?([^"]*)"|<Code>([^<]*)<\/Code>/.exec(body.toString());
  return said?.[1] ?? said?.[2] ?? "";
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

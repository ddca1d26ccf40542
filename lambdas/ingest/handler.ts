import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from "aws-lambda";

import type { AwsFailure, StoreOutcome } from "../domain/aws-failure.ts";
import { encodeEnvelope } from "../domain/envelope.ts";
import type { Envelope } from "../domain/envelope.ts";
import { CAUSE_DIMENSION, METRICS, QUEUE } from "../settings.ts";
import type { AllowListSettings, AuthMode } from "../settings.ts";
import type { LineLogger } from "../telemetry/line-logger.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { AllowList } from "./allow-list.ts";
import { authenticate } from "./authenticate.ts";
import type { Verdict } from "./authenticate.ts";
import type { CredentialCache } from "./credential-cache.ts";
import { receivedBody } from "./received-body.ts";
import type { ReceivedBody } from "./received-body.ts";

/** What ingest needs of the world. */
export interface IngestDependencies {
  readonly authMode: AuthMode;
  readonly credentials: CredentialCache;
  readonly allowList: AllowList;
  readonly allowListMode: AllowListSettings["mode"];
  readonly queue: { send(message: string, deadline: number): Promise<StoreOutcome> };
  readonly payloads: {
    put(key: string, bytes: Uint8Array, deadline: number): Promise<StoreOutcome>;
  };
  /** From the request to the answer, in milliseconds. */
  readonly budgetMs: number;
  readonly now: () => number;
  readonly metrics: Metrics;
  readonly logger: LineLogger;
}

type Answer = APIGatewayProxyStructuredResultV2;

/**
 * Receives one webhook (steps 2 and 3 of docs/architecture.md):
 *
 * 1. count, or refuse, an address that is not Alloy's;
 * 2. authenticate over the bytes as they came;
 * 3. put one envelope into the queue, a body too large for it into the bucket first;
 * 4. answer 200 only now: it means stored.
 */
export function makeIngestHandler(
  deps: IngestDependencies,
): (event: APIGatewayProxyEventV2) => Promise<Answer> {
  return async (event) => {
    const receivedAt = deps.now();
    const deadline = receivedAt + deps.budgetMs;
    const receipt = { receiptId: event.requestContext.requestId };

    if (!deps.allowList(event.requestContext.http.sourceIp)) {
      deps.metrics.count(METRICS.addressesUnlisted);
      if (deps.allowListMode === "enforce") return answer(403, {}, receipt);
    }

    const body = receivedBody(event.body, event.isBase64Encoded);
    const verdict = await judge(event, body, deadline);
    if (typeof verdict === "object") return notStored(verdict.failure);
    if (verdict !== "authentic") {
      deps.metrics.count(METRICS.credentialsRejected);
      if (verdict === "unconfigured") deps.metrics.count(METRICS.credentialsMissing);
      return answer(401, CHALLENGE, { ...receipt, verdict });
    }

    const outcome = await store(event, body, receivedAt, deadline);
    if (!outcome.stored) return notStored(outcome.cause);
    deps.metrics.count(METRICS.webhooksReceived);
    return answer(200, {}, {});

    function notStored(cause: AwsFailure): Answer {
      deps.metrics.count(METRICS.storesFailed);
      deps.metrics.count(METRICS.storesFailed, 1, { [CAUSE_DIMENSION]: cause });
      deps.logger.error("ingest.store.failed", { ...receipt, cause });
      return answer(503, RETRY, receipt);
    }
  };

  function answer(
    statusCode: number,
    headers: Readonly<Record<string, string>>,
    properties: Readonly<Record<string, string>>,
  ): Answer {
    deps.metrics.flush(properties);
    return { statusCode, headers: { "content-type": "application/json", ...headers }, body: "{}" };
  }

  async function judge(
    event: APIGatewayProxyEventV2,
    body: ReceivedBody,
    deadline: number,
  ): Promise<Verdict | "unconfigured" | { readonly failure: AwsFailure }> {
    // API Gateway's JWT authorizer has judged before it invoked us.
    if (deps.authMode === "jwt") return "authentic";
    const authorization = authorizationOf(event.headers);
    const known = await deps.credentials.current(deadline);
    if ("failure" in known) return known;
    const verdict = authenticate(authorization, body.bytes, known.credentials);
    // What can match no secret does not have the secret read again.
    const again = verdict === "mismatched" ? await deps.credentials.refreshed(deadline) : undefined;
    const { credentials } = again !== undefined && "credentials" in again ? again : known;
    if (credentials.basic.length + credentials.hmac.length === 0) return "unconfigured";
    return again === undefined ? verdict : authenticate(authorization, body.bytes, credentials);
  }

  async function store(
    event: APIGatewayProxyEventV2,
    body: ReceivedBody,
    receivedAt: number,
    deadline: number,
  ): Promise<StoreOutcome> {
    const { requestId, http } = event.requestContext;
    const envelope: Envelope = {
      v: 1,
      kind: "webhook",
      receiptId: requestId,
      receivedAt,
      body: body.text,
      ...(body.encoding === "base64" && { bodyEncoding: body.encoding }),
      payloadKey: null,
      sourceIp: http.sourceIp,
    };
    const message = encodeEnvelope(envelope);
    if (Buffer.byteLength(message) <= QUEUE.maxMessageBytes)
      return deps.queue.send(message, deadline);

    const payloadKey = `webhooks/${new Date(receivedAt).toISOString().slice(0, 10)}/${requestId}`;
    const put = await deps.payloads.put(payloadKey, body.bytes, deadline);
    if (!put.stored) return put;
    return deps.queue.send(encodeEnvelope({ ...envelope, body: null, payloadKey }), deadline);
  }
}

/** Names Basic, the scheme that every Alloy account has; a signature has no scheme to name. */
const CHALLENGE = { "www-authenticate": 'Basic realm="alloy-webhooks", charset="UTF-8"' };

/** In seconds. Alloy has its own schedule; whatever stands between us may read this. */
const RETRY = { "retry-after": "1" };

/** API Gateway joins repeated headers with a comma, which no credential contains. */
function authorizationOf(
  headers: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const values = Object.entries(headers).filter(([name]) => name.toLowerCase() === "authorization");
  return values.length === 1 ? values[0]?.[1] : undefined;
}

import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from "aws-lambda";

import type { AwsFailure } from "../domain/aws-failure.ts";
import type { PayloadBucket } from "../domain/event/claim-check.ts";
import { readTraceparent, traceparentOfXRay } from "../domain/event/trace-context.ts";
import type { AllowListSettings } from "../settings/ingest-settings.ts";
import { CAUSE_DIMENSION, METRICS } from "../settings/metrics.ts";
import { PROBE } from "../settings/probe.ts";
import type { LineLogger } from "../telemetry/line-logger.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { AllowList } from "./allow-list.ts";
import type { Authorize } from "./authorize.ts";
import { receivedBody } from "./received-body.ts";
import { storeWebhook } from "./store-webhook.ts";
import type { EnvelopeQueue } from "./store-webhook.ts";

/** What ingest needs of the world. */
export interface IngestDependencies {
  readonly allowList: AllowList;
  readonly allowListMode: AllowListSettings["mode"];
  readonly authorize: Authorize;
  readonly queue: EnvelopeQueue;
  readonly payloads: PayloadBucket;
  /** From the request to the answer, in milliseconds. */
  readonly budgetMs: number;
  /** Whether it counts a stored webhook. Else a metric filter does, over the access log (docs/decisions/0078). */
  readonly countsStored: boolean;
  readonly now: () => number;
  /** What Lambda says of the invocation's trace, in X-Ray's words. @default - nothing */
  readonly xRay?: () => string | undefined;
  readonly metrics: Metrics<"ingest">;
  readonly logger: LineLogger;
}

type Answer = APIGatewayProxyStructuredResultV2;
type Strings = Readonly<Record<string, string>>;

/** Names Basic, the scheme that every Alloy account has; a signature has no scheme to name. */
const CHALLENGE: Strings = { "www-authenticate": 'Basic realm="alloy-webhooks", charset="UTF-8"' };

/** In seconds. Alloy has its own schedule; whatever stands between us may read this. */
const RETRY: Strings = { "retry-after": "1" };

/**
 * Receives one webhook (steps 2 and 3 of docs/architecture.md):
 *
 * 1. count an address that is not Alloy's;
 * 2. authenticate over the bytes as they came; refuse such an address when the stage says so: 403; refuse who is not
 *    authentic: 401;
 * 3. put one envelope into the queue, a body too large for it into the bucket first, or ask Alloy to
 *    try again: 503;
 * 4. answer 200 only now: it means stored.
 *
 * An authentic probe of `ops rotate` ends after step 2, with 204: it is not stored, and it is no webhook to any count.
 *
 * It never throws.
 */
export function makeIngestHandler(
  deps: IngestDependencies,
): (event: APIGatewayProxyEventV2) => Promise<Answer> {
  function answer(statusCode: number, headers: Strings = {}, properties: Strings = {}): Answer {
    deps.metrics.flush(properties);
    return { statusCode, headers: { "content-type": "application/json", ...headers }, body: "{}" };
  }

  function notStored(receiptId: string, cause: AwsFailure | "defect"): Answer {
    deps.metrics.count(METRICS.storesFailed);
    deps.metrics.count(METRICS.storesFailed, 1, { [CAUSE_DIMENSION]: cause });
    deps.logger.error("ingest.store.failed", { receiptId, cause });
    return answer(503, RETRY, { receiptId });
  }

  async function receive(event: APIGatewayProxyEventV2): Promise<Answer> {
    const { headers, body: rawBody, isBase64Encoded, requestContext } = event;
    const { requestId: receiptId, http } = requestContext;
    const { sourceIp } = http;
    const receivedAt = deps.now();
    const deadline = receivedAt + deps.budgetMs;

    const isListed = deps.allowList(sourceIp);
    const body = receivedBody(rawBody, isBase64Encoded);
    const authorizer = "authorizer" in requestContext ? requestContext.authorizer : undefined;
    const verdict = await deps.authorize({ headers, body: body.bytes, authorizer, deadline });
    const isProbe = verdict === "authentic" && body.text === PROBE.body;
    if (!isListed && !isProbe) deps.metrics.count(METRICS.addressesUnlisted);
    if (!isListed && deps.allowListMode === "enforce") {
      // Alloy under a new address: it counts this towards its switch-off, and no stranger has its credential.
      if (verdict === "authentic" && !isProbe) deps.metrics.count(METRICS.alloyRefused);
      return answer(403, {}, { receiptId });
    }
    if (typeof verdict === "object") return notStored(receiptId, verdict.failure);
    if (verdict !== "authentic") {
      deps.metrics.count(METRICS.credentialsRejected);
      if (verdict === "unconfigured" || verdict === "unchecked") {
        deps.metrics.count(METRICS.credentialsMissing);
      }
      if (verdict === "unchecked") deps.logger.error("ingest.token.missing", { receiptId });
      return answer(401, CHALLENGE, { receiptId, verdict });
    }

    if (isProbe) return { statusCode: PROBE.status };

    // The caller's own trace, if there is one, goes on.
    const traceparent = readTraceparent(headers["traceparent"]) ?? traceparentOfXRay(deps.xRay?.());
    const webhook = { receiptId, receivedAt, sourceIp, body, traceparent };
    const outcome = await storeWebhook(deps, webhook, deadline);
    if (!outcome.stored) return notStored(receiptId, outcome.cause);
    if (deps.countsStored) deps.metrics.count(METRICS.webhooksReceived);
    return answer(200);
  }

  return async (event) => {
    try {
      return await receive(event);
    } catch (error) {
      // Lambda would log what is thrown out of here, and its message may quote the body.
      const { requestId: receiptId } = event.requestContext;
      const name = error instanceof Error ? error.constructor.name : typeof error;
      deps.logger.error("ingest.request.broken", { receiptId, error: name });
      return notStored(receiptId, "defect");
    }
  };
}

import type { APIGatewayProxyEventV2 } from "aws-lambda";

import { TIMEOUTS_MS } from "../../../lambdas/settings/limits.ts";
import type { WebhookAnswer } from "../../../tools/alloy-simulator/deliveries.ts";
import { requestOf } from "../../../tools/cloud-in-memory/builders.ts";
import type { AlloysRequest } from "./alloy.ts";
import { faultKey } from "../faults/faults.ts";
import type { Functions } from "./functions.ts";
import type { World } from "./world.ts";

const WAY_IN = ["request-lost", "answer-lost", "gateway-throttled"] as const;

/** One in so many bodies comes as base64: API Gateway decides that by headers that are Alloy's to choose. */
const AS_BASE64 = 0.15;

/**
 * API Gateway, and the network before it.
 *
 * @param isCredentialKnown - whether the credential of Alloy's has been live for long enough to be known everywhere.
 */
export function makeGateway(
  { clock, faults, story, random, isOut, cloud, observer }: World,
  ingest: Functions["ingest"],
  isCredentialKnown: () => boolean,
) {
  let requests = 0;

  return async (request: AlloysRequest): Promise<WebhookAnswer> => {
    requests += 1;
    const receiptId = `receipt-${requests}`;
    observer.requests.set(receiptId, request.event);
    const fault = faults.draw("gateway.request", WAY_IN, request.subject);
    if (fault !== null) story.tell("gateway", `FAULT ${fault.kind} at ${faultKey(fault)}`);
    if (fault?.kind === "request-lost") {
      return fault.amount < 0.5 ? never() : { failure: "connection refused" };
    }
    const status = fault?.kind === "gateway-throttled" ? 429 : await statusOf(receiptId, request);
    // API Gateway counts what it throttles as 4xx; nothing else of ours does.
    if (status !== 429) cloud.deliveries.note(status, clock.now());
    story.tell("gateway", `answers ${status} to ${request.subject} (${receiptId})`);
    return fault?.kind === "answer-lost" ? never() : { status };
  };

  async function statusOf(receiptId: string, request: AlloysRequest): Promise<number> {
    if (isOut("ingest")) return 500;
    const wasKnown = isCredentialKnown();
    const status = await new Promise<number>((resolve) => {
      const timeout = clock.after(TIMEOUTS_MS.integration, () => resolve(503));
      ingest.invoke(eventOf(receiptId, request), request.subject, (outcome) => {
        clock.cancel(timeout);
        if (outcome.kind !== "answered") resolve(outcome.kind === "throttled" ? 503 : 500);
        else resolve(outcome.result.statusCode ?? 500);
      });
    });
    if (status === 200 && !observer.queued.has(receiptId)) {
      observer.violate("lost", `${receiptId} was answered 200 and is not in the queue`);
    }
    if (status >= 400 && status < 500 && status !== 401) {
      observer.violate("lost", `${receiptId} was answered ${status}, and could have been stored`);
    }
    if (status === 401 && wasKnown && isCredentialKnown()) {
      observer.violate("lost", `${receiptId} was refused, and its credential is live`);
    }
    return status;
  }

  function eventOf(requestId: string, { headers, body }: AlloysRequest): APIGatewayProxyEventV2 {
    const isBase64Encoded = random.chance(AS_BASE64);
    return requestOf({
      headers,
      requestId,
      body: isBase64Encoded ? Buffer.from(body).toString("base64") : body,
      isBase64Encoded,
    });
  }
}

/** A request without an answer: Alloy gives up by itself. One for all would remember who waits for it, in all worlds. */
async function never(): Promise<WebhookAnswer> {
  return new Promise(() => {});
}

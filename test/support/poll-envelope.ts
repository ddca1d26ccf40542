import type { Envelope } from "../../lambdas/domain/event/envelope.ts";

/** An envelope as the poller makes it. */
export function aPollEnvelope(body: string): Envelope {
  return {
    v: 1,
    kind: "poll",
    receiptId: "poll-1/JA-1/0",
    receivedAt: 1_760_000_000_000,
    body,
    payloadKey: null,
    sourceIp: null,
  };
}

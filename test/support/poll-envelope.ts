import type { Envelope } from "../../lambdas/domain/event/envelope.ts";

/** The envelope of a webhook, unless said otherwise. */
export function anEnvelope(changes: Partial<Envelope> = {}): Envelope {
  return {
    v: 1,
    kind: "webhook",
    receiptId: "receipt-1",
    receivedAt: 1_760_000_000_000,
    body: null,
    payloadKey: null,
    sourceIp: null,
    ...changes,
  };
}

/** An envelope as the poller makes it. */
export const aPollEnvelope = (body: string) =>
  anEnvelope({ kind: "poll", receiptId: "poll-1/JA-1/0", body });

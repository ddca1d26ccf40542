import type { StoreOutcome } from "../domain/aws-failure.ts";
import { claimOf, fitsQueue, payloadKeyOf } from "../domain/event/claim-check.ts";
import type { PayloadBucket } from "../domain/event/claim-check.ts";
import { encodeEnvelope } from "../domain/event/envelope.ts";
import type { Envelope } from "../domain/event/envelope.ts";
import { PAYLOAD_PREFIXES } from "../settings/names.ts";
import type { ReceivedBody } from "./received-body.ts";

/** The event queue: takes what `encodeEnvelope` made. Deadlines are epoch milliseconds. */
export interface EnvelopeQueue {
  send(message: string, deadline: number): Promise<StoreOutcome>;
}

/** A webhook on its way into the queue. */
export interface ReceivedWebhook {
  readonly receiptId: string;
  /** Epoch milliseconds. */
  readonly receivedAt: number;
  readonly sourceIp: string;
  readonly body: ReceivedBody;
  /** Null: the request belongs to no trace. */
  readonly traceparent: string | null;
}

/**
 * Puts a webhook into the queue: with its body, or with the key under which the body has been put into
 * the bucket before. A body without its message is removed by the bucket's lifecycle; there is never
 * a message without its body.
 */
export async function storeWebhook(
  ports: { readonly queue: EnvelopeQueue; readonly payloads: PayloadBucket },
  webhook: ReceivedWebhook,
  deadline: number,
): Promise<StoreOutcome> {
  const { body, receiptId, receivedAt, sourceIp, traceparent } = webhook;
  const envelope: Envelope = {
    v: 1,
    kind: "webhook",
    receiptId,
    receivedAt,
    body: body.text,
    ...(body.encoding === "base64" && { bodyEncoding: body.encoding }),
    payloadKey: null,
    sourceIp,
    ...(traceparent !== null && { traceparent }),
  };
  const message = encodeEnvelope(envelope);
  if (fitsQueue(message)) return ports.queue.send(message, deadline);

  const payloadKey = payloadKeyOf(PAYLOAD_PREFIXES.webhook, envelope);
  const put = await ports.payloads.put(payloadKey, body.bytes, deadline);
  if (!put.stored) return put;
  return ports.queue.send(encodeEnvelope(claimOf(envelope, payloadKey)), deadline);
}

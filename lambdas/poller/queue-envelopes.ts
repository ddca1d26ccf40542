import { claimOf, fitsQueue, payloadKeyOf } from "../domain/event/claim-check.ts";
import type { PayloadBucket } from "../domain/event/claim-check.ts";
import { encodeEnvelope } from "../domain/event/envelope.ts";
import type { Envelope } from "../domain/event/envelope.ts";
import { traceparentOfXRay } from "../domain/event/trace-context.ts";
import type { EventQueue } from "../domain/polling/polling-ports.ts";
import type { Refusal } from "../domain/refusal.ts";
import { POLLER } from "../settings/limits.ts";
import { PAYLOAD_PREFIXES } from "../settings/names.ts";

export interface QueueEnvelopesDependencies {
  readonly queue: EventQueue;
  readonly payloads: PayloadBucket;
  readonly now: () => number;
  /** What Lambda says of the run's trace, in X-Ray's words. @default - nothing */
  readonly xRay?: () => string | undefined;
}

/** An envelope that could not be queued. */
export interface RefusedEnvelope extends Refusal {
  readonly receiptId: string;
}

/**
 * Queues envelopes so that none of them holds the others: the body of one that no message can hold goes into the
 * payload bucket before it, as ingest's does.
 *
 * @returns those that could not be queued, and why.
 * @throws TransientError when nobody knows what the queue took.
 */
export async function queueEnvelopes(
  envelopes: readonly Envelope[],
  { queue, payloads, now, xRay }: QueueEnvelopesDependencies,
): Promise<readonly RefusedEnvelope[]> {
  const traceparent = traceparentOfXRay(xRay?.());
  const refused: RefusedEnvelope[] = [];
  const ready: Envelope[] = [];
  for (const untraced of envelopes) {
    const envelope = traceparent === null ? untraced : { ...untraced, traceparent };
    const { body } = envelope;
    if (body === null || fitsQueue(encodeEnvelope(envelope))) {
      ready.push(envelope);
      continue;
    }
    const payloadKey = payloadKeyOf(PAYLOAD_PREFIXES.poll, envelope);
    const bytes = new TextEncoder().encode(body);
    const put = await payloads.put(payloadKey, bytes, now() + POLLER.payloadMs);
    if (put.stored) ready.push(claimOf(envelope, payloadKey));
    else refused.push(refusalOf(envelope, `the payload bucket did not take it: ${put.cause}`));
  }
  const answers = await queue.send(ready);
  for (const [index, envelope] of ready.entries()) {
    // An answer that is too short does not say that the envelope was taken.
    const refusal = answers[index];
    if (refusal === null) continue;
    const { receiptId } = envelope;
    refused.push(
      refusal === undefined
        ? refusalOf(envelope, "the queue said nothing of it")
        : { ...refusal, receiptId },
    );
  }
  return refused;
}

function refusalOf({ receiptId }: Envelope, reason: string): RefusedEnvelope {
  return { kind: "transient", receiptId, reason };
}

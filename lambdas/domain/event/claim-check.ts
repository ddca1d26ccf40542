import { QUEUE } from "../../settings/limits.ts";
import type { StoreOutcome } from "../aws-failure.ts";
import type { Envelope } from "./envelope.ts";

/** The bucket for bodies that no message can hold. Deadlines are epoch milliseconds. */
export interface PayloadBucket {
  put(key: string, bytes: Uint8Array, deadline: number): Promise<StoreOutcome>;
}

/** Whether the queue takes a message of ours, and leaves room for the reason should it be dead-lettered. */
export function fitsQueue(message: string): boolean {
  const most = QUEUE.maxMessageBytes - QUEUE.reasonRoomBytes;
  // No character takes more than three bytes per unit of a string.
  return message.length * 3 <= most || new TextEncoder().encode(message).length <= most;
}

/** Where a body stands in the payload bucket. @param prefix - one of `PAYLOAD_PREFIXES`. */
export function payloadKeyOf(prefix: string, { receivedAt, receiptId }: Envelope): string {
  return `${prefix}${new Date(receivedAt).toISOString().slice(0, 10)}/${receiptId}`;
}

/** The envelope with the key of its body in place of the body. */
export function claimOf(envelope: Envelope, payloadKey: string): Envelope {
  const { bodyEncoding: _, ...claim } = envelope;
  return { ...claim, body: null, payloadKey };
}

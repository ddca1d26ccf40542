import { encodeEnvelope } from "../domain/event/envelope.ts";
import type { Envelope } from "../domain/event/envelope.ts";
import type { EventQueue } from "../domain/polling/polling-ports.ts";
import type { Refusal } from "../domain/refusal.ts";
import { QUEUE, SEND_MESSAGE_BATCH } from "../settings/limits.ts";
import { sendEach } from "./batch-calls.ts";

/** One message of a `SendMessageBatch`; `Id` is its own within the call. */
export interface MessageEntry {
  readonly Id: string;
  readonly MessageBody: string;
}

/** What `SendMessageBatch` answers; a service may leave out anything. */
export interface SendMessageBatchAnswer {
  readonly Successful?: readonly { readonly Id?: string | undefined }[] | undefined;
  readonly Failed?:
    | readonly {
        readonly Id?: string | undefined;
        readonly Code?: string | undefined;
        readonly SenderFault?: boolean | undefined;
      }[]
    | undefined;
}

/** What of `SendMessageBatch` is used, by the queue of AWS and by its doubles. */
export interface SendMessages {
  readonly sendBatch: (entries: readonly MessageEntry[]) => Promise<SendMessageBatchAnswer>;
  readonly sleep: (ms: number) => Promise<void>;
}

const UNNAMED: Refusal = {
  kind: "transient",
  reason: "the answer of the queue does not say what became of it",
};

/**
 * `EventQueue` on a queue, of SQS or its double in memory. No message holds another: one is sent only when `Successful` names
 * it; any other is sent again by itself, and only what SQS calls the sender's fault then is permanent.
 */
export class BatchEventQueue implements EventQueue {
  readonly #queue: SendMessages;

  constructor(queue: SendMessages) {
    this.#queue = queue;
  }

  async send(envelopes: readonly Envelope[]): Promise<readonly (Refusal | null)[]> {
    const { sendBatch, sleep } = this.#queue;
    const messages = envelopes.map((envelope, index) => ({
      Id: String(index),
      MessageBody: encodeEnvelope(envelope),
    }));
    return sendEach(messages, {
      what: "Queueing events",
      mostEntries: SEND_MESSAGE_BATCH.mostEntries,
      // The messages of one call together may not be larger than one; ours have no attributes.
      mostBytes: QUEUE.maxMessageBytes,
      bytesOf: ({ MessageBody }) => Buffer.byteLength(MessageBody),
      again: "alone",
      sleep,
      async send(group) {
        const { Successful = [], Failed = [] } = await sendBatch(group);
        return group.map(({ Id }) => {
          const failed = Failed.find((one) => one.Id === Id);
          if (failed === undefined) return Successful.some((one) => one.Id === Id) ? null : UNNAMED;
          const isOurs = failed.SenderFault === true && group.length === 1;
          return { kind: isOurs ? "permanent" : "transient", reason: failed.Code ?? "unknown" };
        });
      },
    });
  }
}

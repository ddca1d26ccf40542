import { SendMessageBatchCommand } from "@aws-sdk/client-sqs";
import type { SQSClient } from "@aws-sdk/client-sqs";

import { encodeEnvelope } from "../domain/envelope.ts";
import type { Envelope } from "../domain/envelope.ts";
import { TransientError } from "../domain/errors.ts";
import type { EventQueue } from "../domain/polling-ports.ts";
import { QUEUE } from "../settings.ts";
import { translateAwsError } from "./aws-error.ts";

/** What one `SendMessageBatch` takes; its messages together must not exceed the limit of one. */
const MESSAGES_PER_CALL = 10;

/** `EventQueue` on SQS. */
export class SqsEventQueue implements EventQueue {
  readonly #client: SQSClient;
  readonly #queueUrl: string;

  constructor(client: SQSClient, queueUrl: string) {
    this.#client = client;
    this.#queueUrl = queueUrl;
  }

  async send(envelopes: readonly Envelope[]): Promise<void> {
    for (const messages of batchesOf(envelopes.map((envelope) => encodeEnvelope(envelope)))) {
      const refused = await this.#sendBatch(messages);
      if (refused.length > 0) {
        throw new TransientError(
          `The event queue refused ${refused.length} of ${messages.length} messages: ${refused.join(", ")}.`,
        );
      }
    }
  }

  async #sendBatch(messages: readonly string[]): Promise<readonly string[]> {
    try {
      const { Failed = [] } = await this.#client.send(
        new SendMessageBatchCommand({
          QueueUrl: this.#queueUrl,
          Entries: messages.map((MessageBody, index) => ({ Id: String(index), MessageBody })),
        }),
      );
      return Failed.map(({ Code }) => Code ?? "unknown");
    } catch (error) {
      throw translateAwsError("Queueing events", error);
    }
  }
}

function batchesOf(messages: readonly string[]): readonly (readonly string[])[] {
  const batches: string[][] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = Buffer.byteLength(message);
    const last = batches.at(-1);
    if (
      last === undefined ||
      last.length === MESSAGES_PER_CALL ||
      bytes + size > QUEUE.maxMessageBytes
    ) {
      batches.push([message]);
      bytes = size;
    } else {
      last.push(message);
      bytes += size;
    }
  }
  return batches;
}

import { reasonBeside } from "../domain/event/dead-letter-reason.ts";
import type { DeadLetters, QueueMessages } from "../domain/ports.ts";
import { QUEUE } from "../settings/limits.ts";
import { isRefused, translateAwsError } from "./aws-error.ts";
import type { SqsOperations } from "./aws-operations.ts";

/** `DeadLetters` on SQS: the message as it came, with the reason as an attribute. */
export class SqsDeadLetters implements DeadLetters {
  readonly #client: SqsOperations;
  readonly #queueUrl: string;

  constructor(client: SqsOperations, queueUrl: string) {
    this.#client = client;
    this.#queueUrl = queueUrl;
  }

  async send(queueMessage: string, reason: string): Promise<void> {
    const attribute = reasonBeside(queueMessage, reason);
    try {
      await this.#send(queueMessage, attribute);
    } catch (error) {
      // The message matters more than its reason, which the log has too.
      if (attribute === null || !isRefused(error)) throw translated(error);
      await this.#send(queueMessage, null).catch((again: unknown) => {
        throw translated(again);
      });
    }
  }

  async #send(MessageBody: string, reason: string | null): Promise<void> {
    const { MessageId } = await this.#client.sendMessage({
      QueueUrl: this.#queueUrl,
      MessageBody,
      ...(reason !== null && {
        MessageAttributes: {
          [QUEUE.reasonAttribute]: { DataType: "String", StringValue: reason },
        },
      }),
    });
    if (MessageId === undefined) throw new Error("the answer of the queue names no message");
  }
}

function translated(error: unknown): Error {
  return translateAwsError("Dead-lettering a record", error);
}

/** `QueueMessages` on SQS. */
export class SqsQueueMessages implements QueueMessages {
  readonly #client: SqsOperations;
  readonly #queueUrl: string;

  constructor(client: SqsOperations, queueUrl: string) {
    this.#client = client;
    this.#queueUrl = queueUrl;
  }

  async retryAfter(receiptHandle: string, seconds: number): Promise<void> {
    try {
      await this.#client.changeMessageVisibility({
        QueueUrl: this.#queueUrl,
        ReceiptHandle: receiptHandle,
        VisibilityTimeout: seconds,
      });
    } catch (error) {
      throw translateAwsError("Shortening a message's wait", error);
    }
  }
}

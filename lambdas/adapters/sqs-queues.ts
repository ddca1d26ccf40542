import { ChangeMessageVisibilityCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import type { SQSClient } from "@aws-sdk/client-sqs";

import type { DeadLetters, QueueMessages } from "../domain/ports.ts";
import { QUEUE } from "../settings.ts";
import { translateAwsError } from "./aws-error.ts";

/** `DeadLetters` on SQS: the message as it came, with the reason as an attribute. */
export class SqsDeadLetters implements DeadLetters {
  readonly #client: SQSClient;
  readonly #queueUrl: string;

  constructor(client: SQSClient, queueUrl: string) {
    this.#client = client;
    this.#queueUrl = queueUrl;
  }

  async send(queueMessage: string, reason: string): Promise<void> {
    try {
      await this.#client.send(
        new SendMessageCommand({
          QueueUrl: this.#queueUrl,
          MessageBody: queueMessage,
          MessageAttributes: {
            [QUEUE.reasonAttribute]: { DataType: "String", StringValue: reason },
          },
        }),
      );
    } catch (error) {
      throw translateAwsError("Dead-lettering a record", error);
    }
  }
}

/** `QueueMessages` on SQS. */
export class SqsQueueMessages implements QueueMessages {
  readonly #client: SQSClient;
  readonly #queueUrl: string;

  constructor(client: SQSClient, queueUrl: string) {
    this.#client = client;
    this.#queueUrl = queueUrl;
  }

  async retryAfter(receiptHandle: string, seconds: number): Promise<void> {
    try {
      await this.#client.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl: this.#queueUrl,
          ReceiptHandle: receiptHandle,
          VisibilityTimeout: seconds,
        }),
      );
    } catch (error) {
      throw translateAwsError("Shortening a message's wait", error);
    }
  }
}

import type { StoreOutcome } from "../../domain/aws-failure.ts";
import { builtins } from "../../lazy-builtins.ts";
import type { AwsClient } from "./aws-client.ts";

/** Puts encoded envelopes into the event queue, one `SendMessage` each. */
export class SqsEnvelopeQueue {
  readonly #call: AwsClient;
  readonly #queueUrl: string;
  readonly #endpoint: URL;

  /**
   * @param endpoint - the service's; by default where the queue's URL points, in any partition.
   */
  constructor(call: AwsClient, queueUrl: string, endpoint: string | undefined) {
    this.#call = call;
    this.#queueUrl = queueUrl;
    this.#endpoint = new URL("/", endpoint ?? queueUrl);
  }

  /**
   * @param message - what `encodeEnvelope` made: SQS takes each of its characters.
   * @param deadline - epoch milliseconds.
   * @returns stored only when SQS has named the message and returned the digest of these very bytes.
   */
  async send(message: string, deadline: number): Promise<StoreOutcome> {
    const digest = builtins.crypto.hash("md5", message);
    const answer = await this.#call({
      service: "sqs",
      method: "POST",
      url: this.#endpoint,
      headers: {
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": "AmazonSQS.SendMessage",
      },
      body: JSON.stringify({ QueueUrl: this.#queueUrl, MessageBody: message }),
      deadline,
      read: ({ body }) =>
        body.includes('"MessageId"') && body.includes(digest) ? true : undefined,
    });
    return "failure" in answer ? { stored: false, cause: answer.failure } : { stored: true };
  }
}

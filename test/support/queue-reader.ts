import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
} from "@aws-sdk/client-sqs";
import type { SQSClient } from "@aws-sdk/client-sqs";
import { onTestFinished } from "vitest";

/**
 * Makes a queue and reads it for a consumer that takes events over HTTP, as a Lambda function's event source does: by long
 * polling, up to ten messages at a time, which are deleted in one call once the consumer has taken them. It ends with the
 * test.
 *
 * @param consumer - where each message's body is posted.
 * @returns the queue's URL, and how many messages were deleted so far.
 */
export async function aQueueReadFor(
  consumer: string,
  { sqs, name }: { readonly sqs: SQSClient; readonly name: string },
): Promise<{ readonly queueUrl: string; readonly deleted: () => number }> {
  const { QueueUrl = "" } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
  const ended = new AbortController();
  let deleted = 0;

  async function isTaken(Body: string): Promise<boolean> {
    const { ok } = await fetch(consumer, { method: "POST", body: Body });
    return ok;
  }

  async function read(): Promise<void> {
    while (!ended.signal.aborted) {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 5 }),
        { abortSignal: ended.signal },
      );
      const taken = await Promise.all(Messages.map(({ Body = "" }) => isTaken(Body)));
      const Entries = Messages.filter((_, index) => taken[index]).map(
        ({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }),
      );
      if (Entries.length === 0) continue;
      const { Successful = [] } = await sqs.send(
        new DeleteMessageBatchCommand({ QueueUrl, Entries }),
      );
      deleted += Successful.length;
    }
  }

  const reading = read().catch((error: unknown) => {
    if (!ended.signal.aborted) throw error;
  });
  onTestFinished(async () => {
    ended.abort();
    await reading;
  });
  return { queueUrl: QueueUrl, deleted: () => deleted };
}

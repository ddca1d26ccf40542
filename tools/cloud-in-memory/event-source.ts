import type { SQSBatchResponse, SQSEvent } from "aws-lambda";

import type { MemoryQueue, ReceivedMessage } from "./queue.ts";

/** A batch as Lambda hands it over. */
export function sqsEventOf(messages: readonly ReceivedMessage[]): SQSEvent {
  return {
    Records: messages.map((message) => ({
      messageId: message.messageId,
      receiptHandle: message.receiptHandle,
      body: message.body,
      attributes: {
        ApproximateReceiveCount: String(message.receives),
        SentTimestamp: String(message.sentAt),
        SenderId: "",
        ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt),
      },
      messageAttributes: Object.fromEntries(
        Object.entries(message.attributes).map(([name, stringValue]) => [
          name,
          { stringValue, dataType: "String" },
        ]),
      ),
      md5OfBody: "",
      eventSource: "aws:sqs",
      eventSourceARN: "",
      awsRegion: "",
    })),
  };
}

/** The messages of a batch that Lambda deletes; none, when the failures name a message that is not of the batch. */
export function doneOf(
  messages: readonly ReceivedMessage[],
  failures: SQSBatchResponse["batchItemFailures"],
): readonly ReceivedMessage[] {
  const failed = new Set(failures.map(({ itemIdentifier }) => itemIdentifier));
  const done = messages.filter(({ messageId }) => !failed.has(messageId));
  return done.length + failed.size === messages.length ? done : [];
}

/** What Lambda does with the consumer's answer. */
export function settleBatch(
  queue: MemoryQueue,
  messages: readonly ReceivedMessage[],
  { batchItemFailures }: SQSBatchResponse,
): void {
  for (const { receiptHandle } of doneOf(messages, batchItemFailures)) queue.delete(receiptHandle);
}

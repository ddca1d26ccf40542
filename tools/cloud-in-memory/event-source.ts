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

/**
 * What Lambda does with the consumer's answer: it deletes what is not to be retried. An answer that
 * names a message that is not of the batch, or none, retries the whole batch.
 */
export function settleBatch(
  queue: MemoryQueue,
  messages: readonly ReceivedMessage[],
  { batchItemFailures }: SQSBatchResponse,
): void {
  const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
  const ids = new Set(messages.map(({ messageId }) => messageId));
  if ([...failed].some((id) => !ids.has(id))) return;
  for (const { messageId, receiptHandle } of messages) {
    if (!failed.has(messageId)) queue.delete(receiptHandle);
  }
}

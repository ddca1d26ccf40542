import { setTimeout as sleepFor } from "node:timers/promises";

import { SendMessageBatchCommand } from "@aws-sdk/client-sqs";
import type { SQSClient } from "@aws-sdk/client-sqs";

import { BatchEventQueue } from "./send-messages.ts";

/** `EventQueue` on SQS. */
export class SqsEventQueue extends BatchEventQueue {
  /** @param sleep - for so many ms. @default - real time */
  constructor(
    client: SQSClient,
    queueUrl: string,
    sleep: (ms: number) => Promise<void> = sleepFor,
  ) {
    super({
      sleep,
      sendBatch: (entries) =>
        client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: [...entries] })),
    });
  }
}

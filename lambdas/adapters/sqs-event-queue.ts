import { setTimeout as sleepFor } from "node:timers/promises";

import type { SqsOperations } from "./aws-operations.ts";
import { BatchEventQueue } from "./send-messages.ts";

/** `EventQueue` on SQS. */
export class SqsEventQueue extends BatchEventQueue {
  /** @param sleep - for so many ms. @default - real time */
  constructor(
    client: SqsOperations,
    queueUrl: string,
    sleep: (ms: number) => Promise<void> = sleepFor,
  ) {
    super({
      sleep,
      sendBatch: (entries) =>
        client.sendMessageBatch({ QueueUrl: queueUrl, Entries: [...entries] }),
    });
  }
}

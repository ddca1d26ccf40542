import { randomUUID } from "node:crypto";

import { QUEUE } from "../../lambdas/settings/limits.ts";
import {
  MemoryDeadLetters,
  MemoryEnvelopeQueue,
  MemoryEventQueue,
  MemoryQueueMessages,
} from "../../tools/cloud-in-memory/queue-ports.ts";
import { MemoryQueue } from "../../tools/cloud-in-memory/queue.ts";
import { describeQueues, MOST_RECEIVES } from "./queues.ts";

describeQueues("in memory", async () => {
  const options = {
    now: Date.now,
    newId: randomUUID,
    retentionMs: 60_000,
    visibilityMs: 60_000,
  };
  const deadLetters = new MemoryQueue(options);
  const events = new MemoryQueue({
    ...options,
    deadLetters: { queue: deadLetters, maxReceives: MOST_RECEIVES },
  });
  return {
    envelopes: new MemoryEnvelopeQueue(events),
    events: new MemoryEventQueue(events),
    deadLetters: new MemoryDeadLetters(deadLetters),
    messages: new MemoryQueueMessages(events),
    receive: async (from) =>
      (from === "events" ? events : deadLetters).receive().map(({ attributes, ...message }) => ({
        ...message,
        reason: attributes[QUEUE.reasonAttribute],
      })),
    remove: async (receiptHandle) => events.delete(receiptHandle),
    close: async () => {},
  };
});

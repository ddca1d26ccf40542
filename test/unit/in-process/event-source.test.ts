import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import { expect, it, vi } from "vitest";
import { startEventSource } from "../../../tools/in-process/event-source.ts";
import { makeMemoryCloud } from "../../../tools/cloud-in-memory/cloud.ts";

const DONE: SQSBatchResponse = { batchItemFailures: [] };

/** A queue with so many messages, and the mapping that hands them to this consumer. */
function start(messages: number, consume: (batch: SQSEvent) => Promise<SQSBatchResponse>) {
  const { events } = makeMemoryCloud({ now: Date.now });
  for (let number = 0; number < messages; number += 1) events.send(`message ${number}`);
  const failures: unknown[] = [];
  const stop = startEventSource({
    queue: events,
    newConsumer: () => consume,
    onFailure: (error) => failures.push(error),
  });
  return { events, failures, stop };
}

it("hands over all that is in the queue, ten messages at a time at most", async () => {
  const sizes: number[] = [];

  const { events, stop } = start(25, async ({ Records }) => {
    sizes.push(Records.length);
    return DONE;
  });
  await vi.waitFor(() => expect(events.messages()).toEqual([]));
  await stop();

  expect(sizes).toEqual([10, 10, 5]);
});

it("leaves in the queue what is given back", async () => {
  const { events, stop } = start(3, async ({ Records }) => ({
    batchItemFailures: [{ itemIdentifier: Records[1]?.messageId ?? "" }],
  }));
  await vi.waitFor(() => expect(events.messages()).toHaveLength(1));
  await stop();

  expect(events.messages()).toMatchObject([{ body: "message 1", receives: 1 }]);
});

it("leaves the whole batch in the queue when its invocation throws, and goes on", async () => {
  const broken = new Error("broken");
  let invocations = 0;

  const { events, failures, stop } = start(11, async () => {
    invocations += 1;
    if (invocations === 1) throw broken;
    return DONE;
  });
  await vi.waitFor(() => expect(events.messages()).toHaveLength(10));
  await stop();

  expect(failures).toEqual([broken]);
});

it("ends when what was under way is done", async () => {
  const release = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  const { events, stop } = start(1, async () => {
    started.resolve();
    await release.promise;
    return DONE;
  });
  await started.promise;

  const stopped = stop();
  release.resolve();
  await stopped;

  expect(events.messages()).toEqual([]);
});

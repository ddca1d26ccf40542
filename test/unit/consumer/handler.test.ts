import { describe, expect, test } from "vitest";

import { PermanentError, TransientError } from "../../../lambdas/domain/errors.ts";
import { aConsumer, idempotencyWith } from "../../support/consumer.ts";
import { batchOf, received, webhookOf } from "../../../tools/cloud-in-memory/builders.ts";
import { changedWebhook } from "../../support/parsed-webhook.ts";

const START = Date.UTC(2026, 10, 23, 20);
const of = (type: string, token: string, after = 0) => webhookOf(type, token, START + after);

const REFUSED = { kind: "permanent", reason: "MalformedDetail" } as const;
const THROTTLED = { kind: "transient", reason: "ThrottlingException" } as const;

describe("a batch", () => {
  test("gives ten copies of one webhook one effect", async () => {
    const consumer = aConsumer();

    const answer = await consumer.receive(...Array(10).fill(of("pending_review", "JA-1")));

    expect(answer.batchItemFailures).toEqual([]);
    expect(consumer.published).toHaveLength(1);
    expect(consumer.store.events.size).toBe(1);
  });

  test("gives the same webhook in a message of its own no second effect (key = message id)", async () => {
    const consumer = aConsumer();
    await consumer.receive(of("pending_review", "JA-1"));

    await consumer.receive(of("pending_review", "JA-1"));

    expect(consumer.published).toHaveLength(1);
  });

  test("publishes an application's events in the order of their time", async () => {
    const consumer = aConsumer();

    await consumer.receive(
      of("completed_application", "JA-1", 2_000),
      of("pending_review", "JA-1", 1_000),
      of("started_application", "JA-1"),
    );

    expect(consumer.published.map(({ eventType }) => eventType)).toEqual([
      "started_application",
      "pending_review",
      "completed_application",
    ]);
  });

  test("merges the events of one application together, and each has its effect and its number", async () => {
    const consumer = aConsumer();
    const merges: number[] = [];
    consumer.faults.on("mergeEach", (call, steps) => {
      merges.push(steps.length);
      return call();
    });
    consumer.faults.on("mergeState", async () => {
      throw new Error("one by one");
    });

    const answer = await consumer.receive(
      of("pending_review", "JA-1", 1_000),
      of("started_application", "JA-1"),
      of("completed_application", "JA-1", 2_000),
    );

    expect(merges).toEqual([3]);
    expect(answer.batchItemFailures).toEqual([]);
    expect(consumer.published.map(({ route, sequence, late }) => [route, sequence, late])).toEqual([
      ["progressed", 1, false],
      ["manual-review", 2, false],
      ["approved", 3, false],
    ]);
  });

  test("merges the others together when one event of an application cannot be recorded", async () => {
    const consumer = aConsumer();
    consumer.faults.on("recordEvent", async (call, event) => {
      if (event.type === "pending_review") throw new TransientError("Recording an event failed");
      return call();
    });

    const answer = await consumer.receive(
      of("started_application", "JA-1"),
      of("pending_review", "JA-1", 1_000),
      of("completed_application", "JA-1", 2_000),
    );

    expect(answer.batchItemFailures).toHaveLength(1);
    expect(consumer.published.map(({ route }) => route)).toEqual(["progressed", "approved"]);
  });

  test("merges one by one what cannot be merged together, so that one event's fault is its own", async () => {
    const consumer = aConsumer();
    const refuse = () => Promise.reject(new PermanentError("ValidationException"));
    consumer.faults.on("mergeEach", refuse);
    consumer.faults.on("mergeState", async (call, { progress }) =>
      progress?.status === "waiting_review" ? refuse() : call(),
    );

    const answer = await consumer.receive(
      of("started_application", "JA-1"),
      of("pending_review", "JA-1", 1_000),
      of("completed_application", "JA-1", 2_000),
    );

    expect(answer.batchItemFailures).toEqual([]);
    expect(consumer.deadLettered.map(({ reason }) => reason)).toEqual(["ValidationException"]);
    expect(consumer.published.map(({ route }) => route)).toEqual(["progressed", "approved"]);
  });

  test("tries each event again when their common merge fails for the moment; by then the older step is late", async () => {
    const consumer = aConsumer();
    // It was done, and its answer lost.
    consumer.faults.once("mergeEach", async (call) => {
      await call();
      throw new TransientError("Merging into an application's state failed");
    });
    const batch = batchOf([of("started_application", "JA-1"), of("pending_review", "JA-1", 1_000)]);

    const first = await consumer.process(batch);
    const second = await consumer.process(batch);

    expect([first, second].map(({ batchItemFailures }) => batchItemFailures.length)).toEqual([
      2, 0,
    ]);
    // As when each is merged by itself: what is tried again after a newer step is history.
    expect(consumer.published.map(({ route, sequence }) => [route, sequence])).toEqual([
      ["manual-review", 2],
    ]);
    expect(consumer.state("JA-1")?.startedAt).toBe(START);
  });

  test("dead-letters what nobody can read at once, and its neighbours go on (poison)", async () => {
    const consumer = aConsumer();

    const answer = await consumer.receive("not json", of("pending_review", "JA-1"));

    expect(answer.batchItemFailures).toEqual([]);
    expect(consumer.deadLettered.map(({ reason }) => reason)).toEqual([
      "the body is not JSON (8 characters)",
    ]);
    expect(consumer.published).toHaveLength(1);
  });

  test("dead-letters at once what the bus refuses for good, and retries only the copy that could not be dead-lettered", async () => {
    const deadLettered: string[] = [];
    const consumer = aConsumer({
      publisher: {
        publish: async (events) =>
          events.map(({ applicationToken }) => (applicationToken === "JA-2" ? REFUSED : null)),
      },
      deadLetters: {
        async send(_, reason) {
          if (deadLettered.length === 1) throw new Error("the dead-letter queue is full");
          deadLettered.push(reason);
        },
      },
    });
    const batch = batchOf(["JA-1", "JA-2", "JA-2"].map((token) => of("pending_review", token)));

    const { batchItemFailures } = await consumer.process(batch);

    expect(deadLettered).toEqual(["The bus did not take the event: MalformedDetail"]);
    expect(batchItemFailures).toEqual([{ itemIdentifier: batch.Records[2]?.messageId }]);
  });

  test("does not take an event for published of which the publisher says nothing", async () => {
    const consumer = aConsumer({ publisher: { publish: async () => [] } });
    const batch = batchOf([of("pending_review", "JA-1")]);

    const { batchItemFailures } = await consumer.process(batch);

    expect(batchItemFailures).toEqual([{ itemIdentifier: batch.Records[0]?.messageId }]);
  });

  test("retries only what the bus refused (partial failures)", async () => {
    const consumer = aConsumer({
      publisher: {
        publish: async (events) =>
          events.map(({ applicationToken }) => (applicationToken === "JA-2" ? THROTTLED : null)),
      },
    });
    const batch = batchOf(["JA-1", "JA-2", "JA-3"].map((token) => of("pending_review", token)));

    const { batchItemFailures } = await consumer.process(batch);

    expect(batchItemFailures).toEqual([{ itemIdentifier: batch.Records[1]?.messageId }]);
  });

  test("returns a list, not an error, when every record fails (full batch failure)", async () => {
    const consumer = aConsumer({
      publisher: { publish: () => Promise.reject(new TransientError("the bus is down")) },
    });

    const { batchItemFailures } = await consumer.receive(
      ...["JA-1", "JA-2"].map((token) => of("pending_review", token)),
    );

    expect(batchItemFailures).toHaveLength(2);
    expect(consumer.waits).toEqual([5, 5]);
  });

  test("brings an event in conflict back within seconds", async () => {
    const consumer = aConsumer({
      idempotency: idempotencyWith({ begin: async () => "in-conflict" }),
    });

    const batch = received(batchOf([of("pending_review", "JA-1")]), 2);
    const { batchItemFailures } = await consumer.process(batch);

    expect(batchItemFailures).toHaveLength(1);
    expect(consumer.waits).toEqual([10]);
  });

  test("drops what configuration ignores, and keeps nothing of it", async () => {
    const consumer = aConsumer();

    const { batchItemFailures } = await consumer.receive(of("visited_node", "JA-1"));

    expect(batchItemFailures).toEqual([]);
    expect(consumer.store.events.size + consumer.store.applications.size).toBe(0);
  });

  test("records a late step and does not publish it", async () => {
    const consumer = aConsumer();
    await consumer.receive(of("completed_application", "JA-1", 9_000));

    await consumer.receive(of("pending_review", "JA-1"));

    expect(consumer.store.events.size).toBe(2);
    expect(consumer.published.map(({ route }) => route)).toEqual(["approved"]);
  });

  test("records a shadow application's events and publishes none", async () => {
    const consumer = aConsumer();

    await consumer.receive(
      changedWebhook(of("completed_application", "JA-1"), { is_shadow_app: true }),
    );

    expect(consumer.store.events.size).toBe(1);
    expect(consumer.published).toEqual([]);
  });

  test("dead-letters unreadable records concurrently: one after the other, a queue that hangs would use up the batch's time", async () => {
    let underWay = 0;
    let most = 0;
    const consumer = aConsumer({
      deadLetters: {
        async send() {
          underWay += 1;
          most = Math.max(most, underWay);
          await new Promise(setImmediate);
          underWay -= 1;
        },
      },
    });

    await consumer.receive("not json", "not json either", "nor this");

    expect(most).toBe(3);
  });

  test("records no failure when the event is published and only its completion could not be saved", async () => {
    const consumer = aConsumer({
      idempotency: idempotencyWith({
        complete: () => Promise.reject(new TransientError("The lock could not be updated.")),
      }),
    });

    const answer = await consumer.receive(of("pending_review", "JA-1"));

    expect(answer.batchItemFailures).toHaveLength(1);
    expect(consumer.store.failures.size).toBe(0);
  });
});

test("an event that a correction was published for is recorded when the poller brings it, and not published again", async () => {
  const body = of("completed_application", "JA-1");
  const idempotency = idempotencyWith({ begin: async () => "duplicate" });
  const consumer = aConsumer({ idempotency });

  await consumer.copy(body);
  await consumer.copy(body);

  expect([consumer.store.events.size, consumer.published.length]).toEqual([1, 0]);
});

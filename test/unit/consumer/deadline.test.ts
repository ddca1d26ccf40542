import type { Context, SQSEvent } from "aws-lambda";
import { describe, expect, test } from "vitest";

import { TransientError } from "../../../lambdas/domain/errors.ts";
import { TIMEOUTS_MS } from "../../../lambdas/settings/limits.ts";
import {
  MemoryIdempotency,
  MemoryIdempotencyTable,
} from "../../../tools/cloud-in-memory/idempotency.ts";
import { MemoryApplicationTable } from "../../../tools/cloud-in-memory/application-table.ts";
import { aConsumer, idempotencyWith, routesWithout } from "../../support/consumer.ts";
import type { TestConsumer } from "../../support/consumer.ts";
import {
  batchOf,
  lambdaContext,
  received,
  webhookOf,
} from "../../../tools/cloud-in-memory/builders.ts";
import { Clock } from "../../../tools/cloud-in-memory/clock.ts";

const START = Date.UTC(2026, 10, 23, 20);
const of = (token: string, after = 0) => webhookOf("pending_review", token, START + after);
const idsOf = ({ Records }: SQSEvent, ...indexes: readonly number[]) =>
  indexes.map((index) => ({ itemIdentifier: Records[index]?.messageId }));
const hang = async () => new Promise<never>(() => {});

/** An invocation that begins now and that Lambda would end after its time-out. */
function invocation(time: Clock): Context {
  const deadline = time.now() + TIMEOUTS_MS.consumer;
  return lambdaContext(() => deadline - time.now());
}

/** A consumer in virtual time. Its answer to a batch comes when Lambda would end the invocation, at the latest. */
function aTimedConsumer(changes: Parameters<typeof aConsumer>[0] = {}, time = new Clock(START)) {
  const consumer = aConsumer({ schedule: time.schedule, now: time.now, ...changes });
  const begin = (batch: SQSEvent) => consumer.process(batch, invocation(time));
  const process = async (batch: SQSEvent) => {
    const answer = begin(batch);
    await time.advance(TIMEOUTS_MS.consumer);
    return answer;
  };
  return { ...consumer, time, begin, process };
}

/** Has the table never answer one method for one application. */
function hangIn(
  { faults }: TestConsumer,
  method: "recordEvent" | "mergeState" | "clearFailure",
  token = "JA-1",
): void {
  const unlessOf =
    <Result>(call: () => Promise<Result>) =>
    async (applicationToken: string | null) =>
      applicationToken === token ? hang() : call();
  if (method === "recordEvent") {
    faults.on(method, (call, event) => unlessOf(call)(event.applicationToken));
  } else if (method === "mergeState") {
    faults.on(method, (call, state) => unlessOf(call)(state.applicationToken));
  } else faults.on(method, (call, applicationToken) => unlessOf(call)(applicationToken));
}

describe("an invocation with a call that never ends", () => {
  const large = { v: 1, kind: "webhook", receiptId: "receipt-large", receivedAt: START };
  const inBucket = JSON.stringify({ ...large, body: null, payloadKey: "large", sourceIp: null });
  const cases: readonly (readonly [
    string,
    string,
    "recordEvent" | "mergeState" | null,
    Parameters<typeof aConsumer>[0],
  ])[] = [
    ["recording the event", of("JA-1"), "recordEvent", {}],
    ["merging it", of("JA-1"), "mergeState", {}],
    ["reading a large body", inBucket, null, { payloads: { read: hang } }],
    ["dead-lettering it", "not json", null, { deadLetters: { send: hang } }],
    ["giving it back, too", of("JA-1"), "mergeState", { messages: { retryAfter: hang } }],
  ];

  test.each(cases)(
    "retries that record in time, and its neighbour has its effect: %s",
    async (_, body, method, hanging) => {
      const consumer = aTimedConsumer(hanging);
      const { time } = consumer;
      if (method !== null) hangIn(consumer, method);
      const [first, second] = batchOf([of("JA-2"), of("JA-3")]).Records;
      if (first === undefined || second === undefined) throw new Error("unreachable");
      const own = body === inBucket ? { ...first, body } : (batchOf([body]).Records[0] ?? first);
      const batch = { Records: [own, second] };

      const answer = consumer.begin(batch);
      let answeredAt = Number.POSITIVE_INFINITY;
      let timersLeft = Number.POSITIVE_INFINITY;
      void answer.finally(() => {
        answeredAt = time.now();
        timersLeft = time.timers();
      });
      await time.advance(TIMEOUTS_MS.consumer);

      expect(answeredAt - START).toBeLessThan(TIMEOUTS_MS.consumer);
      expect((await answer).batchItemFailures).toEqual(idsOf(batch, 0));
      expect(consumer.published.map(({ applicationToken }) => applicationToken)).toEqual(["JA-3"]);
      expect(timersLeft).toBe(0);
    },
  );

  test("retries everything that waits for a bus that never answers, each after a short delay", async () => {
    const consumer = aTimedConsumer({ publisher: { publish: hang } });
    const batch = batchOf([of("JA-1"), of("JA-2")]);

    const { batchItemFailures } = await consumer.process(batch);

    expect(batchItemFailures).toEqual(idsOf(batch, 0, 1));
    expect(consumer.waits).toEqual([5, 5]);
  });

  test("retries a published event when the delete of its failure record hangs: the next try is a duplicate", async () => {
    const consumer = aTimedConsumer();
    hangIn(consumer, "clearFailure");
    const batch = batchOf([of("JA-1")]);

    const first = await consumer.process(received(batch, 2));
    const second = await consumer.process(batch);

    expect(first.batchItemFailures).toEqual(idsOf(batch, 0));
    expect(second.batchItemFailures).toEqual([]);
    expect(consumer.published).toHaveLength(1);
  });

  test("retries the later events of an application when a call for an earlier one hangs", async () => {
    const consumer = aTimedConsumer();
    hangIn(consumer, "recordEvent");
    const batch = batchOf([of("JA-1"), of("JA-1", 1_000), of("JA-2")]);

    const { batchItemFailures } = await consumer.process(batch);

    expect(batchItemFailures).toEqual(idsOf(batch, 0, 1));
    expect(consumer.published).toHaveLength(1);
  });
});

/** Two sandboxes on the same tables; the first one's merge ends when it is told to. */
function twoSandboxes(how: "succeeds" | "fails") {
  const time = new Clock(START);
  const records = new MemoryIdempotencyTable();
  const store = new MemoryApplicationTable();
  const late = Promise.withResolvers<void>();
  const sandbox = () =>
    aTimedConsumer({ idempotency: new MemoryIdempotency(records, time.now), store }, time);
  const first = sandbox();
  first.faults.on("mergeState", async (merge) => {
    await late.promise;
    if (how === "fails") throw new TransientError("timed out");
    return merge();
  });
  return { time, records, late, first, second: sandbox() };
}

test.each(["succeeds", "fails"] as const)(
  "a call that ends after the answer neither publishes nor releases the lock of another invocation: it %s late",
  async (how) => {
    const { time, records, late, first, second } = twoSandboxes(how);
    const batch = batchOf([of("JA-1")]);
    const { batchItemFailures } = await first.process(batch);

    await time.advance(5_000);
    await second.begin(batch);
    late.resolve();
    await time.advance(1_000);
    await second.begin(batch);

    expect(batchItemFailures).toEqual(idsOf(batch, 0));
    expect([...records.records.values()].map(({ status }) => status)).toEqual(["completed"]);
    expect([first.published.length, second.published.length]).toEqual([0, 1]);
  },
);

describe("a preparation that ends between the publication and the answer", () => {
  /** The merge of `JA-1` takes so long once; `JA-2` is usual. */
  function aSlowConsumer(changes: Parameters<typeof aConsumer>[0] = {}) {
    const consumer = aTimedConsumer(changes);
    const { time } = consumer;
    const putRight = consumer.faults.on("mergeState", async (merge, { applicationToken }) => {
      if (applicationToken !== "JA-1") return merge();
      putRight();
      await time.sleep(TIMEOUTS_MS.consumer / 2 + 1_000);
      return merge();
    });
    return { ...consumer, now: time.now };
  }

  test("does not delay a neighbour without an event to publish", async () => {
    const completedAt: number[] = [];
    const idempotency = idempotencyWith({
      async complete() {
        completedAt.push(consumer.now());
      },
    });
    const consumer = aSlowConsumer({ idempotency });
    const approved = webhookOf("completed_application", "JA-2", START + 9_000);
    await consumer.process(batchOf([approved]));
    const startedAt = consumer.now();

    // The review of JA-2 is late: it is recorded and not published. It may have failed before, so it has an idempotency record.
    await consumer.process(received(batchOf([of("JA-1"), of("JA-2")]), 2));

    expect(completedAt).toEqual([START, startedAt]);
  });

  test("is not published, and releases its lock: the next try publishes it", async () => {
    const { process, published, waits, store } = aSlowConsumer();
    const batch = batchOf([of("JA-1"), of("JA-2")]);

    const first = await process(batch);
    const second = await process(batch);

    expect(first.batchItemFailures).toEqual(idsOf(batch, 0));
    expect(second.batchItemFailures).toEqual([]);
    expect(published.map(({ applicationToken }) => applicationToken)).toEqual(["JA-2", "JA-1"]);
    expect([waits, store.failures.size]).toEqual([[5], 0]);
  });

  test("is acknowledged when it has nothing to publish", async () => {
    const settings = { routes: routesWithout("manual-review") };
    const { process, store } = aSlowConsumer({ settings });

    const { batchItemFailures } = await process(batchOf([of("JA-1"), of("JA-2")]));

    expect(batchItemFailures).toEqual([]);
    expect(store.events.size).toBe(2);
  });
});

test("a lock that comes after the answer has no effect: of an idempotency record", async () => {
  const lock = Promise.withResolvers<void>();
  const begin = async () => lock.promise.then(() => "begun" as const);
  const consumer = aTimedConsumer({ idempotency: idempotencyWith({ begin }) });
  await consumer.process(received(batchOf([of("JA-1")]), 2));

  lock.resolve();
  await consumer.time.advance(1_000);

  expect([consumer.store.events.size, consumer.published.length]).toEqual([0, 0]);
});

test("a lock that comes after the answer has no effect: of the event's own record", async () => {
  const lock = Promise.withResolvers<void>();
  const consumer = aTimedConsumer();
  consumer.faults.on("recordEvent", async (record) => lock.promise.then(record));
  await consumer.process(batchOf([of("JA-1")]));

  lock.resolve();
  await consumer.time.advance(1_000);

  const { applications, events } = consumer.store;
  expect([events.size, applications.size, consumer.published.length]).toEqual([1, 0, 0]);
});

test("a frozen sandbox publishes nothing that was prepared after the deadline", async () => {
  let remainingMs: number = TIMEOUTS_MS.consumer;
  const consumer = aConsumer();
  const { store } = consumer;
  consumer.faults.on("mergeState", async (merge) => {
    remainingMs = 5_000;
    return merge();
  });
  const batch = batchOf([of("JA-1")]);

  const { batchItemFailures } = await consumer.process(
    batch,
    lambdaContext(() => remainingMs),
  );

  expect(batchItemFailures).toEqual(idsOf(batch, 0));
  expect([consumer.published.length, store.failures.size]).toEqual([0, 0]);
});

test("a frozen sandbox that wakes after the deadline publishes nothing: all its records are retried", async () => {
  let remainingMs: number = TIMEOUTS_MS.consumer;
  const timers: (() => void)[] = [];
  const consumer = aConsumer({
    schedule(_, task) {
      timers.push(task);
      return () => {};
    },
  });
  hangIn(consumer, "mergeState", "JA-2");
  const batch = batchOf([of("JA-1"), of("JA-2")]);
  const answer = consumer.process(
    batch,
    lambdaContext(() => remainingMs),
  );
  await new Promise((resolve) => setImmediate(resolve));

  // It wakes when all of its moments have passed.
  remainingMs = 2_000;
  for (const wake of timers) wake();

  expect((await answer).batchItemFailures).toEqual(idsOf(batch, 0, 1));
  await new Promise((resolve) => setImmediate(resolve));
  expect(consumer.published).toEqual([]);
});

test("a table that throttles is left alone for longer with every try", async () => {
  const consumer = aConsumer();
  consumer.faults.on("recordEvent", () => Promise.reject(new TransientError("throttled")));
  const batch = batchOf([of("JA-1")]);

  for (const receives of [1, 2, 3, 4, 5]) await consumer.process(received(batch, receives));

  expect(consumer.waits).toEqual([5, 30, 180, 600, 1_800]);
});

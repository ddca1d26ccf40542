import type { SQSEvent } from "aws-lambda";
import { describe, expect, test } from "vitest";

import { TransientError } from "../../../lambdas/domain/errors.ts";
import { TIMEOUTS_MS } from "../../../lambdas/settings/limits.ts";
import { MemoryApplicationTable } from "../../../tools/cloud-in-memory/application-table.ts";
import { batchOf, received, webhookOf } from "../../../tools/cloud-in-memory/builders.ts";
import { aroundCalls } from "../../../tools/cloud-in-memory/faults.ts";
import {
  MemoryIdempotency,
  MemoryIdempotencyTable,
} from "../../../tools/cloud-in-memory/idempotency.ts";
import { aConsumer } from "../../support/consumer.ts";
import type { TestConsumer } from "../../support/consumer.ts";

const START = Date.UTC(2026, 10, 23, 20);
const TOKEN = "JA-exampleLockedRecord";
const review = webhookOf("pending_review", TOKEN, START);
const approved = webhookOf("completed_application", TOKEN, START + 9_000);

/** Consumers of one stage at one clock, each a sandbox of its own, and the calls of their idempotency table. */
function aStage() {
  let time = START + 60_000;
  const now = () => time;
  const table = new MemoryIdempotencyTable();
  const calls: string[] = [];
  const records = aroundCalls(table, (method, call) => {
    calls.push(method);
    return call();
  });
  const store = new MemoryApplicationTable();
  const sandbox = () => aConsumer({ store, idempotency: new MemoryIdempotency(records, now), now });
  return {
    table,
    store,
    calls,
    sandbox,
    /** An invocation that was at work is over. */
    passInvocation: () => {
      time += TIMEOUTS_MS.consumer + 1;
    },
  };
}

/** Another delivery: a message of its own, or the same one once more. */
function delivery(webhook: string, receives = 1, of: SQSEvent = batchOf([webhook])): SQSEvent {
  const batch = received(of, receives);
  const records = batch.Records.map((record) => ({
    ...record,
    receiptHandle: `${record.messageId}-${receives}`,
  }));
  return { Records: records };
}

/** Alloy's third attempt to deliver it. */
function sentAgain(webhook: string): string {
  const { timestamp, ...rest } = JSON.parse(webhook);
  return JSON.stringify({ ...rest, timestamp: timestamp + 60_000 });
}

/** Kills the sandbox in its next merge, before that has done anything. */
async function killedInMerge(consumer: TestConsumer, batch: SQSEvent): Promise<void> {
  const killed = Promise.withResolvers<void>();
  consumer.faults.once("mergeState", () => {
    killed.resolve();
    return new Promise(() => {});
  });
  void consumer.process(batch);
  return killed.promise;
}

const types = (...consumers: readonly TestConsumer[]) =>
  consumers.flatMap(({ published }) => published.map(({ eventType }) => eventType));

describe("an event that comes for the first time", () => {
  test("is locked by its record: its idempotency record is written once, when the bus has it", async () => {
    const { sandbox, calls } = aStage();
    const consumer = sandbox();

    await consumer.receive(review);

    expect(types(consumer)).toEqual(["pending_review"]);
    expect(calls).toEqual(["complete"]);
  });

  test("is a duplicate in another message, at once and later", async () => {
    const stage = aStage();
    const consumer = stage.sandbox();
    await consumer.receive(review);

    const soon = await consumer.process(delivery(review));
    stage.passInvocation();
    const later = await consumer.process(delivery(review));

    expect([soon.batchItemFailures, later.batchItemFailures]).toEqual([[], []]);
    expect(types(consumer)).toEqual(["pending_review"]);
    expect(stage.calls).toEqual(["complete", "read", "read"]);
  });

  test("is left to the delivery that is at work, by another delivery and by another message", async () => {
    const { sandbox } = aStage();
    const [first, second] = [sandbox(), sandbox()];
    const own = batchOf([review]);
    await killedInMerge(first, delivery(review, 1, own));

    const again = await second.process(delivery(review, 2, own));
    const other = await second.process(delivery(review, 2));

    expect([again, other].map(({ batchItemFailures }) => batchItemFailures.length)).toEqual([1, 1]);
    expect(types(first, second)).toEqual([]);
  });

  test("is taken over by whichever comes next, once the invocation that has it is over", async () => {
    const { sandbox, passInvocation } = aStage();
    const [first, second] = [sandbox(), sandbox()];
    await killedInMerge(first, delivery(review));
    passInvocation();

    const { batchItemFailures } = await second.process(delivery(review, 2));

    expect(batchItemFailures).toEqual([]);
    expect(types(first, second)).toEqual(["pending_review"]);
  });

  test("is free at once, when the bus did not take it: another message publishes it", async () => {
    const { sandbox, store, calls } = aStage();
    const failing = aConsumerWithoutBus();
    await failing.process(delivery(review));
    const consumer = sandbox();

    const { batchItemFailures } = await consumer.process(delivery(review));

    expect(batchItemFailures).toEqual([]);
    expect(types(consumer)).toEqual(["pending_review"]);
    expect(calls).toContain("lock");
    expect([...store.events.values()].map(({ lock }) => lock?.until)).toEqual([0]);

    function aConsumerWithoutBus() {
      const down = () => Promise.reject(new TransientError("the bus is down"));
      return aConsumer({ store, publisher: { publish: down }, now: () => START + 60_000 });
    }
  });

  test("goes on when the answer to its write was lost: the record has this delivery's lock", async () => {
    const { sandbox, calls } = aStage();
    const consumer = sandbox();
    // The SDK tries again, and is refused by what it has written.
    consumer.faults.once("recordEvent", async (record) => {
      await record();
      return record();
    });

    const { batchItemFailures } = await consumer.receive(review);

    expect(batchItemFailures).toEqual([]);
    expect(types(consumer)).toEqual(["pending_review"]);
    expect(calls).toEqual(["complete"]);
  });

  test("asks for an idempotency record, when somebody else has numbered its effect", async () => {
    const { sandbox, store, table } = aStage();
    const consumer = sandbox();
    await consumer.receive(review);
    const [event] = store.events.values();
    if (event === undefined) throw new Error("the event is recorded");
    // As an answer of Alloy's that was published in its place, before it was ever recorded.
    await store.forgetEvent({ applicationToken: TOKEN, eventId: event.eventId });

    await consumer.process(delivery(review));

    expect(types(consumer)).toEqual(["pending_review"]);
    expect([...table.records.values()].map(({ status }) => status)).toEqual(["completed"]);
  });

  test("leaves no idempotency record where it comes late and is not published", async () => {
    const { sandbox, table, calls, passInvocation } = aStage();
    const consumer = sandbox();
    await consumer.receive(approved);

    await consumer.receive(review);
    const afterFirst = [...calls];
    passInvocation();
    await consumer.process(delivery(review));

    expect(afterFirst).toEqual(["complete"]);
    expect(types(consumer)).toEqual(["completed_application"]);
    // Whoever brings it again finds that nothing is known of it, and finds it late.
    expect(table.records.size).toBe(2);
  });

  test("is a duplicate in another message at once, where it came late and left no completion", async () => {
    const stage = aStage();
    const consumer = stage.sandbox();
    await consumer.receive(approved);
    await consumer.receive(review);

    const { batchItemFailures } = await consumer.process(delivery(review));

    expect(batchItemFailures).toEqual([]);
    expect(types(consumer)).toEqual(["completed_application"]);
    expect(stage.calls).toEqual(["complete", "read"]);
  });

  test("is a duplicate in a later attempt of Alloy's at once, where it came late and left no completion: it came back until the lock ended", async () => {
    const stage = aStage();
    const consumer = stage.sandbox();
    await consumer.receive(approved);
    await consumer.receive(review);

    const { batchItemFailures } = await consumer.process(delivery(sentAgain(review)));

    expect(batchItemFailures).toEqual([]);
    expect(types(consumer)).toEqual(["completed_application"]);
    // Whatever becomes of its first message, that finds no completion.
    expect([...stage.table.records.values()].map(({ status }) => status)).toEqual(["completed"]);
  });

  test("is merged by a later attempt of Alloy's, where it came late and its first message was killed before that", async () => {
    const stage = aStage();
    const [first, second] = [stage.sandbox(), stage.sandbox()];
    await second.receive(approved);
    await killedInMerge(first, delivery(review));
    const before = stage.store.applications.get(TOKEN)?.state.progress;

    const { batchItemFailures } = await second.process(delivery(sentAgain(review)));

    expect(batchItemFailures).toEqual([]);
    expect(types(first, second)).toEqual(["completed_application"]);
    expect(before).toBeNull();
    expect(stage.store.applications.get(TOKEN)?.state.progress).not.toBeNull();
  });

  test("comes back in a later attempt of Alloy's, where it is not late and its first message is at work", async () => {
    const { sandbox } = aStage();
    const [first, second] = [sandbox(), sandbox()];
    await killedInMerge(first, delivery(review));

    const { batchItemFailures } = await second.process(delivery(sentAgain(review)));

    expect(batchItemFailures).toHaveLength(1);
    expect(types(first, second)).toEqual([]);
  });

  test("is a duplicate in another message at once, where Alloy has to confirm it", async () => {
    const stage = aStage();
    const consumer = stage.sandbox();
    const error = webhookOf("error", TOKEN, START);
    await consumer.receive(error);

    const { batchItemFailures } = await consumer.process(delivery(error));

    expect(batchItemFailures).toEqual([]);
    expect(types(consumer)).toEqual([]);
    expect(stage.calls).toEqual(["complete", "read"]);
  });

  test("comes back, when its own message is delivered twice and the other delivery is at work on it, late as it is", async () => {
    const { sandbox } = aStage();
    const [first, second] = [sandbox(), sandbox()];
    await first.receive(approved);
    const own = batchOf([review]);
    await killedInMerge(first, delivery(review, 1, own));

    const { batchItemFailures } = await second.process(received(own, 1));

    // To acknowledge it would remove the message of which nothing is merged yet.
    expect(batchItemFailures).toHaveLength(1);
  });
});

test("a webhook that was recorded anew beside the record of its healed copy, and failed, leaves one record", async () => {
  const { sandbox, store, passInvocation } = aStage();
  const consumer = sandbox();
  await consumer.receive(approved);
  const [webhook] = store.events.values();
  if (webhook === undefined) throw new Error("the event is recorded");
  // Its record was given up for that of the poller's copy, under another id.
  const { payloadKey: _, ...report } = webhook;
  const healed = { ...report, applicationToken: TOKEN, eventId: "0".repeat(32) };
  const mark = { event: healed, lookAlikes: [], webhooks: [] };
  await store.markHealed(TOKEN, mark);
  await store.recordEvent({ ...webhook, eventId: healed.eventId, origin: "poll" });
  await store.forgetEvent({ applicationToken: TOKEN, eventId: webhook.eventId });
  const known = store.applications.get(TOKEN);
  if (known === undefined) throw new Error("the application is known");
  const check = { dueAt: START, when: "first" } as const;
  await store.mergeState({ ...known.state, healedUntil: webhook.at }, check);
  passInvocation();
  const own = batchOf([approved]);
  consumer.faults.once("mergeState", () => Promise.reject(new TransientError("throttled")));
  await consumer.process(delivery(approved, 1, own));
  const recorded = store.events.size;

  await consumer.process(delivery(approved, 2, own));

  expect([recorded, store.events.size]).toEqual([2, 1]);
  expect([...store.events.keys()]).toEqual([healed.eventId]);
});

test("a webhook that was recorded anew for a forgotten application, and failed, leaves no record behind", async () => {
  const { sandbox, store } = aStage();
  const consumer = sandbox();
  await consumer.receive(review);
  store.forget(TOKEN, START + 60_000);
  const own = batchOf([review]);
  consumer.faults.once("mergeState", async (merge) => {
    await merge();
    throw new TransientError("the answer was lost");
  });
  await consumer.process(delivery(review, 1, own));
  const recorded = store.events.size;

  await consumer.process(delivery(review, 2, own));

  expect([recorded, store.events.size]).toEqual([1, 0]);
});

test("a webhook of a forgotten application that is delivered twice at once leaves no record behind, when one delivery is killed", async () => {
  const { sandbox, store } = aStage();
  const [first, killed, other] = [sandbox(), sandbox(), sandbox()];
  await first.receive(review);
  store.forget(TOKEN, START + 60_000);
  const copy = batchOf([review]);
  await killedInMerge(killed, delivery(review, 1, copy));
  const recorded = store.events.size;

  const { batchItemFailures } = await other.process(received(copy, 1));

  expect(batchItemFailures).toEqual([]);
  expect([recorded, store.events.size]).toEqual([1, 0]);
});

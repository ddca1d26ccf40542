import { describe, expect, onTestFinished, test } from "vitest";

import { bareState } from "../../lambdas/domain/application/application-state.ts";
import { correctionBody } from "../../lambdas/domain/application/correction.ts";
import { makeConsumerHandler } from "../../lambdas/consumer/handler.ts";
import type { ApplicationStore } from "../../lambdas/domain/ports.ts";
import type { PublishedEvent } from "../../lambdas/domain/routing/published-event.ts";
import { EFFECTS } from "../../lambdas/settings/limits.ts";
import type { ConsumerSettings } from "../../lambdas/settings/consumer-settings.ts";
import { MemoryApplicationTable } from "../../tools/cloud-in-memory/application-table.ts";
import {
  batchOf,
  lambdaContext,
  received,
  webhookOf,
} from "../../tools/cloud-in-memory/builders.ts";
import { CONSUMER_SETTINGS, consumerOver } from "../../tools/cloud-in-memory/runtime.ts";
import { billOf } from "../../tools/cloud-in-memory/write-meter.ts";
import { envelopeBatchOf, pollBatchOf, routesWithout } from "../support/consumer.ts";
import { aCorrection } from "../support/snapshots.ts";
import { startDynamoDb } from "../support/dynalite.ts";

const TOKEN = "JA-numbersQ7cT2mLxR4vB9s";
const NOW = Date.UTC(2026, 10, 23, 20);

type Batch = ReturnType<typeof batchOf>;

interface Numbered {
  /** Processes a batch; the bus, or the record of what is done, may fail. */
  readonly process: (batch: Batch, fails?: "bus" | "completion") => Promise<void>;
  readonly published: readonly PublishedEvent[];
}

function numberedBy(store: ApplicationStore, settings: Partial<ConsumerSettings> = {}): Numbered {
  const published: PublishedEvent[] = [];
  let failing: "bus" | "completion" | undefined;
  let time = NOW + 60_000;
  const over = consumerOver({
    store,
    settings: { ...CONSUMER_SETTINGS, ...settings },
    now: () => time,
    publisher: {
      async publish(events) {
        if (failing === "bus") throw new Error("the bus is away");
        published.push(...events);
        return events.map(() => null);
      },
    },
  });
  const { idempotency } = over;
  const handle = makeConsumerHandler({
    ...over,
    idempotency: {
      begin: (key, ms) => idempotency.begin(key, ms),
      isCompleted: (key) => idempotency.isCompleted(key),
      release: (key) => idempotency.release(key),
      async complete(key) {
        // As a crash after the publication: a second try finds the event open.
        if (failing === "completion") return idempotency.release(key);
        return idempotency.complete(key);
      },
    },
  });
  const process = async (batch: Batch, fails?: "bus" | "completion") => {
    failing = fails;
    await handle(batch, lambdaContext());
    failing = undefined;
    // Whatever was locked by then is over.
    time += 60_000;
  };
  return { process, published };
}

const STORES = {
  "in memory": async () => new MemoryApplicationTable(),
  "on dynalite": async () => {
    const dynamo = await startDynamoDb();
    onTestFinished(dynamo.close);
    return dynamo.store;
  },
};

const NOTHING = bareState(TOKEN);

const event = (type: string, after: number) => webhookOf(type, TOKEN, NOW + after);
const numbers = (published: readonly PublishedEvent[]) => published.map(({ sequence }) => sequence);

describe.each(Object.entries(STORES))("the number of an effect, %s", (_, open) => {
  test("grows by one with each event of an application, and each application has its own", async () => {
    const { process, published } = numberedBy(await open());

    await process(batchOf([event("started_application", 0)]));
    await process(batchOf([webhookOf("started_application", `${TOKEN}x`, NOW)]));
    await process(batchOf([event("pending_review", 1_000), event("started_evaluation", 500)]));
    await process(batchOf([event("completed_application", 2_000)]));

    const own = published.filter(({ applicationToken }) => applicationToken === TOKEN);
    expect(own.map(({ eventType, sequence }) => [eventType, sequence])).toEqual([
      ["started_application", 1],
      ["started_evaluation", 2],
      ["pending_review", 3],
      ["completed_application", 4],
    ]);
    expect(published.find(({ applicationToken }) => applicationToken !== TOKEN)?.sequence).toBe(1);
  });

  test.each(["bus", "completion"] as const)(
    "is the same when the event is tried again after others, because the %s failed",
    async (fails) => {
      const { process, published } = numberedBy(await open());
      const first = batchOf([event("pending_review", 0)]);
      await process(first, fails);
      await process(batchOf([event("application_archived", 1_000)]));
      await process(batchOf([event("completed_application", 2_000)]), fails);
      await process(batchOf([event("completed_application", 2_000)]));

      await process(
        envelopeBatchOf({
          kind: "replay",
          receiptId: "again",
          body: event("pending_review", 0),
          force: true,
        }),
      );

      const of = (type: string) =>
        new Set(numbers(published.filter(({ eventType }) => eventType === type)));
      expect(of("application_archived")).toEqual(new Set([2]));
      expect(of("completed_application")).toEqual(new Set([3]));
      expect([...of("pending_review")].every((sequence) => sequence === 1)).toBe(true);
    },
  );

  test("is the same on a retry of a step, and of a note", async () => {
    const { process, published } = numberedBy(await open());
    const step = batchOf([event("started_application", 0)]);
    const note = batchOf([event("application_archived", 5_000)]);
    await process(step, "completion");
    await process(received(step, 2));
    await process(note, "completion");
    await process(received(note, 2));

    expect(numbers(published)).toEqual([1, 1, 2, 2]);
  });

  test("has no hole for what is recorded and not published", async () => {
    const { process, published } = numberedBy(await open(), {
      routes: routesWithout("progressed"),
    });
    await process(batchOf([event("started_application", 0)]));
    await process(batchOf([event("started_review", 5_000)]));
    // Late, and so history.
    await process(batchOf([event("pending_step_up", 1_000)]));
    // Only Alloy's answer can say it.
    await process(batchOf([event("error", 6_000)]));
    await process(batchOf([event("completed_application", 9_000)]));

    expect(numbers(published)).toEqual([1, 2]);
  });

  test("counts what the poller heals, and what only Alloy's answer says", async () => {
    const { process, published } = numberedBy(await open());
    await process(batchOf([event("started_application", 0)]));
    await process(pollBatchOf(event("pending_review", 1_000)));
    // The webhook comes after all, a millisecond off.
    await process(batchOf([event("pending_review", 1_001)]));
    const snapshot = { applicationToken: TOKEN, status: "expired", at: NOW + 9_000 } as const;
    await process(pollBatchOf(correctionBody(aCorrection(snapshot))));

    expect(published.map(({ eventType, sequence }) => [eventType, sequence])).toEqual([
      ["started_application", 1],
      ["pending_review", 2],
      ["snapshot", 3],
    ]);
  });

  test("is given once to each of many events that are processed at the same time", async () => {
    const store = await open();
    const { process, published } = numberedBy(store);
    const other = numberedBy(store);

    await Promise.all(
      Array.from({ length: 8 }, (__, index) =>
        (index % 2 === 0 ? process : other.process)(
          batchOf([event("application_archived", index * 10)]),
        ),
      ),
    );

    const all = [...numbers(published), ...numbers(other.published)];
    expect(new Set(all).size).toBe(all.length);
    expect(Math.max(...all.map(Number))).toBe(all.length);
  });

  test("is kept of each of very many effects", async () => {
    const store = await open();
    const { process, published } = numberedBy(store);
    const count = EFFECTS.most + 2 * EFFECTS.moved + 3;
    for (let index = 0; index < count; index += 1) {
      await process(batchOf([event("application_archived", index * 10)]));
    }

    for (const index of [0, EFFECTS.moved, count - 1]) {
      const body = event("application_archived", index * 10);
      await process(
        envelopeBatchOf({ kind: "replay", receiptId: `again-${index}`, body, force: true }),
      );
    }

    // Some have left the application's item, where it has a limit.
    const { effects } = (await store.readState(TOKEN)) ?? NOTHING;
    expect(effects.apart + effects.ids.length).toBe(count);
    expect(effects.apart).toBe(store instanceof MemoryApplicationTable ? 0 : 3 * EFFECTS.moved);
    expect(numbers(published)).toEqual([
      ...Array.from({ length: count }, (__, index) => index + 1),
      1,
      EFFECTS.moved + 1,
      count,
    ]);
  });
});

test("the number of an effect costs no write, and no read", async () => {
  const dynamo = await startDynamoDb();
  onTestFinished(dynamo.close);
  const { process, published } = numberedBy(dynamo.store);
  await process(batchOf([event("started_application", 0)]));

  const bill = await billOf(() => process(batchOf([event("pending_review", 1_000)])));

  // One for its record, one for the merge; its idempotency record is in memory here.
  expect(bill).toMatchObject({ items: 2, indexes: 0, reads: 0 });
  expect(numbers(published)).toEqual([1, 2]);
});

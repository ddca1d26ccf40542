import { HOUR } from "../../tools/cloud-in-memory/clock.ts";
import { afterAll, describe, expect, test } from "vitest";

import { startCountedConsumer } from "../../tools/cloud-in-memory/counted-consumer.ts";
import { batchOf, lambdaContext, webhookOf } from "../../tools/cloud-in-memory/builders.ts";
import { changedWebhook } from "../support/parsed-webhook.ts";
import { routesWithout } from "../support/consumer.ts";
import { billOf } from "../../tools/cloud-in-memory/write-meter.ts";

const START = Date.UTC(2026, 10, 23, 20);

/** Webhooks of an application, by their type and their time after the start. */
const eventsOf = (applicationToken: string) => (type: string, after: number) =>
  webhookOf(type, applicationToken, START + after);

const [quiet, usual] = [
  await startCountedConsumer(routesWithout("progressed")),
  await startCountedConsumer(),
];
afterAll(() => Promise.all([quiet.dynamo.close(), usual.dynamo.close()]));

test("what an event of a route that is not published is billed for is two write units and no read, and one as a duplicate", async () => {
  const bill = (webhook: string) =>
    billOf(async () => {
      await quiet.process(batchOf([webhook]), lambdaContext());
    });
  const of = eventsOf("JA-exampleBillQuiet00001");

  const first = await bill(of("started_application", 0));
  const further = await bill(of("started_evaluation", 1_000));
  const duplicate = await bill(of("started_evaluation", 1_000));

  expect([first, further, duplicate]).toEqual([
    { items: 2, indexes: 2, reads: 0 },
    { items: 2, indexes: 0, reads: 0 },
    { items: 1, indexes: 0, reads: 0 },
  ]);
});

describe("what the consumer is billed for", () => {
  const process = (...webhooks: readonly string[]) =>
    usual.process(batchOf(webhooks), lambdaContext());
  const bill = (...webhooks: readonly string[]) =>
    billOf(async () => {
      await process(...webhooks);
    });

  test("is four write units and no read for each event of an application after its first", async () => {
    const of = eventsOf("JA-exampleBillEach000001");
    await process(of("started_application", 0));

    const types = [
      "started_evaluation",
      "pending_review",
      "completed_review",
      "completed_branch",
      "reached_auto_decision_node",
      "completed_application",
    ];
    const bills = [];
    for (const [index, type] of types.entries())
      bills.push(await bill(of(type, 1_000 * (index + 1))));

    expect(bills).toEqual(types.map(() => ({ items: 3, indexes: 0, reads: 0 })));
  });

  test("is the two index entries more for the first event of an application, once in its life", async () => {
    const first = await bill(webhookOf("started_application", "JA-exampleBillFirst00001", START));

    expect(first).toEqual({ items: 3, indexes: 2, reads: 0 });
  });

  test("is one write unit and no read for a duplicate, an attempt of Alloy's a day later", async () => {
    const webhook = webhookOf("pending_review", "JA-exampleBillTwice00001", START);
    await process(webhook);
    const attempt = JSON.stringify({ ...JSON.parse(webhook), timestamp: START + 24 * HOUR });

    expect(await bill(attempt)).toEqual({ items: 1, indexes: 0, reads: 0 });
  });

  test("is a read as well for a copy of Alloy's first attempt", async () => {
    const webhook = webhookOf("pending_review", "JA-exampleBillCopied0001", START);
    await process(webhook);

    expect(await bill(webhook)).toEqual({ items: 1, indexes: 0, reads: 1 });
  });

  test("is no idempotency record for an event that comes after a newer one: it is not published", async () => {
    const of = eventsOf("JA-exampleBillLate000001");
    await process(of("started_application", 0));
    await process(of("completed_review", 2_000));

    const late = await bill(of("pending_review", 1_000));
    // This one changes what is kept: the application ended, but how it stood before was not known.
    await process(of("completed_application", 9_000));
    const lateAndNew = await bill(of("completed_branch", 3_000));

    expect(late).toEqual({ items: 2, indexes: 0, reads: 0 });
    expect(lateAndNew).toEqual({ items: 3, indexes: 0, reads: 0 });
  });

  test("is the move of the planned check more for an end that Alloy has to confirm", async () => {
    const of = eventsOf("JA-exampleBillError00001");
    await process(of("started_application", 0));

    expect(await bill(of("error", 1_000))).toEqual({ items: 3, indexes: 2, reads: 0 });
  });

  test("is no more once a Journey is renamed, an id is another one, or events name only some ids", async () => {
    const token = "JA-exampleBillNames00001";
    let after = 0;
    const next = (changes: object) => {
      after += 1_000;
      const webhook = webhookOf("reached_auto_decision_node", token, START + after);
      return changedWebhook(webhook, changes);
    };
    await process(next({ journey_name: "Zebra", external_group_id: "group-9" }));
    const named = [
      { journey_name: "Aardvark", external_group_id: "group-9" },
      { journey_name: "Zebra", external_group_id: "group-1" },
      { journey_name: "Zebra", external_group_id: null, external_partner_id: "partner-1" },
      { journey_name: "Zebra 2", external_group_id: "group-9" },
    ];
    for (const changes of named) await process(next(changes));

    const bills = [];
    for (const changes of named) bills.push(await bill(next(changes)));

    expect(bills).toEqual(named.map(() => ({ items: 3, indexes: 0, reads: 0 })));
  });

  test("is one write of the application for ten of its events in one batch", async () => {
    const of = eventsOf("JA-exampleBillTogether01");
    await process(of("started_application", 0));
    const types = [
      "started_evaluation",
      "completed_evaluation",
      "pending_review",
      "started_review",
      "completed_review",
      "completed_branch",
      "started_evaluation",
      "completed_evaluation",
      "reached_auto_decision_node",
      "completed_application",
    ];

    const together = await bill(...types.map((type, index) => of(type, 1_000 * (index + 1))));

    // A record and a completion each.
    expect(together).toEqual({ items: 2 * types.length + 1, indexes: 0, reads: 0 });
  });

  test("is one PutEvents for a batch of ten", async () => {
    const before = usual.busCalls();

    const tokens = Array.from({ length: 10 }, (_, index) => `JA-exampleBillBatch0000${index}`);
    await process(...tokens.map((token) => webhookOf("started_application", token, START)));

    expect(usual.busCalls() - before).toBe(1);
  });
});

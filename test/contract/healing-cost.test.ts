import { GetItemCommand } from "@aws-sdk/client-dynamodb";
import { expect, test } from "vitest";

import { DynamoDueApplications } from "../../lambdas/adapters/dynamo/dynamo-due-applications.ts";
import { encodeEnvelope } from "../../lambdas/domain/event/envelope.ts";
import { parseWebhook } from "../../lambdas/domain/event/parse-webhook.ts";
import { makePollerHandler } from "../../lambdas/poller/handler.ts";
import {
  alloyAnswer,
  alloyThatAnswers,
  batchOf,
  batchOfMessages,
  lambdaContext,
  webhookOf,
} from "../../tools/cloud-in-memory/builders.ts";
import { HOUR, MINUTE } from "../../tools/cloud-in-memory/clock.ts";
import { LIVES_BEGIN, startCountedConsumer } from "../../tools/cloud-in-memory/counted-consumer.ts";
import { pollerOver } from "../../tools/cloud-in-memory/runtime.ts";
import { billOf, itemSize } from "../../tools/cloud-in-memory/write-meter.ts";

const TOKEN = "JA-healingAAAAAAAAAAAAA";
const RATE = 5 * MINUTE;

function eventOf(webhook: string) {
  const parsed = parseWebhook(webhook);
  if (parsed.kind !== "journey-event") throw new Error("the fixture is a Journey event");
  return parsed.event;
}

/** Lets the poller run for three hours over one application, of which so many webhooks are lost, and the first one came. */
async function heal(lost: number, came: "none" | "all") {
  let now = LIVES_BEGIN;
  const consumer = await startCountedConsumer(undefined, { now: () => now });
  try {
    const { client, applicationTableName } = consumer.dynamo;
    const webhooks = [
      webhookOf("started_application", TOKEN, LIVES_BEGIN),
      ...Array.from({ length: lost }, (_, index) =>
        webhookOf("completed_evaluation", TOKEN, LIVES_BEGIN + (index + 1) * 3_000),
      ),
    ];
    const events = webhooks.map(eventOf);
    const queued: string[] = [];
    const stateOf = async () => {
      const key = { pk: { S: `APPLICATION#${TOKEN}` }, sk: { S: "STATE" } };
      const get = new GetItemCommand({ TableName: applicationTableName, Key: key });
      const { Item } = await client.send(get);
      if (Item === undefined) throw new Error("the application is stored");
      return itemSize(Item);
    };
    const run = makePollerHandler(
      pollerOver({
        applications: new DynamoDueApplications(client, applicationTableName),
        alloy: alloyThatAnswers(() => alloyAnswer(TOKEN, events, { updated_at: LIVES_BEGIN })),
        queue: {
          send: async (envelopes) => {
            queued.push(...envelopes.map((envelope) => encodeEnvelope(envelope)));
            return envelopes.map(() => null);
          },
        },
        now: () => now,
      }),
    );
    const consume = (bodies: readonly string[]) =>
      consumer.process(batchOfMessages(bodies, now), lambdaContext());
    let largest = 0;
    const bill = await billOf(async () => {
      for (const webhook of came === "all" ? webhooks : webhooks.slice(0, 1)) {
        now += 3_000;
        await consumer.process(batchOf([webhook], now), lambdaContext());
      }
      for (now = LIVES_BEGIN + RATE; now < LIVES_BEGIN + 3 * HOUR; now += RATE) {
        await run({});
        largest = Math.max(largest, await stateOf());
        // What comes through the queue is processed in tens.
        for (let from = 0; from < queued.length; from += 10) {
          await consume(queued.slice(from, from + 10));
        }
        queued.length = 0;
      }
    });
    return { units: bill.items + bill.indexes, largest, left: await stateOf() };
  } finally {
    await consumer.dynamo.close();
  }
}

test("to heal what was lost costs write units in proportion to it, and leaves the state as small as without a loss", async () => {
  const ten = await heal(10, "none");
  const sixty = await heal(60, "none");
  const unharmed = await heal(60, "all");

  // 139 and 711. With the list of the gap in the state they were 293 and 5,254.
  expect(ten.units).toBeLessThan(160);
  expect(sixty.units / ten.units).toBeLessThanOrEqual(7);
  // While the gap is open, too: each of the merges pays for what stands there.
  expect(sixty.largest).toBeLessThan(2 * unharmed.largest);
  expect(Math.abs(sixty.left - unharmed.left)).toBeLessThan(20);
});

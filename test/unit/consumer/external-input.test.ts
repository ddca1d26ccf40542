import { describe, expect, test } from "vitest";

import { EXTERNAL_INPUT } from "../../../lambdas/settings/limits.ts";
import { METRICS } from "../../../lambdas/settings/metrics.ts";
import { aConsumer, envelopeBatchOf, submissionBatchOf } from "../../support/consumer.ts";
import { batchOf, batchOfMessages, webhookOf } from "../../../tools/cloud-in-memory/builders.ts";
import { changedWebhook } from "../../support/parsed-webhook.ts";

const AT = 1_760_000_000_000;
const NOW = AT + 60_000;

const aWebhook = (changes: object) =>
  changedWebhook(webhookOf("completed_application", "JA-1", AT), changes);

test.each([
  ["a_type_of_next_year", aWebhook({ type: "a_type_of_next_year" })],
  ["update:journeyapplications:sandbox", aWebhook({ timestamp: "yesterday" })],
])(
  "an event that Alloy's documentation does not know is named in the log, once: %s",
  async (eventType, webhook) => {
    const consumer = aConsumer({ now: () => NOW });

    await consumer.receive(webhook);
    await consumer.receive(webhook);

    const code = "consumer.event.unrecognised";
    expect(consumer.logs.filter((one) => one.code === code)).toMatchObject([
      { fields: { eventType } },
    ]);
  },
);

describe("a webhook without a readable time", () => {
  test("is recorded and published as unrecognised, and its application is asked about at once", async () => {
    const consumer = aConsumer({ now: () => NOW });

    const answer = await consumer.receive(aWebhook({ timestamp: "yesterday" }));

    expect(answer.batchItemFailures).toEqual([]);
    expect(consumer.published).toMatchObject([
      { route: "unrecognised", eventType: "update:journeyapplications:sandbox" },
    ]);
    expect(consumer.store.applications.get("JA-1")).toMatchObject({
      dueAt: NOW,
      state: { journeyToken: "J-exampleOnboardingVXk2", progress: null, end: null },
    });
  });

  test("moves the check of an application that is known, and nothing else", async () => {
    const consumer = aConsumer({ now: () => NOW });
    await consumer.receive(webhookOf("pending_review", "JA-1", AT));
    const before = consumer.store.applications.get("JA-1");

    await consumer.receive(aWebhook({ timestamp: null, journey_token: null }));

    const after = consumer.store.applications.get("JA-1");
    expect(before?.dueAt).toBeGreaterThan(NOW);
    expect(after).toMatchObject({ dueAt: NOW, state: before?.state });
  });

  test("asks for no second check when it comes again", async () => {
    const consumer = aConsumer({ now: () => NOW });
    const body = aWebhook({ timestamp: "yesterday" });
    await consumer.receive(body);
    const { revision } = consumer.store.applications.get("JA-1") ?? {};

    await consumer.receive(body);

    expect(consumer.store.applications.get("JA-1")?.revision).toBe(revision);
  });

  test("makes nothing known of a Journey that the stage does not accept", async () => {
    const consumer = aConsumer({ settings: { journeys: ["J-other"] } });

    await consumer.receive(aWebhook({ timestamp: "yesterday" }));

    expect(consumer.store.applications.size).toBe(0);
    expect(consumer.store.events.size).toBe(1);
  });
});

describe("what nobody can ever read", () => {
  const deep = (levels: number) => "[".repeat(levels) + "]".repeat(levels);

  test.each([
    [
      "a webhook that is too deep",
      batchOf([`{"type":"x","data":${deep(10_000)}}`]),
      "the body is nested deeper than 200 levels",
    ],
    [
      "a webhook that is too deep to be walked",
      batchOf([deep(400_000)]),
      "the body is nested deeper than 200 levels",
    ],
    [
      "a submission that is too deep",
      submissionBatchOf(deep(10_000)),
      "the queue message is nested deeper than 200 levels",
    ],
    [
      "a correction that is too deep",
      envelopeBatchOf({ kind: "poll", receiptId: "p", body: `{"snapshot":${deep(10_000)}}` }),
      "the body is nested deeper than 200 levels",
    ],
    [
      "a submission without an application",
      submissionBatchOf(`{"name":"Ada"}`),
      "the submission lacks or mistypes: journey_application_token",
    ],
  ])("is dead-lettered at once with its reason: %s", async (_, batch, reason) => {
    const consumer = aConsumer();

    const answer = await consumer.process(batch);

    expect(answer.batchItemFailures).toEqual([]);
    expect(consumer.deadLettered.map((letter) => letter.reason)).toEqual([reason]);
  });

  test("also when its base64 is none", async () => {
    const consumer = aConsumer();
    const [record] = batchOf([""]).Records;
    const envelope = { ...JSON.parse(record?.body ?? ""), body: "%%%", bodyEncoding: "base64" };

    await consumer.process(batchOfMessages([JSON.stringify(envelope)]));

    expect(consumer.deadLettered.map(({ reason }) => reason)).toEqual([
      "the queue message's body is not base64",
    ]);
  });
});

describe("a submission", () => {
  test.each([
    ["a numeric id", `"external_application_id":1001`],
    ["an id of many digits", `"external_application_id":12345678901234567890`],
    ["no embedded object", `"_embedded":null`],
    ["its time in seconds", `"created_at":1760000000`],
    ["its time as text", `"created_at":"1760000000000"`],
    ["a time that cannot be", `"created_at":9e15`],
    ["no Journey", `"journey_token":null`],
  ])("with %s makes its application known", async (_, field) => {
    const consumer = aConsumer();

    await consumer.process(submissionBatchOf(`{"journey_application_token":"JA-1",${field}}`));

    expect(consumer.deadLettered).toEqual([]);
    expect(consumer.state("JA-1")?.submittedAt).toBe(AT);
  });

  test.each(["0000-01-01T00:00:00Z", 9e15, null, "9999-12-31T23:59:59Z"])(
    "whose event on the bus has the time %s is as old as its message",
    async (receivedAt) => {
      const consumer = aConsumer();
      const submission = { journey_application_token: "JA-1" };
      const batch = submissionBatchOf(submission, { receivedAt });

      await consumer.process(batch);

      const { SentTimestamp } = batch.Records[0]?.attributes ?? { SentTimestamp: "" };
      expect(consumer.deadLettered).toEqual([]);
      expect(consumer.state("JA-1")?.submittedAt).toBe(Number(SentTimestamp));
    },
  );
});

test("a text that is absurdly long is cut in the state and on the bus, and counted, while the recorded body is whole", async () => {
  const consumer = aConsumer({ now: () => NOW });
  const body = aWebhook({ journey_name: "😀".repeat(5_000) });

  await consumer.receive(body, body);

  const [published] = consumer.published;
  expect(published?.journeyName).toBe(`${"😀".repeat(EXTERNAL_INPUT.textBytes / 4 - 1)}…`);
  expect(published?.journeyName?.isWellFormed()).toBe(true);
  const [record] = consumer.store.events.values();
  expect(new TextDecoder().decode(record?.body)).toBe(body);
  expect(consumer.metric(METRICS.eventsCut)).toBe(1);
});

test("a webhook of another family is published by its type, as the rules on the bus match it", async () => {
  const consumer = aConsumer();

  await consumer.receive(`{"type":"create:reviews:is_entity","data":{"review_token":"R-1"}}`);

  expect(consumer.published).toMatchObject([
    { route: "other", eventType: "create:reviews:is_entity" },
  ]);
});

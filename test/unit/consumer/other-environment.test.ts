import { describe, expect, test } from "vitest";

import { METRICS } from "../../../lambdas/settings/metrics.ts";
import { aConsumer, envelopeBatchOf, submissionBatchOf } from "../../support/consumer.ts";
import { batchOf } from "../../../tools/cloud-in-memory/builders.ts";

const AT = 1_760_000_000_000;

const data = {
  journey_application_token: "JA-1",
  journey_token: "J-1",
  type: "completed_application",
  timestamp: AT,
  outcome: "Approved",
};

const webhook = (suffix: string, changes: Readonly<Record<string, unknown>> = {}) =>
  JSON.stringify({
    type: `update:journeyapplications${suffix}`,
    timestamp: AT + 1,
    data: { ...data, ...changes },
  });

function aConsumerOf(environment: "sandbox" | "live") {
  const consumer = aConsumer({ settings: { environment } });
  const mixed = () => consumer.metric(METRICS.environmentMixed) ?? 0;
  return { ...consumer, mixed, codes: () => consumer.logs.map(({ code }) => code) };
}

describe("an event of another environment than the stage's", () => {
  test.each([
    ["sandbox", ":live"],
    ["live", ":sandbox"],
  ] as const)("at a %s stage is recorded and counted, not published", async (stage, suffix) => {
    const consumer = aConsumerOf(stage);

    const { batchItemFailures } = await consumer.receive(webhook(suffix));

    expect(batchItemFailures).toEqual([]);
    expect(consumer.published).toEqual([]);
    expect([...consumer.store.events.values()]).toMatchObject([
      { applicationToken: null, type: "completed_application", at: AT },
    ]);
    expect(consumer.mixed()).toBe(1);
    expect(consumer.codes()).toContain("consumer.environment.mixed");
  });

  test("makes no application, so that the poller never looks for it", async () => {
    const consumer = aConsumerOf("live");

    await consumer.receive(webhook(":sandbox"));

    expect(consumer.store.applications.size).toBe(0);
    expect(await consumer.store.list(Number.MAX_SAFE_INTEGER, 100)).toEqual([]);
  });

  test("leaves an application of the stage's own as it is, and its history too", async () => {
    const consumer = aConsumerOf("live");
    const started = { type: "started_application", timestamp: AT - 1_000, outcome: null };
    await consumer.receive(webhook(":live", started));
    const before = consumer.store.applications.get("JA-1");
    const published = consumer.published.length;

    await consumer.receive(webhook(":sandbox"));

    expect(consumer.store.applications.get("JA-1")).toEqual(before);
    expect((await consumer.store.history("JA-1")).events).toHaveLength(1);
    expect(consumer.published).toHaveLength(published);
  });

  test("of a rerun makes the new application not known either", async () => {
    const consumer = aConsumerOf("live");
    const rerun = {
      type: "started_rerun_application",
      outcome: null,
      rerun_journey_application_token: "JA-2",
    };

    await consumer.receive(webhook(":sandbox", rerun));

    expect(consumer.store.applications.size).toBe(0);
  });

  test("is counted once, however often it comes", async () => {
    const consumer = aConsumerOf("live");

    await consumer.receive(webhook(":sandbox"));
    await consumer.receive(webhook(":sandbox"));

    expect(consumer.store.events.size).toBe(1);
    expect(consumer.mixed()).toBe(1);
  });

  test("has its effect when Alloy's own answer brings it as the stage's", async () => {
    const consumer = aConsumerOf("live");
    await consumer.receive(webhook(":sandbox"));

    await consumer.copy(webhook(":live"));

    expect(consumer.published).toMatchObject([{ route: "approved", environment: "live" }]);
    expect(consumer.state("JA-1")?.environment).toBe("live");
  });

  test("that names itself wrongly is kept apart too", async () => {
    const consumer = aConsumerOf("live");

    await consumer.receive(webhook(":sandbox", { timestamp: "soon" }));

    expect(consumer.published).toEqual([]);
    expect(consumer.mixed()).toBe(1);
  });
});

test.each([
  ["a webhook", () => batchOf([webhook("")])],
  [
    "a replay",
    () => envelopeBatchOf({ kind: "replay", receiptId: "r", body: JSON.stringify(data) }),
  ],
  ["the stage's own", () => batchOf([webhook(":live")])],
])("an event that does not say its environment passes: %s", async (_, batch) => {
  const consumer = aConsumerOf("live");

  await consumer.process(batch());

  expect(consumer.published).toMatchObject([{ route: "approved", environment: "live" }]);
  expect(consumer.mixed()).toBe(0);
});

describe("a submission of another environment than the stage's", () => {
  test.each([
    ["live", true],
    ["live", "true"],
    ["sandbox", false],
  ] as const)(
    "at a %s stage, whose flag is %j, is counted, and nobody waits for its webhooks",
    async (stage, sandbox) => {
      const consumer = aConsumerOf(stage);

      const batch = submissionBatchOf({ journey_application_token: "JA-1", sandbox });
      const { batchItemFailures } = await consumer.process(batch);

      expect(batchItemFailures).toEqual([]);
      expect(consumer.store.applications.size).toBe(0);
      expect(consumer.mixed()).toBe(1);
      expect(consumer.codes()).toContain("consumer.environment.mixed");
    },
  );

  test("leaves the application of the stage's own webhook as it is", async () => {
    const consumer = aConsumerOf("live");
    await consumer.receive(webhook(":live"));
    const before = consumer.store.applications.get("JA-1");

    const detail = { journey_application_token: "JA-1", sandbox: true, external_group_id: "g" };
    await consumer.process(submissionBatchOf(detail));

    expect(consumer.store.applications.get("JA-1")).toEqual(before);
  });
});

test.each([
  ["live", false],
  ["sandbox", true],
  ["live", undefined],
  ["live", null],
  ["live", "maybe"],
] as const)(
  "a submission of the stage's own environment, or of none, at a %s stage, whose flag is %j, is taken",
  async (stage, sandbox) => {
    const consumer = aConsumerOf(stage);

    await consumer.process(submissionBatchOf({ journey_application_token: "JA-1", sandbox }));

    expect(consumer.state("JA-1")?.submittedAt).toBe(AT);
    expect(consumer.mixed()).toBe(0);
  },
);

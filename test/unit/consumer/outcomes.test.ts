import * as v from "valibot";
import { describe, expect, test } from "vitest";

import { makeMetrics } from "../../../lambdas/telemetry/metrics.ts";
import { aConsumer } from "../../support/consumer.ts";
import { webhookOf } from "../../../tools/cloud-in-memory/builders.ts";
import { CONSUMER_SETTINGS } from "../../../tools/cloud-in-memory/runtime.ts";

const START = Date.UTC(2026, 10, 23, 20);
const MINUTE = 60_000;
/** That of the fixtures. */
const JOURNEY = "J-exampleOnboardingVXk2";

/** A consumer, and what its lines say of applications. */
function aCountingConsumer(countedJourneys: readonly string[] = []) {
  const lines: Readonly<Record<string, unknown>>[] = [];
  const metrics = makeMetrics({
    stage: "sandbox",
    write: (line) => void lines.push(JSON.parse(line)),
    now: () => START,
  });
  const consumer = aConsumer({ metrics, settings: { ...CONSUMER_SETTINGS, countedJourneys } });
  return {
    consumer,
    counts: () =>
      lines.flatMap((line) =>
        setsIn(line).flatMap(({ Dimensions: [dimensions = []], Metrics }) =>
          Metrics.filter(({ Name }) => COUNTED.has(Name)).map(({ Name }) =>
            Object.fromEntries(
              [...dimensions, Name]
                .filter((name) => name !== "Stage")
                .map((name) => [name, line[name]]),
            ),
          ),
        ),
      ),
  };
}

const COUNTED: ReadonlySet<string> = new Set(["ApplicationsByOutcome", "TimeToDecision"]);

const LineSchema = v.object({
  _aws: v.object({
    CloudWatchMetrics: v.array(
      v.object({
        Dimensions: v.array(v.array(v.string())),
        Metrics: v.array(v.object({ Name: v.string() })),
      }),
    ),
  }),
});

/** The sets of metrics that a line holds, each by its own dimensions. */
function setsIn(line: unknown) {
  return v.parse(LineSchema, line)._aws.CloudWatchMetrics;
}

const life = (token: string) => [
  webhookOf("started_application", token, START),
  webhookOf("pending_review", token, START + MINUTE),
  webhookOf("completed_application", token, START + 9 * MINUTE),
];

describe("the consumer", () => {
  test("counts what applications come to, by outcome", async () => {
    const { consumer, counts } = aCountingConsumer();

    await consumer.receive(...life("JA-1"), ...life("JA-2"));

    expect(counts()).toEqual(
      expect.arrayContaining([
        { Outcome: "submitted", ApplicationsByOutcome: 2 },
        { Outcome: "manual-review", ApplicationsByOutcome: 2 },
        { Outcome: "approved", ApplicationsByOutcome: 2 },
        { Outcome: "ended", ApplicationsByOutcome: 2 },
        { TimeToDecision: [9 * MINUTE, 9 * MINUTE] },
      ]),
    );
    expect(counts()).toHaveLength(5);
  });

  test("counts nothing again, in whatever message or batch it comes", async () => {
    const { consumer, counts } = aCountingConsumer();
    await consumer.receive(...life("JA-1"), ...life("JA-1"));
    const once = counts();

    await consumer.receive(...life("JA-1").toReversed());

    expect(counts()).toEqual(once);
  });

  test("counts what comes in the wrong order for where the application stands", async () => {
    const { consumer, counts } = aCountingConsumer();

    for (const webhook of life("JA-1").toReversed()) await consumer.receive(webhook);

    expect(counts().map(({ Outcome }) => Outcome)).toEqual(["submitted", "approved", "ended"]);
  });

  test("counts by Journey besides, where the configuration names the Journey", async () => {
    const { consumer, counts } = aCountingConsumer([JOURNEY]);

    await consumer.receive(...life("JA-1").slice(0, 1));

    expect(counts()).toEqual([
      { Outcome: "submitted", ApplicationsByOutcome: 1 },
      { Journey: JOURNEY, Outcome: "submitted", ApplicationsByOutcome: 1 },
    ]);
  });

  test("makes no metric for a Journey that the configuration does not name", async () => {
    const { consumer, counts } = aCountingConsumer(["J-another"]);

    await consumer.receive(...life("JA-1"));

    expect(counts().filter(({ Journey }) => Journey !== undefined)).toEqual([]);
  });
});

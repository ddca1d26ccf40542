import type {
  GetMetricDataCommandInput,
  GetMetricDataCommandOutput,
  MetricDataResult,
} from "@aws-sdk/client-cloudwatch";
import { describe, expect, test } from "vitest";

import { CloudWatchOutcomeCounts } from "../../lambdas/adapters/cloud-watch-outcome-counts.ts";
import { TransientError } from "../../lambdas/domain/errors.ts";
import type { OutcomeCounts } from "../../lambdas/domain/application/outcome-change.ts";
import type { OutcomeSubject } from "../../lambdas/settings/poller-settings.ts";
import { MemoryOutcomeCounts } from "../../tools/cloud-in-memory/outcome-counts.ts";
import { cloudWatchThat } from "../support/cloud-watch.ts";
import { anAwsError } from "../support/fake-bus.ts";

const MINUTE = 60_000;
const TO = Date.UTC(2026, 10, 23, 20);
const FROM = TO - 60 * MINUTE;

const approved: OutcomeSubject = { outcome: "approved", journey: null };
const inOne: OutcomeSubject = { outcome: "approved", journey: "J-1" };
const inTwo: OutcomeSubject = { outcome: "approved", journey: "J-2" };

/** What came, when; each as one application. */
type Noted = readonly (readonly [subject: OutcomeSubject, at: number])[];

/** CloudWatch, as far as it is asked: sums by metric and period, the end left out, in two pages. */
function cloudWatchOf(noted: Noted, asked: GetMetricDataCommandInput[] = []): OutcomeCounts {
  return countsOver((input) => {
    asked.push(input);
    const [from, to] = [input.StartTime?.getTime() ?? 0, input.EndTime?.getTime() ?? 0];
    const results = (input.MetricDataQueries ?? []).map(({ Id, MetricStat }): MetricDataResult => {
      const values = Object.fromEntries(
        (MetricStat?.Metric?.Dimensions ?? []).map(({ Name, Value }) => [Name, Value]),
      );
      const periodMs = (MetricStat?.Period ?? 0) * 1_000;
      const sums = new Map<number, number>();
      for (const [{ outcome, journey }, at] of noted) {
        const isAsked = values["Outcome"] === outcome && (values["Journey"] ?? null) === journey;
        if (!isAsked || at < from || at >= to) continue;
        const begin = at - (at % periodMs);
        sums.set(begin, (sums.get(begin) ?? 0) + 1);
      }
      return { Id, Values: [...sums.values()] };
    });
    const half = Math.ceil(results.length / 2);
    return input.NextToken === undefined
      ? { MetricDataResults: results.slice(0, half), NextToken: "more" }
      : { MetricDataResults: results.slice(half) };
  });
}

const countsOver = (answer: Parameters<typeof cloudWatchThat>[0]) =>
  new CloudWatchOutcomeCounts({ cloudWatch: cloudWatchThat(answer), stage: "sandbox" });

function memoryOf(noted: Noted): OutcomeCounts {
  const counts = new MemoryOutcomeCounts();
  for (const [subject, at] of noted) counts.note(subject, at);
  return counts;
}

describe.each([
  ["in CloudWatch", cloudWatchOf],
  ["in memory", memoryOf],
] as const)("OutcomeCounts: %s", (_name, open) => {
  const span = { from: FROM, to: TO };

  test("adds up what came within the span, the end left out", async () => {
    const counts = open([
      [approved, FROM - 1],
      [approved, FROM],
      [approved, FROM + 7 * MINUTE],
      [approved, TO - 1],
      [approved, TO],
    ]);

    expect(await counts.total([approved], span)).toBe(3);
  });

  test("takes several Journeys together, and no other", async () => {
    const counts = open([
      [approved, FROM],
      [inOne, FROM],
      [inTwo, FROM + MINUTE],
      [{ outcome: "denied", journey: "J-1" }, FROM],
    ]);

    expect(await counts.total([inOne, inTwo], span)).toBe(2);
  });

  test("is none where nothing came", async () => {
    expect(await open([]).total([approved, inOne], span)).toBe(0);
  });
});

test("CloudWatch is asked for sums of whole five minutes, in this stage", async () => {
  const asked: GetMetricDataCommandInput[] = [];

  await cloudWatchOf([], asked).total([inOne], { from: FROM, to: TO });

  expect(asked[0]?.MetricDataQueries).toEqual([
    {
      Id: "subject0",
      MetricStat: {
        Metric: {
          Namespace: "AlloyJourneyWebhooks",
          MetricName: "ApplicationsByOutcome",
          Dimensions: [
            { Name: "Stage", Value: "sandbox" },
            { Name: "Journey", Value: "J-1" },
            { Name: "Outcome", Value: "approved" },
          ],
        },
        Period: 300,
        Stat: "Sum",
      },
    },
  ]);
  expect(asked.at(-1)?.NextToken).toBe("more");
});

test("what CloudWatch refuses is said in our words", async () => {
  const counts = countsOver(() => {
    throw anAwsError("ThrottlingException", 400, "Rate exceeded");
  });

  await expect(counts.total([approved], { from: FROM, to: TO })).rejects.toThrow(TransientError);
});

test.each<Partial<GetMetricDataCommandOutput>>([
  {},
  { MetricDataResults: [{ Id: "subject0", StatusCode: "InternalError", Values: [] }] },
])("an answer 200 without values is not none: %j", async (answer) => {
  const counts = countsOver(() => answer);

  await expect(counts.total([approved], { from: FROM, to: TO })).rejects.toThrow(TransientError);
});

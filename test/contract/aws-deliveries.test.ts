import type { GetMetricDataCommandInput, MetricDataResult } from "@aws-sdk/client-cloudwatch";
import { describe, expect, test } from "vitest";

import { TransientError } from "../../lambdas/domain/errors.ts";
import type { PollerSettings } from "../../lambdas/settings/poller-settings.ts";
import { cloudWatchThat, deliveriesOver } from "../support/cloud-watch.ts";

const MINUTE = 60_000;
const NOW = 1_760_000_040_000;

type Series = Readonly<Record<string, Readonly<Record<number, number>>>>;

/** The adapter over clients that answer with this, without a network. */
function aDeliveries(
  series: Series,
  options: {
    readonly queued?: number;
    readonly refusals?: PollerSettings["refusals"];
    readonly pages?: number;
    readonly fails?: boolean;
    readonly statusCode?: "Complete" | "InternalError" | "Forbidden";
    readonly attributes?: Readonly<Record<string, string>>;
  } = {},
) {
  const asked: GetMetricDataCommandInput[] = [];
  const cloudWatch = cloudWatchThat((query) => {
    if (options.fails) throw new Error("denied");
    asked.push(query);
    const results: MetricDataResult[] = Object.entries(series).map(([Id, points]) => ({
      Id,
      Timestamps: Object.keys(points).map((minute) => new Date(NOW + Number(minute) * MINUTE)),
      Values: Object.values(points),
      StatusCode: options.statusCode ?? "Complete",
    }));
    const isLast = asked.length >= (options.pages ?? 1);
    return {
      MetricDataResults: asked.length === 1 ? results : [],
      ...(isLast ? {} : { NextToken: "more" }),
    };
  });
  const attributes = options.attributes ?? {
    ApproximateNumberOfMessages: String(options.queued ?? 0),
    ApproximateNumberOfMessagesNotVisible: "0",
  };
  const deliveries = deliveriesOver(cloudWatch, attributes, options.refusals);
  return { record: () => deliveries.record(NOW - 60 * MINUTE, NOW), asked };
}

describe("how webhooks fared", () => {
  test("counts what ingest and API Gateway both know once", async () => {
    const { record } = aDeliveries({ unstored: { [-1]: 3 }, api5xx: { [-1]: 4 } });

    expect((await record()).minutes[0]?.faults).toBe(4);
  });

  test.each([
    [
      { byAuthorizer: false, byAddress: false },
      { credentials: 1, addresses: 0 },
    ],
    [
      { byAuthorizer: false, byAddress: true },
      { credentials: 1, addresses: 2 },
    ],
    [
      { byAuthorizer: true, byAddress: false },
      { credentials: 9, addresses: 0 },
    ],
    [
      { byAuthorizer: true, byAddress: true },
      { credentials: 7, addresses: 2 },
    ],
  ])("with %j counts %j", async (refusals, expected) => {
    const series = { credentials: { [-1]: 1 }, addresses: { [-1]: 2 }, api4xx: { [-1]: 9 } };
    const { record } = aDeliveries(series, { refusals });

    expect((await record()).minutes[0]).toMatchObject(expected);
  });

  test.each([
    ["the queue is empty, whatever a metric says", { age: { [-1]: 600 } }, 0],
    ["no metric says it", {}, 3],
    ["the metric is of long ago", { age: { [-30]: 600 } }, 3],
  ] as const)("does not say so when %s", async (_, series, queued) => {
    const { record } = aDeliveries(series, { queued });

    expect((await record()).oldestQueuedAt).toBeNull();
  });

  test.each([
    [{ byAuthorizer: false, byAddress: false }, []],
    [{ byAuthorizer: true, byAddress: true }, ["AddressesUnlisted", "4xx"]],
  ])(
    "asks for all metrics in one call, with %j for %j too, and for more pages",
    async (refusals, more) => {
      const { record, asked } = aDeliveries({}, { pages: 3, refusals });

      await record();

      expect(asked).toHaveLength(3);
      const names = asked[0]?.MetricDataQueries?.map(
        ({ MetricStat }) => MetricStat?.Metric?.MetricName,
      );
      expect(names).toEqual([
        "WebhooksReceived",
        "CredentialsRejected",
        "StoresFailed",
        "AlloyRefused",
        ...more,
        "5xx",
        "ApproximateAgeOfOldestMessage",
      ]);
    },
  );

  test.each(["InternalError", "Forbidden"] as const)(
    "is not taken for nothing when an answer 200 says of a metric: %s",
    async (statusCode) => {
      const { record } = aDeliveries({ accepted: {} }, { statusCode });

      await expect(record()).rejects.toThrow(TransientError);
    },
  );

  test("does not take the queue for empty when it does not say its depth", async () => {
    await expect(aDeliveries({}, { attributes: {} }).record()).rejects.toThrow(TransientError);
  });

  test("is a transient error when it cannot be read", async () => {
    await expect(aDeliveries({}, { fails: true }).record()).rejects.toThrow(TransientError);
  });
});

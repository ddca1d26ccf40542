import type { GetMetricDataCommandInput } from "@aws-sdk/client-cloudwatch";

import { MemoryDeliveries } from "../../tools/cloud-in-memory/deliveries.ts";
import { MemoryQueue } from "../../tools/cloud-in-memory/queue.ts";
import { describeDeliveries } from "./deliveries.ts";
import type { GivenDeliveries } from "./deliveries.ts";
import { cloudWatchThat, deliveriesOver } from "../support/cloud-watch.ts";

const MINUTE = 60_000;

describeDeliveries("in memory", ({ answers, queued, now }) => {
  const clock = { now };
  const queue = new MemoryQueue({
    now: () => clock.now,
    newId: () => String(clock.now),
    retentionMs: 60 * MINUTE,
    visibilityMs: MINUTE,
  });
  for (const sentAt of queued) {
    clock.now = sentAt;
    queue.send("a message");
  }
  clock.now = now;
  const deliveries = new MemoryDeliveries(queue);
  for (const { status, at } of answers) deliveries.note(status, at);
  return deliveries;
});

/** The metric that ingest counts an answer by. */
const METRIC_OF: Readonly<Record<number, string>> = {
  200: "WebhooksReceived",
  401: "CredentialsRejected",
  503: "StoresFailed",
};

// CloudWatch and SQS as far as they answer what is asked: sums by the minute, within the time asked for.
describeDeliveries("CloudWatch and SQS, by stubs of their clients", (given) =>
  deliveriesOver(
    cloudWatchThat((query) => metricData(query, given)),
    { ApproximateNumberOfMessages: String(given.queued.length) },
  ),
);

function metricData(input: GetMetricDataCommandInput, { answers, queued, now }: GivenDeliveries) {
  const from = input.StartTime?.getTime() ?? 0;
  return {
    MetricDataResults: (input.MetricDataQueries ?? []).map(({ Id, MetricStat }) => {
      const metric = MetricStat?.Metric?.MetricName ?? "";
      const points = new Map<number, number>();
      for (const { status, at } of answers) {
        const isOfAlloy = metric === "AlloyRefused" && status !== 200;
        if ((METRIC_OF[status] !== metric && !isOfAlloy) || at < from) continue;
        const minute = at - (at % MINUTE);
        points.set(minute, (points.get(minute) ?? 0) + 1);
      }
      if (metric === "ApproximateAgeOfOldestMessage" && queued.length > 0) {
        points.set(now, (now - Math.min(...queued)) / 1_000);
      }
      return {
        Id,
        Timestamps: [...points.keys()].map((at) => new Date(at)),
        Values: [...points.values()],
      };
    }),
  };
}

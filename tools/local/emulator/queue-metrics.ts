import { GetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import type { Clients } from "./clients.ts";
import type { MetricSink } from "./embedded-metrics.ts";
import { startRepeating } from "./repeat.ts";

/** SQS itself measures once a minute. What has changed is told at once here. */
const PERIOD_MS = 5_000;
const MINUTE_MS = 60_000;

/** SQS's metrics that are a queue's attribute at that moment. */
const METRICS = {
  ApproximateNumberOfMessagesVisible: "ApproximateNumberOfMessages",
  ApproximateNumberOfMessagesNotVisible: "ApproximateNumberOfMessagesNotVisible",
} as const;

/** Whether it is one of those that are put here. */
export function isQueueMetric(name: string): boolean {
  return name in METRICS;
}

/**
 * Does what SQS does and the emulator does not: puts the queues' depths as metrics, so that the alarms on
 * them evaluate. Each is put once a minute, since alarms count how often, and when it has changed.
 *
 * @returns a function that ends it.
 */
export function startQueueMetrics(
  { sqs }: Clients,
  options: {
    readonly queueUrls: readonly string[];
    readonly metrics: MetricSink;
    readonly onFailure: (error: unknown) => void;
  },
): () => void {
  async function dataOf(QueueUrl: string) {
    const { Attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: Object.values(METRICS) }),
    );
    const Dimensions = [{ Name: "QueueName", Value: QueueUrl.split("/").at(-1) ?? "" }];
    return Object.entries(METRICS).map(([MetricName, attribute]) => ({
      MetricName,
      Dimensions,
      Timestamp: new Date(),
      Unit: "Count" as const,
      Value: Number(Attributes[attribute] ?? 0),
    }));
  }
  /** What was put last of each metric, with the minute. */
  const last = new Map<string, string>();
  async function pass(): Promise<void> {
    const all = (await Promise.all(options.queueUrls.map(dataOf))).flat().map((datum) => {
      const { MetricName, Dimensions, Timestamp, Value } = datum;
      const key = `${MetricName} of ${Dimensions.map((one) => one.Value).join()}`;
      return { datum, key, state: `${Value} at ${Math.floor(Timestamp.getTime() / MINUTE_MS)}` };
    });
    const news = all.filter(({ key, state }) => last.get(key) !== state);
    if (news.length === 0) return;
    await options.metrics.put(
      "AWS/SQS",
      news.map(({ datum }) => datum),
    );
    for (const { key, state } of news) last.set(key, state);
  }
  return startRepeating(pass, { pauseMs: PERIOD_MS, onFailure: options.onFailure });
}

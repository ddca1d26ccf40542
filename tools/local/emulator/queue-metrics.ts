import { GetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import type { AlarmEvaluation } from "./alarm-evaluation.ts";
import type { Clients } from "./clients.ts";
import { startRepeating } from "./repeat.ts";

/** SQS itself says it once a minute; alarms here need not wait so long. */
const PERIOD_MS = 5_000;

/** SQS's metrics that are a queue's attribute at that moment. */
const METRICS = {
  ApproximateNumberOfMessagesVisible: "ApproximateNumberOfMessages",
  ApproximateNumberOfMessagesNotVisible: "ApproximateNumberOfMessagesNotVisible",
} as const;

/**
 * Does what SQS does and the emulator does not: puts the queues' depths as metrics, so that the alarms on
 * them evaluate.
 *
 * @returns a function that ends it.
 */
export function startQueueMetrics(
  { sqs }: Clients,
  options: {
    readonly queueUrls: readonly string[];
    readonly alarms: Pick<AlarmEvaluation, "put" | "evaluate">;
    readonly onFailure: (error: unknown) => void;
  },
): () => void {
  async function dataOf(QueueUrl: string) {
    const { Attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: Object.values(METRICS) }),
    );
    const Dimensions = [{ Name: "QueueName", Value: QueueUrl.split("/").at(-1) }];
    return Object.entries(METRICS).map(([MetricName, attribute]) => ({
      MetricName,
      Dimensions,
      Timestamp: new Date(),
      Unit: "Count" as const,
      Value: Number(Attributes[attribute] ?? 0),
    }));
  }
  async function pass(): Promise<void> {
    const MetricData = (await Promise.all(options.queueUrls.map(dataOf))).flat();
    await options.alarms.put("AWS/SQS", MetricData);
    await options.alarms.evaluate();
  }
  return startRepeating(pass, { pauseMs: PERIOD_MS, onFailure: options.onFailure });
}

import type { MetricDataQuery, MetricDataResult } from "@aws-sdk/client-cloudwatch";

import type { AnsweredMinute, DeliveryRecord } from "../domain/reconciliation/delivery.ts";
import type { Deliveries } from "../domain/polling/polling-ports.ts";
import { METRIC_NAMESPACE, METRICS, STAGE_DIMENSION } from "../settings/metrics.ts";
import type { MetricName } from "../settings/metrics.ts";
import type { PollerSettings } from "../settings/poller-settings.ts";
import { translateAwsError } from "./aws-error.ts";
import type { CloudWatchOperations, SqsOperations } from "./aws-operations.ts";
import { readResults } from "./metric-data.ts";

/** CloudWatch keeps data points of a minute for 15 days. */
const PERIOD_SECONDS = 60;

/** A message older than this age, in ms, says nothing of the queue as it is now. */
const FRESH_MS = 5 * 60_000;

/**
 * `Deliveries` by CloudWatch's metrics and the queue's own attributes: two calls, however much is asked.
 * What API Gateway refuses by itself (a JWT, an integration that fails) no metric of ours knows, and what
 * ingest refuses API Gateway counts too: of both the larger number counts.
 */
export class AwsDeliveries implements Deliveries {
  readonly #cloudWatch: CloudWatchOperations;
  readonly #sqs: SqsOperations;
  readonly #stage: string;
  readonly #apiId: string;
  readonly #queueUrl: string;
  readonly #refusals: PollerSettings["refusals"];

  constructor(options: {
    readonly cloudWatch: CloudWatchOperations;
    readonly sqs: SqsOperations;
    readonly stage: string;
    readonly apiId: string;
    readonly queueUrl: string;
    readonly refusals: PollerSettings["refusals"];
  }) {
    this.#cloudWatch = options.cloudWatch;
    this.#sqs = options.sqs;
    this.#stage = options.stage;
    this.#apiId = options.apiId;
    this.#queueUrl = options.queueUrl;
    this.#refusals = options.refusals;
  }

  async record(from: number, now: number): Promise<DeliveryRecord> {
    try {
      const [results, queued] = await Promise.all([this.#metrics(from, now), this.#queued()]);
      return {
        minutes: this.#minutesOf(results),
        oldestQueuedAt: queued === 0 ? null : oldestOf(pointsOf(results, "age"), now),
        queued,
      };
    } catch (error) {
      throw translateAwsError("Reading how webhooks fared", error);
    }
  }

  async #metrics(from: number, now: number): Promise<readonly MetricDataResult[]> {
    const results: MetricDataResult[] = [];
    let page: string | undefined;
    do {
      const answer = await this.#cloudWatch.getMetricData({
        StartTime: new Date(from),
        EndTime: new Date(now),
        MetricDataQueries: [
          this.#ours("accepted", METRICS.webhooksReceived),
          this.#ours("credentials", METRICS.credentialsRejected),
          this.#ours("unstored", METRICS.storesFailed),
          this.#ours("alloyRefused", METRICS.alloyRefused),
          // Each requested metric is billed.
          ...(this.#refusals.byAddress ? [this.#ours("addresses", METRICS.addressesUnlisted)] : []),
          ...(this.#refusals.byAuthorizer ? [this.#apis("api4xx", "4xx")] : []),
          this.#apis("api5xx", "5xx"),
          this.#ageOfOldest("age"),
        ],
        ...(page === undefined ? {} : { NextToken: page }),
      });
      results.push(...readResults(answer));
      page = answer.NextToken;
    } while (page !== undefined);
    return results;
  }

  async #queued(): Promise<number> {
    const { Attributes = {} } = await this.#sqs.getQueueAttributes({
      QueueUrl: this.#queueUrl,
      AttributeNames: [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
      ],
    });
    // An answer without numbers does not say that the queue is empty.
    if (Object.keys(Attributes).length === 0) throw new Error("the queue does not say its depth");
    return Object.values(Attributes).reduce((sum, value) => sum + Number(value), 0);
  }

  #minutesOf(results: readonly MetricDataResult[]): readonly AnsweredMinute[] {
    const points = (id: string) => pointsOf(results, id);
    const counts = {
      accepted: points("accepted"),
      credentials: points("credentials"),
      addresses: points("addresses"),
      unstored: points("unstored"),
      api4xx: points("api4xx"),
      api5xx: points("api5xx"),
      alloyRefused: points("alloyRefused"),
    };
    const times = new Set(Object.values(counts).flatMap((series) => [...series.keys()]));
    return [...times]
      .toSorted((one, other) => one - other)
      .map((at) => {
        const count = (series: ReadonlyMap<number, number>) => series.get(at) ?? 0;
        const addresses = this.#refusals.byAddress ? count(counts.addresses) : 0;
        const refusedByApi = this.#refusals.byAuthorizer ? count(counts.api4xx) : 0;
        return {
          at,
          accepted: count(counts.accepted),
          credentials: Math.max(count(counts.credentials), refusedByApi - addresses),
          addresses,
          faults: Math.max(count(counts.unstored), count(counts.api5xx)),
          alloyRefused: count(counts.alloyRefused),
        };
      });
  }

  #ours(id: string, name: MetricName): MetricDataQuery {
    const dimensions = { [STAGE_DIMENSION]: this.#stage };
    return query(id, METRIC_NAMESPACE, name, dimensions, "Sum");
  }

  #apis(id: string, name: string): MetricDataQuery {
    return query(id, "AWS/ApiGateway", name, { ApiId: this.#apiId }, "Sum");
  }

  #ageOfOldest(id: string): MetricDataQuery {
    const QueueName = this.#queueUrl.split("/").at(-1) ?? "";
    return query(id, "AWS/SQS", "ApproximateAgeOfOldestMessage", { QueueName }, "Maximum");
  }
}

function query(
  Id: string,
  Namespace: string,
  MetricName: string,
  dimensions: Readonly<Record<string, string>>,
  Stat: "Sum" | "Maximum",
): MetricDataQuery {
  const Dimensions = Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
  const Metric = { Namespace, MetricName, Dimensions };
  return { Id, MetricStat: { Metric, Period: PERIOD_SECONDS, Stat } };
}

/** The values of one metric by the beginning of their minute, epoch milliseconds. */
function pointsOf(results: readonly MetricDataResult[], id: string): ReadonlyMap<number, number> {
  const points = new Map<number, number>();
  for (const { Id, Timestamps = [], Values = [] } of results) {
    if (Id !== id) continue;
    for (const [index, time] of Timestamps.entries()) {
      const at = time.getTime();
      points.set(at, (points.get(at) ?? 0) + (Values[index] ?? 0));
    }
  }
  return points;
}

/** When the oldest message was sent, by the newest age, in seconds; null when there is no fresh one. */
function oldestOf(ages: ReadonlyMap<number, number>, now: number): number | null {
  const newest = Math.max(...ages.keys());
  const age = ages.get(newest);
  if (age === undefined || now - newest > FRESH_MS) return null;
  return newest - age * 1_000;
}

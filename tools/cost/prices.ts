/**
 * On-demand list prices in USD, region us-east-1, without free tiers, discounts or taxes, as AWS's
 * pricing pages gave them on `PRICES_AS_OF`. To use others, change them here: nothing else knows a price.
 */
export const PRICES_AS_OF = "2026-11-23";

export const PRICES = {
  /** API Gateway, HTTP API, per request of up to 512 KB, first 300 million. */
  httpApiRequest: 1.0e-6,
  /** Lambda, per request. */
  lambdaRequest: 0.2e-6,
  /** Lambda on arm64, per GB-second, first tier. */
  lambdaGbSecond: 0.0000133334,
  /** SQS standard queue, per request of up to 64 KB, after the first million. */
  sqsRequest: 0.4e-6,
  /** DynamoDB on demand, per write request unit of 1 KB (since November 2024). */
  dynamoWriteUnit: 0.625e-6,
  /** DynamoDB on demand, per read request unit of 4 KB, strongly consistent. */
  dynamoReadUnit: 0.125e-6,
  /** DynamoDB standard storage, per GB and month, with point-in-time recovery (0.25 + 0.20). */
  dynamoGbMonth: 0.45,
  /** EventBridge, per custom event of up to 64 KB put on a bus. */
  busEvent: 1.0e-6,
  /** EventBridge, per GB of events that an archive takes. */
  archiveGb: 0.1,
  /**
   * EventBridge, per GB and month that an archive keeps. As two public guides name it (factualminds.com, June 2026; wring.co);
   * AWS's page has not been read for it.
   */
  archiveGbMonth: 0.1,
  /** EventBridge Scheduler, per invocation. */
  scheduledInvocation: 1.0e-6,
  /** CloudWatch Logs, standard class, per GB ingested. */
  logGb: 0.5,
  /** CloudWatch, per custom metric and month, first 10,000. */
  customMetric: 0.3,
  /** CloudWatch, per metric of a standard-resolution alarm and month. */
  alarmMetric: 0.1,
  /** CloudWatch, per metric of a `GetMetricData` call. */
  metricRead: 0.01e-3,
  /** CloudWatch, per composite alarm and month. */
  compositeAlarm: 0.5,
  /** CloudWatch, per dashboard and month. */
  dashboard: 3.0,
  /** KMS, per key of ours and month. */
  kmsKey: 1.0,
  /** Secrets Manager, per secret and month. */
  secret: 0.4,
  /** Secrets Manager, per request. */
  secretRead: 5e-6,
} as const;

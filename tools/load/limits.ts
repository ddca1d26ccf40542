/**
 * What AWS serves at most, by its pages of quotas and limits (us-east-1, read on 2026-11-27). Each is per second unless its name says otherwise.
 */
export const SERVICE_LIMITS = {
  /** Lambda: further pollers of an SQS event source mapping a minute, up to its maximum (guide, "Scaling with SQS"). */
  mappingScalePerMinute: 300,
  /** Lambda: executions that a function may add every ten seconds (guide, "Lambda function scaling"). */
  executionsPerTenSeconds: 1_000,
  /** DynamoDB: write units of one partition. */
  partitionWrites: 1_000,
  /** DynamoDB: write units of an on-demand table that nobody has warmed. It doubles with the peak, within half an hour. */
  newTableWrites: 4_000,
  /** EventBridge: `PutEvents` entries of a region. */
  busEntries: 10_000,
  /** EventBridge: invocations of targets. */
  busInvocations: 18_750,
  /** API Gateway: requests of all APIs of a region. */
  apiRequests: 10_000,
} as const;

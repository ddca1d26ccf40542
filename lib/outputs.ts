/**
 * The outputs that the stack of every stage has; each route with a queue of its own adds one. Other teams, runbooks and
 * tools hold on to them: docs/contracts.md#stack-and-outputs.
 */
export const OUTPUTS = [
  "WebhookUrl",
  "EventBusName",
  "EventQueueUrl",
  "DeadLetterQueueUrl",
  "ApplicationTableName",
  "IdempotencyTableName",
  "PayloadBucketName",
  "WebhookSecretArn",
  "AlloyApiSecretArn",
  "IngestFunctionName",
  "ConsumerFunctionName",
  "PollerFunctionName",
  "StatementFunctionName",
  "StatementBucketName",
  "StatementKeyArn",
  "PageTopicArn",
  "TicketTopicArn",
  "DashboardName",
] as const;

export type OutputName = (typeof OUTPUTS)[number];

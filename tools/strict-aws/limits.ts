/** A limit of AWS's that something of ours can reach. */
export interface Limit {
  readonly service: string;
  /** What is limited. */
  readonly what: string;
  /** The largest that AWS takes. */
  readonly most: number;
  readonly unit: string;
  /** How AWS refuses more: an error of the whole call, of one entry, or silence. */
  readonly refusal: string;
  /** The page of AWS's documentation that says so. */
  readonly source: string;
}

const KB = 1_024;
const MB = 1_024 * KB;

const QUOTAS_OF_DYNAMO_DB = "DynamoDB, Quotas";
const ENTRY_SIZE = "EventBridge, Calculating PutEvents event entry size";
const MESSAGE_QUOTAS = "SQS, Message quotas";
const LAMBDA_QUOTAS = "Lambda, Quotas";
const EMBEDDED_METRIC_FORMAT = "CloudWatch, Specification: Embedded metric format";

/**
 * The documented limits of what we use, each with its source. What stands in for AWS in the tests refuses by
 * these numbers; where AWS's pages differ, the smaller one stands here.
 */
export const LIMITS = {
  expressionBytes: {
    service: "DynamoDB",
    what: "an expression",
    most: 4 * KB,
    unit: "bytes",
    refusal: "ValidationException",
    source: `${QUOTAS_OF_DYNAMO_DB}: Expression parameters`,
  },
  placeholderBytes: {
    service: "DynamoDB",
    what: "a placeholder (`#name`, `:value`)",
    most: 255,
    unit: "bytes",
    refusal: "ValidationException",
    source: `${QUOTAS_OF_DYNAMO_DB}: Expression parameters`,
  },
  substitutionBytes: {
    service: "DynamoDB",
    what: "all placeholders with what they stand for",
    most: 2 * MB,
    unit: "bytes",
    refusal: "ValidationException",
    source: `${QUOTAS_OF_DYNAMO_DB}: Expression parameters`,
  },
  operators: {
    service: "DynamoDB",
    what: "operators and functions in an expression",
    most: 300,
    unit: "",
    refusal: "ValidationException",
    source: `${QUOTAS_OF_DYNAMO_DB}: Expression parameters; code library, Count expression operators`,
  },
  operandsOfIn: {
    service: "DynamoDB",
    what: "operands of `IN`",
    most: 100,
    unit: "",
    refusal: "ValidationException",
    source: `${QUOTAS_OF_DYNAMO_DB}: Expression parameters`,
  },
  nestedLevels: {
    service: "DynamoDB",
    what: "levels of an attribute",
    most: 32,
    unit: "",
    refusal: "ValidationException",
    source: `${QUOTAS_OF_DYNAMO_DB}: Attributes`,
  },
  hashKeyBytes: {
    service: "DynamoDB",
    what: "a partition key, of the table or an index (at least 1)",
    most: 2_048,
    unit: "bytes",
    refusal: "ValidationException",
    source: `${QUOTAS_OF_DYNAMO_DB}: Partition keys and sort keys`,
  },
  rangeKeyBytes: {
    service: "DynamoDB",
    what: "a sort key, of the table or an index (at least 1)",
    most: 1_024,
    unit: "bytes",
    refusal: "ValidationException",
    source: `${QUOTAS_OF_DYNAMO_DB}: Partition keys and sort keys`,
  },
  attributeNameBytes: {
    service: "DynamoDB",
    what: "an attribute's name (255 where an index has it as a key)",
    most: 64 * KB - 1,
    unit: "bytes",
    refusal: "ValidationException",
    source: `${QUOTAS_OF_DYNAMO_DB}: Naming rules`,
  },
  itemBytes: {
    service: "DynamoDB",
    what: "an item, with the names of its attributes",
    most: 400 * KB,
    unit: "bytes",
    refusal: "ValidationException",
    source: `${QUOTAS_OF_DYNAMO_DB}: Items`,
  },
  numberDigits: {
    service: "DynamoDB",
    what: "significant digits of a number",
    most: 38,
    unit: "",
    refusal: "ValidationException",
    source: `${QUOTAS_OF_DYNAMO_DB}: Data types`,
  },
  pageBytes: {
    service: "DynamoDB",
    what: "what a Query or Scan goes through, before filter and projection",
    most: MB,
    unit: "bytes",
    refusal: "a page with `LastEvaluatedKey`",
    source: `${QUOTAS_OF_DYNAMO_DB}: API-specific limits; Query, Paginating results`,
  },
  batchWrites: {
    service: "DynamoDB",
    what: "requests of a BatchWriteItem",
    most: 25,
    unit: "",
    refusal: "ValidationException",
    source: `${QUOTAS_OF_DYNAMO_DB}: API-specific limits`,
  },
  batchReads: {
    service: "DynamoDB",
    what: "keys of a BatchGetItem",
    most: 100,
    unit: "",
    refusal: "ValidationException",
    source: `${QUOTAS_OF_DYNAMO_DB}: API-specific limits`,
  },
  batchBytes: {
    service: "DynamoDB",
    what: "all items of a BatchWriteItem",
    most: 16 * MB,
    unit: "bytes",
    refusal: "ValidationException",
    source: `${QUOTAS_OF_DYNAMO_DB}: API-specific limits`,
  },
  transactionItems: {
    service: "DynamoDB",
    what: "items of a transaction, each once",
    most: 100,
    unit: "",
    refusal: "ValidationException",
    source: `${QUOTAS_OF_DYNAMO_DB}: DynamoDB transactions`,
  },
  transactionBytes: {
    service: "DynamoDB",
    what: "all items of a transaction",
    most: 4 * MB,
    unit: "bytes",
    refusal: "ValidationException",
    source: `${QUOTAS_OF_DYNAMO_DB}: DynamoDB transactions`,
  },
  eventEntries: {
    service: "EventBridge",
    what: "entries of a PutEvents",
    most: 10,
    unit: "",
    refusal: "ValidationException, the whole call",
    source: "EventBridge, API reference: PutEvents",
  },
  eventBytes: {
    service: "EventBridge",
    what: "all entries of a PutEvents (newer pages say 1 MB an entry)",
    // "The total entry size must be less than 256KB."
    most: 256 * KB - 1,
    unit: "bytes",
    refusal: "ValidationException, the whole call",
    source: ENTRY_SIZE,
  },
  eventTimeBytes: {
    service: "EventBridge",
    what: "what `Time` counts for in an entry's size",
    most: 14,
    unit: "bytes",
    refusal: "part of the size",
    source: ENTRY_SIZE,
  },
  eventLevels: {
    service: "EventBridge",
    what: "levels of `Detail`, a JSON object",
    most: 1_100,
    unit: "",
    refusal: "MalformedDetail, the entry",
    source: "EventBridge, API reference: PutEvents",
  },
  messageBytes: {
    service: "SQS",
    what: "a message: its body and the names, types and values of its attributes (at least 1)",
    most: MB,
    unit: "bytes",
    refusal: "InvalidParameterValue",
    source: MESSAGE_QUOTAS,
  },
  messageAttributes: {
    service: "SQS",
    what: "attributes of a message",
    most: 10,
    unit: "",
    refusal: "InvalidParameterValue",
    source: MESSAGE_QUOTAS,
  },
  messageAttributeName: {
    service: "SQS",
    what: "an attribute's name",
    most: 256,
    unit: "characters",
    refusal: "InvalidParameterValue",
    source: "SQS, Message metadata",
  },
  messagesPerBatch: {
    service: "SQS",
    what: "entries of a batch (at least 1, each Id once)",
    most: 10,
    unit: "",
    refusal: "TooManyEntriesInBatchRequest, the whole call",
    source: MESSAGE_QUOTAS,
  },
  batchMessageId: {
    service: "SQS",
    what: "the Id of a batch's entry: letters, digits, `-` and `_`",
    most: 80,
    unit: "characters",
    refusal: "InvalidBatchEntryId, the whole call",
    source: MESSAGE_QUOTAS,
  },
  batchMessageBytes: {
    service: "SQS",
    what: "all messages of a batch",
    most: MB,
    unit: "bytes",
    refusal: "BatchRequestTooLong, the whole call",
    source: "SQS, API reference: SendMessageBatch",
  },
  delaySeconds: {
    service: "SQS",
    what: "a message's delay",
    most: 900,
    unit: "seconds",
    refusal: "InvalidParameterValue",
    source: MESSAGE_QUOTAS,
  },
  visibilitySeconds: {
    service: "SQS",
    what: "a visibility timeout",
    most: 43_200,
    unit: "seconds",
    refusal: "InvalidParameterValue",
    source: MESSAGE_QUOTAS,
  },
  messagesPerReceive: {
    service: "SQS",
    what: "messages of a receive",
    most: 10,
    unit: "",
    refusal: "InvalidParameterValue",
    source: "SQS, API reference: ReceiveMessage",
  },
  waitSeconds: {
    service: "SQS",
    what: "a receive's wait",
    most: 20,
    unit: "seconds",
    refusal: "InvalidParameterValue",
    source: "SQS, API reference: ReceiveMessage",
  },
  objectKeyBytes: {
    service: "S3",
    what: "an object's key (at least 1)",
    most: 1_024,
    unit: "bytes",
    refusal: "KeyTooLongError",
    source: "S3, Naming Amazon S3 objects",
  },
  environmentBytes: {
    service: "Lambda",
    what: "all environment variables of a function, names and values",
    most: 4 * KB,
    unit: "bytes",
    refusal: "InvalidParameterValueException, at the deployment",
    source: LAMBDA_QUOTAS,
  },
  invocationBytes: {
    service: "Lambda",
    what: "a request or an answer of an invocation that is waited for",
    most: 6 * MB,
    unit: "bytes",
    refusal: "RequestTooLargeException",
    source: LAMBDA_QUOTAS,
  },
  asyncInvocationBytes: {
    service: "Lambda",
    what: "a request of an asynchronous invocation (newer pages say 1 MB)",
    most: 256 * KB,
    unit: "bytes",
    refusal: "RequestTooLargeException",
    source: LAMBDA_QUOTAS,
  },
  scheduleName: {
    service: "Scheduler",
    what: "the name of a schedule or a group",
    most: 64,
    unit: "characters",
    refusal: "ValidationException, at the deployment",
    source: "EventBridge Scheduler, API reference: CreateScheduleGroup",
  },
  scheduleInputBytes: {
    service: "Scheduler",
    what: "the input of a target",
    most: 256 * KB,
    unit: "bytes",
    refusal: "ValidationException, at the deployment",
    source: "EventBridge Scheduler, Quotas",
  },
  metricValues: {
    service: "CloudWatch",
    what: "values of a metric in a line of embedded metric format",
    most: 100,
    unit: "",
    refusal: "silence: the line has no metrics",
    source: EMBEDDED_METRIC_FORMAT,
  },
  metricsPerDirective: {
    service: "CloudWatch",
    what: "metrics of a directive",
    most: 100,
    unit: "",
    refusal: "silence: the line has no metrics",
    source: EMBEDDED_METRIC_FORMAT,
  },
  metricDimensions: {
    service: "CloudWatch",
    what: "dimensions of a set",
    most: 30,
    unit: "",
    refusal: "silence: the line has no metrics",
    source: EMBEDDED_METRIC_FORMAT,
  },
  logEventBytes: {
    service: "CloudWatch Logs",
    what: "a log event, with the 26 bytes of its entry (256 KB in older pages)",
    most: MB,
    unit: "bytes",
    refusal: "silence: the line is cut",
    source: "CloudWatch Logs, Quotas",
  },
  metricQueries: {
    service: "CloudWatch",
    what: "queries of a GetMetricData",
    most: 500,
    unit: "",
    refusal: "ValidationError",
    source: "CloudWatch, API reference: GetMetricData",
  },
  secretBytes: {
    service: "Secrets Manager",
    what: "a secret's value",
    most: 65_536,
    unit: "bytes",
    refusal: "ValidationException",
    source: "Secrets Manager, Quotas",
  },
} as const satisfies Readonly<Record<string, Limit>>;

export type LimitName = keyof typeof LIMITS;

/** A limit of AWS's that something of ours can reach. */
export interface Limit<Service extends string = string> {
  readonly service: Service;
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

/** Makes the limits of a service, page by page of its documentation. @param usual - how it refuses most of them. */
function limitsOf<const Service extends string>(
  service: Service,
  usual: string,
  pages = `${service}, `,
) {
  return (page: string) =>
    (what: string, most: number, unit = "", refusal = usual): Limit<Service> => ({
      service,
      what,
      most,
      unit,
      refusal,
      source: `${pages}${page}`,
    });
}

const dynamoDb = limitsOf("DynamoDB", "ValidationException", "DynamoDB, Quotas: ");
const eventBridge = limitsOf("EventBridge", "ValidationException, the whole call");
const sqs = limitsOf("SQS", "InvalidParameterValue");
const lambda = limitsOf("Lambda", "RequestTooLargeException");
const cloudWatch = limitsOf("CloudWatch", "silence: the line has no metrics");
const scheduler = limitsOf(
  "Scheduler",
  "ValidationException, at the deployment",
  "EventBridge Scheduler, ",
);

const expressions = dynamoDb("Expression parameters");
const keys = dynamoDb("Partition keys and sort keys");
const calls = dynamoDb("API-specific limits");
const transactions = dynamoDb("DynamoDB transactions");
const putEvents = eventBridge("API reference: PutEvents");
const entrySize = eventBridge("Calculating PutEvents event entry size");
const messages = sqs("Message quotas");
const receives = sqs("API reference: ReceiveMessage");
const functions = lambda("Quotas");
const metrics = cloudWatch("Specification: Embedded metric format");

/**
 * The documented limits of what we use, each with its source. What stands in for AWS in the tests refuses by
 * these numbers; where AWS's pages differ, the smaller one stands here.
 */
export const LIMITS = {
  expressionBytes: expressions("an expression", 4 * KB, "bytes"),
  placeholderBytes: expressions("a placeholder (`#name`, `:value`)", 255, "bytes"),
  substitutionBytes: expressions("all placeholders with what they stand for", 2 * MB, "bytes"),
  operators: dynamoDb("Expression parameters; code library, Count expression operators")(
    "operators and functions in an expression",
    300,
  ),
  operandsOfIn: expressions("operands of `IN`", 100),
  nestedLevels: dynamoDb("Attributes")("levels of an attribute", 32),
  hashKeyBytes: keys("a partition key, of the table or an index (at least 1)", 2_048, "bytes"),
  rangeKeyBytes: keys("a sort key, of the table or an index (at least 1)", 1_024, "bytes"),
  attributeNameBytes: dynamoDb("Naming rules")(
    "an attribute's name (255 where an index has it as a key)",
    64 * KB - 1,
    "bytes",
  ),
  itemBytes: dynamoDb("Items")("an item, with the names of its attributes", 400 * KB, "bytes"),
  numberDigits: dynamoDb("Data types")("significant digits of a number", 38),
  pageBytes: dynamoDb("API-specific limits; Query, Paginating results")(
    "what a Query or Scan goes through, before filter and projection",
    MB,
    "bytes",
    "a page with `LastEvaluatedKey`",
  ),
  batchWrites: calls("requests of a BatchWriteItem", 25),
  batchReads: calls("keys of a BatchGetItem", 100),
  batchBytes: calls("all items of a BatchWriteItem", 16 * MB, "bytes"),
  transactionItems: transactions("items of a transaction, each once", 100),
  transactionBytes: transactions("all items of a transaction", 4 * MB, "bytes"),
  eventEntries: putEvents("entries of a PutEvents", 10),
  // "The total entry size must be less than 256KB."
  eventBytes: entrySize(
    "all entries of a PutEvents (newer pages say 1 MB an entry)",
    256 * KB - 1,
    "bytes",
  ),
  eventTimeBytes: entrySize(
    "what `Time` counts for in an entry's size",
    14,
    "bytes",
    "part of the size",
  ),
  eventLevels: putEvents(
    "levels of `Detail`, a JSON object",
    1_100,
    "",
    "MalformedDetail, the entry",
  ),
  messageBytes: messages(
    "a message: its body and the names, types and values of its attributes (at least 1)",
    MB,
    "bytes",
  ),
  messageAttributes: messages("attributes of a message", 10),
  messageAttributeName: sqs("Message metadata")("an attribute's name", 256, "characters"),
  messagesPerBatch: messages(
    "entries of a batch (at least 1, each Id once)",
    10,
    "",
    "TooManyEntriesInBatchRequest, the whole call",
  ),
  batchMessageId: messages(
    "the Id of a batch's entry: letters, digits, `-` and `_`",
    80,
    "characters",
    "InvalidBatchEntryId, the whole call",
  ),
  batchMessageBytes: sqs("API reference: SendMessageBatch")(
    "all messages of a batch",
    MB,
    "bytes",
    "BatchRequestTooLong, the whole call",
  ),
  delaySeconds: messages("a message's delay", 900, "seconds"),
  visibilitySeconds: messages("a visibility timeout", 43_200, "seconds"),
  messagesPerReceive: receives("messages of a receive", 10),
  waitSeconds: receives("a receive's wait", 20, "seconds"),
  objectKeyBytes: limitsOf("S3", "KeyTooLongError")("Naming Amazon S3 objects")(
    "an object's key (at least 1)",
    1_024,
    "bytes",
  ),
  environmentBytes: functions(
    "all environment variables of a function, names and values",
    4 * KB,
    "bytes",
    "InvalidParameterValueException, at the deployment",
  ),
  invocationBytes: functions(
    "a request or an answer of an invocation that is waited for",
    6 * MB,
    "bytes",
  ),
  asyncInvocationBytes: functions(
    "a request of an asynchronous invocation (newer pages say 1 MB)",
    256 * KB,
    "bytes",
  ),
  scheduleName: scheduler("API reference: CreateScheduleGroup")(
    "the name of a schedule or a group",
    64,
    "characters",
  ),
  scheduleInputBytes: scheduler("Quotas")("the input of a target", 256 * KB, "bytes"),
  metricValues: metrics("values of a metric in a line of embedded metric format", 100),
  metricsPerDirective: metrics("metrics of a directive", 100),
  metricDimensions: metrics("dimensions of a set", 30),
  logEventBytes: limitsOf("CloudWatch Logs", "silence: the line is cut")("Quotas")(
    "a log event, with the 26 bytes of its entry (256 KB in older pages)",
    MB,
    "bytes",
  ),
  metricQueries: cloudWatch("API reference: GetMetricData")(
    "queries of a GetMetricData",
    500,
    "",
    "ValidationError",
  ),
  secretBytes: limitsOf("Secrets Manager", "ValidationException")("Quotas")(
    "a secret's value",
    65_536,
    "bytes",
  ),
};

export type LimitName = keyof typeof LIMITS;

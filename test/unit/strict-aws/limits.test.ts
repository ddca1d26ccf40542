import { describe, expect, test } from "vitest";

import { judgeLimits } from "../../../tools/strict-aws/call-refusal.ts";
import { LIMITS } from "../../../tools/strict-aws/limits.ts";
import type { Rule } from "../../../tools/strict-aws/limit-refusal.ts";

const MB = 1_048_576;
const key = { pk: { S: "APPLICATION#JA-1" }, sk: { S: "STATE" } };
const nested = (levels: number): object =>
  levels === 0 ? { S: "deep" } : { L: [nested(levels - 1)] };
const times = <Value>(count: number, make: (index: number) => Value) =>
  Array.from({ length: count }, (_, index) => make(index));
const update = (UpdateExpression: string, names: object = {}, values: object = {}) => ({
  Key: key,
  UpdateExpression,
  ExpressionAttributeNames: names,
  ExpressionAttributeValues: values,
});
const put = (attributes: object) => ({ Item: { ...key, ...attributes } });
const message = (MessageBody: string, attributes: object = {}) => ({
  MessageBody,
  MessageAttributes: attributes,
});
const text = (StringValue: string) => ({ DataType: "String", StringValue });
const entry = (Detail: string) => ({ Source: "s", DetailType: "d", Detail });
/** A batch of messages with these ids. */
const batch = (...ids: readonly string[]) => ({
  Entries: ids.map((Id) => ({ Id, ...message("m") })),
});
const puts = (count: number, attributes: object) =>
  times(count, (index) => ({ Put: put({ pk: { S: `p${index}` }, ...attributes }) }));
const values = (count: number) => times(count, () => ":v").join(",");
/** So many comparisons, joined by AND. */
function comparisons(count: number): string {
  return times(count, () => "a < b").join(" AND ");
}
/** A placeholder of so many bytes. */
const sized = (mark: string, bytes: number) => mark.padEnd(bytes, "n");
/** A JSON object of so many bytes. */
const detail = (bytes: number) => `{"a":"${"x".repeat(bytes - 8)}"}`;
const levels = (count: number) => `${'{"a":'.repeat(count)}1${"}".repeat(count)}`;

/** A call of each size: AWS takes the largest, and refuses the next one by the rule. */
const SIZES: readonly (readonly [Rule, string, number, (size: number) => object])[] = [
  ["expressionBytes", "UpdateItem", 4_096, (size) => update(`SET ${"a".repeat(size - 9)} = :v`)],
  ["expressionBytes", "Query", 4_096, (size) => ({ ProjectionExpression: "a".repeat(size) })],
  [
    "placeholderBytes",
    "UpdateItem",
    255,
    (size) => update("SET a = b", { [sized("#", size)]: "a" }),
  ],
  [
    "placeholderBytes",
    "UpdateItem",
    255,
    (size) => update("SET a = b", {}, { [sized(":", size)]: { S: "a" } }),
  ],
  [
    "substitutionBytes",
    "UpdateItem",
    2 * MB,
    (size) => update("SET a = :v", {}, { ":v": { S: "x".repeat(size - 2) } }),
  ],
  [
    "operators",
    "UpdateItem",
    300,
    (size) => update(`SET a = ${times(size + 1, () => ":v").join(" + ")}`),
  ],
  ["operandsOfIn", "Query", 100, (size) => ({ FilterExpression: `a IN (${values(size)})` })],
  ["nestedLevels", "PutItem", 32, (size) => put({ a: nested(size) })],
  ["hashKeyBytes", "GetItem", 1_024, (size) => ({ Key: { ...key, pk: { S: "é".repeat(size) } } })],
  [
    "hashKeyBytes",
    "UpdateItem",
    2_048,
    (size) => update("SET #a = :v", { "#a": "externalId" }, { ":v": { S: "x".repeat(size) } }),
  ],
  [
    "rangeKeyBytes",
    "DeleteItem",
    1_024,
    (size) => ({ Key: { ...key, sk: { S: "x".repeat(size) } } }),
  ],
  ["attributeNameBytes", "PutItem", 65_535, (size) => put({ ["x".repeat(size)]: { S: "" } })],
  ["itemBytes", "PutItem", 409_600, (size) => put({ a: { S: "x".repeat(size - 26) } })],
  ["itemBytes", "PutItem", 409_600, (size) => put({ a: { B: new Uint8Array(size - 26) } })],
  ["numberDigits", "PutItem", 38, (size) => put({ b: { N: `0.${"1".repeat(size)}` } })],
  [
    "batchWrites",
    "BatchWriteItem",
    25,
    (size) => ({ RequestItems: { t: times(size, () => ({ PutRequest: put({}) })) } }),
  ],
  [
    "batchReads",
    "BatchGetItem",
    100,
    (size) => ({ RequestItems: { t: { Keys: times(size, () => key) } } }),
  ],
  ["transactionItems", "TransactWriteItems", 100, (size) => ({ TransactItems: puts(size, {}) })],
  [
    "transactionBytes",
    "TransactWriteItems",
    10,
    (size) => ({ TransactItems: puts(size, { a: { S: "x".repeat(409_000) } }) }),
  ],
  ["eventEntries", "PutEvents", 10, (size) => ({ Entries: times(size, () => entry("{}")) })],
  ["eventBytes", "PutEvents", 262_143, (size) => ({ Entries: [entry(detail(size - 2))] })],
  [
    "eventBytes",
    "PutEvents",
    262_143,
    (size) => ({
      Entries: [{ ...entry(detail(size - 19)), Time: new Date(), Resources: ["arn"] }],
    }),
  ],
  ["messageBytes", "SendMessage", MB, (size) => message("m".repeat(size))],
  [
    "messageBytes",
    "SendMessage",
    MB,
    (size) => message("m".repeat(size - 15), { reason: text("why") }),
  ],
  [
    "messageAttributes",
    "SendMessage",
    10,
    (size) => message("m", Object.fromEntries(times(size, (index) => [`a${index}`, text("v")]))),
  ],
  ["delaySeconds", "SendMessage", 900, (size) => ({ ...message("m"), DelaySeconds: size })],
  ["messagesPerBatch", "SendMessageBatch", 10, (size) => batch(...times(size, String))],
  ["visibilitySeconds", "ChangeMessageVisibility", 43_200, (size) => ({ VisibilityTimeout: size })],
  ["messagesPerReceive", "ReceiveMessage", 10, (size) => ({ MaxNumberOfMessages: size })],
  ["waitSeconds", "ReceiveMessage", 20, (size) => ({ WaitTimeSeconds: size })],
  ["objectKeyBytes", "PutObject", 512, (size) => ({ Key: "é".repeat(size) })],
  ["metricQueries", "GetMetricData", 500, (size) => ({ MetricDataQueries: times(size, String) })],
  ["secretBytes", "PutSecretValue", 65_536, (size) => ({ SecretString: "x".repeat(size) })],
  ["invocationBytes", "Invoke", 6 * MB, (size) => ({ Payload: "x".repeat(size) })],
  [
    "asyncInvocationBytes",
    "Invoke",
    262_144,
    (size) => ({ Payload: "x".repeat(size), InvocationType: "Event" }),
  ],
];

/** A call that AWS takes, and one that AWS refuses by the rule. */
const PAIRS: readonly (readonly [Rule, string, object, object])[] = [
  [
    "operators",
    "PutItem",
    { ...put({}), ConditionExpression: comparisons(100) },
    { ...put({}), ConditionExpression: comparisons(151) },
  ],
  ["emptyKey", "PutItem", put({ other: { S: "" } }), put({ externalId: { S: "" } })],
  ["emptyKey", "PutItem", put({}), put({ sk: { S: "" } })],
  [
    "emptyKey",
    "UpdateItem",
    update("SET #a = :v REMOVE #b", { "#a": "other", "#b": "externalId" }, { ":v": { S: "" } }),
    update("REMOVE #b SET #a = :v", { "#a": "externalId", "#b": "other" }, { ":v": { S: "" } }),
  ],
  [
    "emptyKey",
    "UpdateItem",
    update("SET #a = if_not_exists(#a, :v)", { "#a": "duePk" }, { ":v": { S: "DUE#1" } }),
    update("SET #a = if_not_exists(#a, :v)", { "#a": "duePk" }, { ":v": { S: "" } }),
  ],
  [
    "emptyKey",
    "BatchWriteItem",
    { RequestItems: { t: [{ DeleteRequest: { Key: key } }] } },
    { RequestItems: { t: [{ PutRequest: put({ externalId: { S: "" } }) }] } },
  ],
  ["keyType", "PutItem", put({ dueAt: { N: "1" } }), put({ dueAt: { S: "1" } })],
  [
    "itemBytes",
    "PutItem",
    put({}),
    put({ a: { B: Buffer.alloc(409_600 - 25).toString("base64") } }),
  ],
  [
    "numberDigits",
    "PutItem",
    put({ a: { N: `1${"0".repeat(60)}` }, b: { N: "1".repeat(38) } }),
    put({ b: { N: `0.${"1".repeat(39)}` } }),
  ],
  [
    "transactionItems",
    "TransactWriteItems",
    { TransactItems: [{ Put: put({}) }] },
    { TransactItems: [{ Put: put({}) }, { Delete: { Key: key } }] },
  ],
  ["eventEntries", "PutEvents", { Entries: [entry("{}")] }, { Entries: [] }],
  [
    "eventBytes",
    "PutEvents",
    { Entries: times(2, () => entry(detail(130_000))) },
    { Entries: times(2, () => entry(detail(132_000))) },
  ],
  ["messageBytes", "SendMessage", message("m"), message("")],
  ["characters", "SendMessage", message("\t\n\r \u{10ffff}\ufffd"), message("\u0000")],
  ["characters", "SendMessage", message("ok"), message("\uffff")],
  ["characters", "SendMessage", message("ok"), message("ok", { reason: text("\ud800") })],
  [
    "messageAttributeName",
    "SendMessage",
    message("m", { "a.b": text("v") }),
    message("m", { "AWS.b": text("v") }),
  ],
  ["parameter", "SendMessage", message("m", { a: text("v") }), message("m", { a: text("") })],
  ["messagesPerBatch", "SendMessageBatch", batch("1"), batch()],
  ["batchMessageId", "SendMessageBatch", batch("0", "1"), batch("same", "same")],
  ["batchMessageId", "SendMessageBatch", batch("a-_1".repeat(20)), batch("a b")],
  [
    "batchMessageBytes",
    "SendMessageBatch",
    { Entries: times(2, (index) => ({ Id: String(index), ...message("m".repeat(MB / 2)) })) },
    { Entries: times(2, (index) => ({ Id: String(index), ...message("m".repeat(MB / 2 + 1)) })) },
  ],
  [
    "visibilitySeconds",
    "ChangeMessageVisibility",
    { VisibilityTimeout: 0 },
    { VisibilityTimeout: 0.5 },
  ],
];

const CASES = [
  ...SIZES.map(([rule, operation, most, of]) => [rule, operation, of(most), of(most + 1)] as const),
  ...PAIRS,
];

describe("a limit of AWS's", () => {
  test.each(CASES)(
    "%s: %s is taken up to it, and refused beyond",
    (rule, operation, taken, refused) => {
      const within = judgeLimits(operation, taken);
      const beyond = judgeLimits(operation, refused);

      expect([within.whole?.message ?? null, within.entries.size]).toEqual([null, 0]);
      expect(beyond.whole?.rule).toBe(rule);
    },
  );

  test.each([
    ["text", "eventLevels", levels(1_100), levels(1_101), "MalformedDetail"],
    [
      "text with brackets in it",
      "notJson",
      `{"a":"${"[".repeat(2_000)}"}`,
      "[1]",
      "MalformedDetail",
    ],
    ["nothing", "parameter", "{}", "", "InvalidArgument"],
    ["half of a text", "notJson", "{}", "{", "MalformedDetail"],
  ] as const)("refuses of a PutEvents the entry alone: %s", (_, rule, taken, refused, code) => {
    const { whole, entries } = judgeLimits("PutEvents", {
      Entries: [entry(taken), entry(refused), entry(taken)],
    });

    expect(whole).toBeNull();
    expect([...entries].map(([index, refusal]) => [index, refusal.rule, refusal.name])).toEqual([
      [1, rule, code],
    ]);
  });

  test("refuses of a SendMessageBatch the message alone whose characters SQS refuses", () => {
    const { whole, entries } = judgeLimits("SendMessageBatch", {
      Entries: ["a", "\u0001", "c"].map((body, index) => ({ Id: String(index), ...message(body) })),
    });

    expect(whole).toBeNull();
    expect([...entries.keys()]).toEqual([1]);
    expect(entries.get(1)?.name).toBe("InvalidMessageContents");
  });

  test("is named as AWS names it, so that the adapters know it", () => {
    expect(judgeLimits("PutItem", put({ externalId: { S: "" } })).whole).toMatchObject({
      name: "ValidationException",
      message: expect.stringContaining("IndexName: external, IndexKey: externalId"),
      $fault: "client",
    });
  });

  test("has a case here, or is held elsewhere", () => {
    const elsewhere: readonly string[] = [
      // dynalite pages by itself: test/contract/dynalite.test.ts.
      "pageBytes",
      // A part of the size of an entry.
      "eventTimeBytes",
      // At least 40 items of 400 KB; of 25 writes, so much cannot come together.
      "batchBytes",
      // Refused entry by entry, above.
      "eventLevels",
      // Of templates: test/infra/limits.test.ts.
      "environmentBytes",
      "scheduleName",
      "scheduleInputBytes",
      // Of lines: tools/strict-aws/embedded-metric-format.ts.
      "metricValues",
      "metricsPerDirective",
      "metricDimensions",
      "logEventBytes",
    ];
    const cased = new Set<string>(CASES.map(([rule]) => rule));

    expect(
      Object.keys(LIMITS)
        .filter((name) => !cased.has(name))
        .toSorted(),
    ).toEqual(elsewhere.toSorted());
  });
});

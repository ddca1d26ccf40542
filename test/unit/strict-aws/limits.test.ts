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
const metadataBytes = 2;
/** A JSON object of so many bytes. */
const detail = (bytes: number) => `{"a":"${"x".repeat(bytes - 8)}"}`;
const levels = (count: number) => `${'{"a":'.repeat(count)}1${"}".repeat(count)}`;

/** The operation, the largest that AWS takes, the least that it does not, and by what rule. */
const CASES: readonly (readonly [Rule, string, object, object])[] = [
  [
    "expressionBytes",
    "UpdateItem",
    update(`SET ${"a".repeat(4_092 - 5)} = :v`),
    update(`SET ${"a".repeat(4_092 - 4)} = :v`),
  ],
  [
    "expressionBytes",
    "Query",
    { ProjectionExpression: "a".repeat(4_096) },
    { ProjectionExpression: "a".repeat(4_097) },
  ],
  [
    "placeholderBytes",
    "UpdateItem",
    update("SET a = b", { [`#${"n".repeat(254)}`]: "a" }),
    update("SET a = b", { [`#${"n".repeat(255)}`]: "a" }),
  ],
  [
    "placeholderBytes",
    "UpdateItem",
    update("SET a = b", {}, { [`:${"v".repeat(254)}`]: { S: "a" } }),
    update("SET a = b", {}, { [`:${"v".repeat(255)}`]: { S: "a" } }),
  ],
  [
    "substitutionBytes",
    "UpdateItem",
    update("SET a = :v", {}, { ":v": { S: "x".repeat(2 * MB - 2) } }),
    update("SET a = :v", {}, { ":v": { S: "x".repeat(2 * MB - 1) } }),
  ],
  [
    "operators",
    "UpdateItem",
    update(`SET a = ${times(301, () => ":v").join(" + ")}`),
    update(`SET a = ${times(302, () => ":v").join(" + ")}`),
  ],
  [
    "operators",
    "PutItem",
    {
      ...put({}),
      ConditionExpression: times(100, () => "a < b AND")
        .join(" ")
        .slice(0, -4),
    },
    {
      ...put({}),
      ConditionExpression: times(151, () => "a < b AND")
        .join(" ")
        .slice(0, -4),
    },
  ],
  [
    "operandsOfIn",
    "Query",
    { FilterExpression: `a IN (${times(100, () => ":v").join(",")})` },
    { FilterExpression: `a IN (${times(101, () => ":v").join(",")})` },
  ],
  ["nestedLevels", "PutItem", put({ a: nested(32) }), put({ a: nested(33) })],
  [
    "hashKeyBytes",
    "GetItem",
    { Key: { ...key, pk: { S: "é".repeat(1_024) } } },
    { Key: { ...key, pk: { S: "é".repeat(1_025) } } },
  ],
  [
    "rangeKeyBytes",
    "DeleteItem",
    { Key: { ...key, sk: { S: "x".repeat(1_024) } } },
    { Key: { ...key, sk: { S: "x".repeat(1_025) } } },
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
    "hashKeyBytes",
    "UpdateItem",
    update("SET #a = :v", { "#a": "externalId" }, { ":v": { S: "x".repeat(2_048) } }),
    update("SET #a = :v", { "#a": "externalId" }, { ":v": { S: "x".repeat(2_049) } }),
  ],
  ["keyType", "PutItem", put({ dueAt: { N: "1" } }), put({ dueAt: { S: "1" } })],
  [
    "attributeNameBytes",
    "PutItem",
    put({ ["x".repeat(65_535)]: { S: "" } }),
    put({ ["x".repeat(65_536)]: { S: "" } }),
  ],
  [
    "itemBytes",
    "PutItem",
    put({ a: { S: "x".repeat(409_600 - 26) } }),
    put({ a: { S: "x".repeat(409_600 - 25) } }),
  ],
  [
    "itemBytes",
    "PutItem",
    put({ a: { B: new Uint8Array(409_600 - 26) } }),
    put({ a: { B: Buffer.alloc(409_600 - 25).toString("base64") } }),
  ],
  [
    "numberDigits",
    "PutItem",
    put({ a: { N: `1${"0".repeat(60)}` }, b: { N: "1".repeat(38) } }),
    put({ b: { N: `0.${"1".repeat(39)}` } }),
  ],
  [
    "batchWrites",
    "BatchWriteItem",
    { RequestItems: { t: times(25, () => ({ PutRequest: put({}) })) } },
    { RequestItems: { t: times(26, () => ({ PutRequest: put({}) })) } },
  ],
  [
    "emptyKey",
    "BatchWriteItem",
    { RequestItems: { t: [{ DeleteRequest: { Key: key } }] } },
    { RequestItems: { t: [{ PutRequest: put({ externalId: { S: "" } }) }] } },
  ],
  [
    "batchReads",
    "BatchGetItem",
    { RequestItems: { t: { Keys: times(100, () => key) } } },
    { RequestItems: { t: { Keys: times(101, () => key) } } },
  ],
  [
    "transactionItems",
    "TransactWriteItems",
    { TransactItems: times(100, (index) => ({ Put: put({ pk: { S: `p${index}` } }) })) },
    { TransactItems: times(101, (index) => ({ Put: put({ pk: { S: `p${index}` } }) })) },
  ],
  [
    "transactionItems",
    "TransactWriteItems",
    { TransactItems: [{ Put: put({}) }] },
    { TransactItems: [{ Put: put({}) }, { Delete: { Key: key } }] },
  ],
  [
    "transactionBytes",
    "TransactWriteItems",
    {
      TransactItems: times(10, (index) => ({
        Put: put({ pk: { S: `p${index}` }, a: { S: "x".repeat(409_000) } }),
      })),
    },
    {
      TransactItems: times(11, (index) => ({
        Put: put({ pk: { S: `p${index}` }, a: { S: "x".repeat(409_000) } }),
      })),
    },
  ],
  [
    "eventEntries",
    "PutEvents",
    { Entries: times(10, () => entry("{}")) },
    { Entries: times(11, () => entry("{}")) },
  ],
  ["eventEntries", "PutEvents", { Entries: [entry("{}")] }, { Entries: [] }],
  [
    "eventBytes",
    "PutEvents",
    { Entries: [entry(detail(262_143 - metadataBytes))] },
    { Entries: [entry(detail(262_144 - metadataBytes))] },
  ],
  [
    "eventBytes",
    "PutEvents",
    { Entries: times(2, () => entry(detail(130_000))) },
    { Entries: times(2, () => entry(detail(132_000))) },
  ],
  [
    "eventBytes",
    "PutEvents",
    { Entries: [{ ...entry(detail(262_143 - 19)), Time: new Date(), Resources: ["arn"] }] },
    { Entries: [{ ...entry(detail(262_143 - 18)), Time: new Date(), Resources: ["arn"] }] },
  ],
  ["messageBytes", "SendMessage", message("m".repeat(MB)), message("m".repeat(MB + 1))],
  [
    "messageBytes",
    "SendMessage",
    message("m".repeat(MB - 15), { reason: text("why") }),
    message("m".repeat(MB - 14), { reason: text("why") }),
  ],
  ["messageBytes", "SendMessage", message("m"), message("")],
  ["characters", "SendMessage", message("\t\n\r \u{10ffff}\ufffd"), message("\u0000")],
  ["characters", "SendMessage", message("ok"), message("\uffff")],
  ["characters", "SendMessage", message("ok"), message("ok", { reason: text("\ud800") })],
  [
    "messageAttributes",
    "SendMessage",
    message("m", Object.fromEntries(times(10, (index) => [`a${index}`, text("v")]))),
    message("m", Object.fromEntries(times(11, (index) => [`a${index}`, text("v")]))),
  ],
  [
    "messageAttributeName",
    "SendMessage",
    message("m", { "a.b": text("v") }),
    message("m", { "AWS.b": text("v") }),
  ],
  ["parameter", "SendMessage", message("m", { a: text("v") }), message("m", { a: text("") })],
  [
    "delaySeconds",
    "SendMessage",
    { ...message("m"), DelaySeconds: 900 },
    { ...message("m"), DelaySeconds: 901 },
  ],
  [
    "messagesPerBatch",
    "SendMessageBatch",
    { Entries: times(10, (index) => ({ Id: String(index), ...message("m") })) },
    { Entries: times(11, (index) => ({ Id: String(index), ...message("m") })) },
  ],
  [
    "messagesPerBatch",
    "SendMessageBatch",
    { Entries: [{ Id: "1", ...message("m") }] },
    { Entries: [] },
  ],
  [
    "batchMessageId",
    "SendMessageBatch",
    { Entries: times(2, (index) => ({ Id: String(index), ...message("m") })) },
    { Entries: times(2, () => ({ Id: "same", ...message("m") })) },
  ],
  [
    "batchMessageId",
    "SendMessageBatch",
    { Entries: [{ Id: "a-_1".repeat(20), ...message("m") }] },
    { Entries: [{ Id: "a b", ...message("m") }] },
  ],
  [
    "batchMessageBytes",
    "SendMessageBatch",
    { Entries: times(2, (index) => ({ Id: String(index), ...message("m".repeat(MB / 2)) })) },
    { Entries: times(2, (index) => ({ Id: String(index), ...message("m".repeat(MB / 2 + 1)) })) },
  ],
  [
    "visibilitySeconds",
    "ChangeMessageVisibility",
    { VisibilityTimeout: 43_200 },
    { VisibilityTimeout: 43_201 },
  ],
  [
    "visibilitySeconds",
    "ChangeMessageVisibility",
    { VisibilityTimeout: 0 },
    { VisibilityTimeout: 0.5 },
  ],
  [
    "messagesPerReceive",
    "ReceiveMessage",
    { MaxNumberOfMessages: 10 },
    { MaxNumberOfMessages: 11 },
  ],
  ["waitSeconds", "ReceiveMessage", { WaitTimeSeconds: 20 }, { WaitTimeSeconds: 21 }],
  ["objectKeyBytes", "PutObject", { Key: "é".repeat(512) }, { Key: "é".repeat(513) }],
  [
    "metricQueries",
    "GetMetricData",
    { MetricDataQueries: times(500, String) },
    { MetricDataQueries: times(501, String) },
  ],
  [
    "secretBytes",
    "PutSecretValue",
    { SecretString: "x".repeat(65_536) },
    { SecretString: "x".repeat(65_537) },
  ],
  [
    "invocationBytes",
    "Invoke",
    { Payload: "x".repeat(6 * MB) },
    { Payload: "x".repeat(6 * MB + 1) },
  ],
  [
    "asyncInvocationBytes",
    "Invoke",
    { Payload: "x".repeat(262_144), InvocationType: "Event" },
    { Payload: "x".repeat(262_145), InvocationType: "Event" },
  ],
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

import { describe, expect, test } from "vitest";

import { judgeLimits } from "../../../tools/strict-aws/call-refusal.ts";
import { LIMITS } from "../../../tools/strict-aws/limits.ts";
import type { Rule } from "../../../tools/strict-aws/limit-refusal.ts";

const MB = 1_048_576;
const key = { pk: { S: "APPLICATION#JA-1" }, sk: { S: "STATE" } };
const times = <Value>(count: number, make: (index: number) => Value) =>
  Array.from({ length: count }, (_, index) => make(index));
const x = (bytes: number) => "x".repeat(bytes);
/** An attribute that is a text of so many bytes. */
const textOf = (bytes: number) => ({ S: x(bytes) });
const nested = (levels: number): object =>
  levels === 0 ? { S: "deep" } : { L: [nested(levels - 1)] };
const update = (UpdateExpression: string, names: object = {}, values: object = {}) => ({
  Key: key,
  UpdateExpression,
  ExpressionAttributeNames: names,
  ExpressionAttributeValues: values,
});
const put = (attributes: object) => ({ Item: { ...key, ...attributes } });
const puts = (count: number, attributes: object) => ({
  TransactItems: times(count, (index) => ({ Put: put({ pk: { S: `p${index}` }, ...attributes }) })),
});
const requests = (...ofTable: readonly object[]) => ({ RequestItems: { t: ofTable } });
const message = (MessageBody: string, attributes: object = {}) => ({
  MessageBody,
  MessageAttributes: attributes,
});
const text = (StringValue: string) => ({ DataType: "String", StringValue });
const texts = (count: number) => Object.fromEntries(times(count, (n) => [`a${n}`, text("v")]));
/** A batch of messages with these ids. */
const batch = (...ids: readonly string[]) => ({
  Entries: ids.map((Id) => ({ Id, ...message("m") })),
});
const messages = (count: number, bytes: number) => ({
  Entries: times(count, (index) => ({ Id: String(index), ...message("m".repeat(bytes)) })),
});
const entry = (Detail: string) => ({ Source: "s", DetailType: "d", Detail });
const timed = (Detail: string) => ({ ...entry(Detail), Time: new Date(), Resources: ["arn"] });
const entries = (count: number, Detail: string) => ({ Entries: times(count, () => entry(Detail)) });
/** So many placeholders of values. */
const values = (count: number, between = ",") => times(count, () => ":v").join(between);
/** So many comparisons, joined by AND. */
const comparisons = (count: number) => times(count, () => "a < b").join(" AND ");
/** A placeholder of so many bytes. */
const sized = (mark: string, bytes: number) => mark.padEnd(bytes, "n");
/** A JSON object of so many bytes. */
const detail = (bytes: number) => `{"a":"${x(bytes - 8)}"}`;
const levels = (count: number) => `${'{"a":'.repeat(count)}1${"}".repeat(count)}`;

/** By operation, a call of each size: AWS takes the largest, and refuses the next one by the rule. */
const SIZES: Readonly<
  Record<string, readonly (readonly [rule: Rule, most: number, of: (n: number) => object])[]>
> = {
  UpdateItem: [
    ["expressionBytes", 4_096, (n) => update(`SET ${"a".repeat(n - 9)} = :v`)],
    ["placeholderBytes", 255, (n) => update("SET a = b", { [sized("#", n)]: "a" })],
    ["placeholderBytes", 255, (n) => update("SET a = b", {}, { [sized(":", n)]: { S: "a" } })],
    ["substitutionBytes", 2 * MB, (n) => update("SET a = :v", {}, { ":v": textOf(n - 2) })],
    ["operators", 300, (n) => update(`SET a = ${values(n + 1, " + ")}`)],
    [
      "hashKeyBytes",
      2_048,
      (n) => update("SET #a = :v", { "#a": "externalId" }, { ":v": textOf(n) }),
    ],
  ],
  Query: [
    ["expressionBytes", 4_096, (n) => ({ ProjectionExpression: "a".repeat(n) })],
    ["operandsOfIn", 100, (n) => ({ FilterExpression: `a IN (${values(n)})` })],
  ],
  PutItem: [
    ["nestedLevels", 32, (n) => put({ a: nested(n) })],
    ["attributeNameBytes", 65_535, (n) => put({ [x(n)]: { S: "" } })],
    ["itemBytes", 409_600, (n) => put({ a: textOf(n - 26) })],
    ["itemBytes", 409_600, (n) => put({ a: { B: new Uint8Array(n - 26) } })],
    ["numberDigits", 38, (n) => put({ b: { N: `0.${"1".repeat(n)}` } })],
  ],
  GetItem: [["hashKeyBytes", 1_024, (n) => ({ Key: { ...key, pk: { S: "é".repeat(n) } } })]],
  DeleteItem: [["rangeKeyBytes", 1_024, (n) => ({ Key: { ...key, sk: textOf(n) } })]],
  BatchWriteItem: [
    ["batchWrites", 25, (n) => requests(...times(n, () => ({ PutRequest: put({}) })))],
  ],
  BatchGetItem: [
    ["batchReads", 100, (n) => ({ RequestItems: { t: { Keys: times(n, () => key) } } })],
  ],
  TransactWriteItems: [
    ["transactionItems", 100, (n) => puts(n, {})],
    ["transactionBytes", 10, (n) => puts(n, { a: textOf(409_000) })],
  ],
  PutEvents: [
    ["eventEntries", 10, (n) => entries(n, "{}")],
    ["eventBytes", 262_143, (n) => entries(1, detail(n - 2))],
    ["eventBytes", 262_143, (n) => ({ Entries: [timed(detail(n - 19))] })],
  ],
  SendMessage: [
    ["messageBytes", MB, (n) => message("m".repeat(n))],
    ["messageBytes", MB, (n) => message("m".repeat(n - 15), { reason: text("why") })],
    ["messageAttributes", 10, (n) => message("m", texts(n))],
    ["delaySeconds", 900, (n) => ({ ...message("m"), DelaySeconds: n })],
  ],
  SendMessageBatch: [["messagesPerBatch", 10, (n) => batch(...times(n, String))]],
  ChangeMessageVisibility: [["visibilitySeconds", 43_200, (n) => ({ VisibilityTimeout: n })]],
  ReceiveMessage: [
    ["messagesPerReceive", 10, (n) => ({ MaxNumberOfMessages: n })],
    ["waitSeconds", 20, (n) => ({ WaitTimeSeconds: n })],
  ],
  PutObject: [["objectKeyBytes", 512, (n) => ({ Key: "é".repeat(n) })]],
  GetMetricData: [["metricQueries", 500, (n) => ({ MetricDataQueries: times(n, String) })]],
  PutSecretValue: [["secretBytes", 65_536, (n) => ({ SecretString: x(n) })]],
  Invoke: [
    ["invocationBytes", 6 * MB, (n) => ({ Payload: x(n) })],
    ["asyncInvocationBytes", 262_144, (n) => ({ Payload: x(n), InvocationType: "Event" })],
  ],
};

const named = { "#a": "externalId", "#b": "other" };
const IF_NEW = "SET #a = if_not_exists(#a, :v)";
const DUE = { "#a": "duePk" };

/** By operation, a call that AWS takes, and one that AWS refuses by the rule. */
const PAIRS: Readonly<
  Record<string, readonly (readonly [rule: Rule, taken: object, refused: object])[]>
> = {
  PutItem: [
    [
      "operators",
      { ...put({}), ConditionExpression: comparisons(100) },
      { ...put({}), ConditionExpression: comparisons(151) },
    ],
    ["emptyKey", put({ other: { S: "" } }), put({ externalId: { S: "" } })],
    ["emptyKey", put({}), put({ sk: { S: "" } })],
    ["keyType", put({ dueAt: { N: "1" } }), put({ dueAt: { S: "1" } })],
    ["itemBytes", put({}), put({ a: { B: Buffer.alloc(409_600 - 25).toString("base64") } })],
    [
      "numberDigits",
      put({ a: { N: `1${"0".repeat(60)}` }, b: { N: "1".repeat(38) } }),
      put({ b: { N: `0.${"1".repeat(39)}` } }),
    ],
  ],
  UpdateItem: [
    [
      "emptyKey",
      update("SET #b = :v REMOVE #a", named, { ":v": { S: "" } }),
      update("REMOVE #b SET #a = :v", named, { ":v": { S: "" } }),
    ],
    [
      "emptyKey",
      update(IF_NEW, DUE, { ":v": { S: "DUE#1" } }),
      update(IF_NEW, DUE, { ":v": { S: "" } }),
    ],
  ],
  BatchWriteItem: [
    [
      "emptyKey",
      requests({ DeleteRequest: { Key: key } }),
      requests({ PutRequest: put({ externalId: { S: "" } }) }),
    ],
  ],
  TransactWriteItems: [
    [
      "transactionItems",
      { TransactItems: [{ Put: put({}) }] },
      { TransactItems: [{ Put: put({}) }, { Delete: { Key: key } }] },
    ],
  ],
  PutEvents: [
    ["eventEntries", entries(1, "{}"), entries(0, "{}")],
    ["eventBytes", entries(2, detail(130_000)), entries(2, detail(132_000))],
  ],
  SendMessage: [
    ["messageBytes", message("m"), message("")],
    ["characters", message("\t\n\r \u{10ffff}\ufffd"), message("\u0000")],
    ["characters", message("ok"), message("\uffff")],
    ["characters", message("ok"), message("ok", { reason: text("\ud800") })],
    [
      "messageAttributeName",
      message("m", { "a.b": text("v") }),
      message("m", { "AWS.b": text("v") }),
    ],
    ["parameter", message("m", { a: text("v") }), message("m", { a: text("") })],
  ],
  SendMessageBatch: [
    ["messagesPerBatch", batch("1"), batch()],
    ["batchMessageId", batch("0", "1"), batch("same", "same")],
    ["batchMessageId", batch("a-_1".repeat(20)), batch("a b")],
    ["batchMessageBytes", messages(2, MB / 2), messages(2, MB / 2 + 1)],
  ],
  ChangeMessageVisibility: [
    ["visibilitySeconds", { VisibilityTimeout: 0 }, { VisibilityTimeout: 0.5 }],
  ],
};

const CASES = [
  ...Object.entries(SIZES).flatMap(([operation, rows]) =>
    rows.map(([rule, most, of]) => [rule, operation, of(most), of(most + 1)] as const),
  ),
  ...Object.entries(PAIRS).flatMap(([operation, rows]) =>
    rows.map(([rule, taken, refused]) => [rule, operation, taken, refused] as const),
  ),
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

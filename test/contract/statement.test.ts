import { UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import { afterAll, describe, expect, test } from "vitest";

import { applicationKey } from "../../lambdas/adapters/dynamo/application-item.ts";
import { DynamoStatementSources } from "../../lambdas/adapters/dynamo/dynamo-statement-sources.ts";
import { KmsSigner } from "../../lambdas/adapters/kms-signer.ts";
import { S3StatementArchive, statementKey } from "../../lambdas/adapters/s3-statement-archive.ts";
import { readSigned } from "../../lambdas/domain/statement/signed-statement.ts";
import { DAY_MS } from "../../lambdas/domain/statement/statement.ts";
import { ROUTE_IDS } from "../../lambdas/settings/routes.ts";
import { makeStatementHandler } from "../../lambdas/statement/handler.ts";
import { makeMetrics } from "../../lambdas/telemetry/metrics.ts";
import { batchOf, lambdaContext, webhookOf } from "../../tools/cloud-in-memory/builders.ts";
import { startCountedConsumer } from "../../tools/cloud-in-memory/counted-consumer.ts";
import { statement } from "../../tools/ops/statement.ts";
import { s3Over } from "../support/memory-s3.ts";
import { aStack, KeptTerminal } from "../support/operator.ts";
import { makeSigningKey } from "../support/signing-key.ts";

/*
 * The daily statement over a DynamoDB that the real consumer has filled, a bucket in memory, and a real key.
 */

const TODAY = new Date().toISOString().slice(0, 10);
const MIDNIGHT = Date.parse(`${TODAY}T00:00:00.000Z`) + DAY_MS;
const TEN_MINUTES = 600_000;
const HOUR = 3_600_000;

const consumer = await startCountedConsumer();
afterAll(consumer.dynamo.close);
for (const token of ["agrees", "waits", "in-gap", "overdue", "settled"]) {
  await consumer.process(batchOf([aWebhook("completed_application", token)]), lambdaContext());
}
await remember("agrees", { checkedAt: Date.now() + 1 });
await remember("in-gap", { checkedAt: Date.now() + 1, unsettledSince: Date.now() });
await remember("overdue", { unsettledSince: MIDNIGHT - 2 * DAY_MS });
await remember("settled", { settledAt: Date.now() }, ["duePk", "dueAt"]);

function aWebhook(type: string, name: string): string {
  return webhookOf(type, `JA-${name}`, Date.now() - 1_000);
}

/** Writes what the poller remembers of an application. */
async function remember(
  name: string,
  values: Readonly<Record<string, number>>,
  removed: readonly string[] = [],
): Promise<void> {
  const set = Object.keys(values).map((key) => `${key} = :${key}`);
  const named = Object.entries(values).map(([key, value]) => [`:${key}`, value] as const);
  await consumer.dynamo.client.send(
    new UpdateItemCommand({
      TableName: consumer.dynamo.applicationTableName,
      Key: marshall(applicationKey(`JA-${name}`)),
      UpdateExpression: `SET ${set.join(", ")}${removed.length > 0 ? ` REMOVE ${removed.join(", ")}` : ""}`,
      ExpressionAttributeValues: marshall(Object.fromEntries(named)),
    }),
  );
}

/** A stack with a bucket and a key, and the function that makes its statements. */
function aStatementStack() {
  const objects = new Map<string, string>();
  const lines: string[] = [];
  const { kms } = makeSigningKey();
  const s3 = s3Over(objects);
  const { dynamo } = consumer;
  const makeAt = (at: number) =>
    makeStatementHandler({
      sources: new DynamoStatementSources(dynamo.client, dynamo),
      archive: new S3StatementArchive(s3, "statements"),
      signer: new KmsSigner(kms, "statement-key"),
      settings: { publishedRoutes: ROUTE_IDS, finalCheckMs: 25 * HOUR },
      stage: "test",
      metrics: makeMetrics({ stage: "test", write: (line) => lines.push(line), now: () => at }),
      logger: { debug() {}, info() {}, warn() {}, error() {} },
      now: () => at,
    })();
  const terminal = new KeptTerminal();
  const stack = { ...aStack(), s3, kms };
  const ops = (day: string | null = null) => statement(stack, { day, verify: true }, terminal);
  return { objects, lines, makeAt, ops, terminal };
}

describe("the daily statement", () => {
  test("counts what is not settled, each application once, and the effects of the day", async () => {
    const { objects, lines, makeAt } = aStatementStack();

    expect(await makeAt(MIDNIGHT + TEN_MINUTES)).toEqual({ day: TODAY, result: "made" });

    const { statement: made } = readSigned(objects.get(statementKey(TODAY)) ?? "");
    expect(made).toMatchObject({
      stage: "test",
      day: TODAY,
      isWhole: true,
      applications: { seen: 4, moved: 4, agreeing: 1, waiting: 2, differing: 2, overdue: 1 },
      effects: { published: 4, confirmed: 1, unfinished: 0 },
      completeness: 75,
      previous: null,
    });
    expect(JSON.stringify(made)).not.toContain("JA-");
    expect(lines.join("")).toMatch(/"Completeness":75,"ErrorBudgetBurn":250\}/);
  });

  test("is made once: a second run leaves the first one's", async () => {
    const { objects, lines, makeAt } = aStatementStack();
    await makeAt(MIDNIGHT + TEN_MINUTES);
    const [first] = objects.values();
    const before = lines.length;

    expect(await makeAt(MIDNIGHT + HOUR)).toEqual({ day: TODAY, result: "kept" });

    expect([...objects.values()]).toEqual([first]);
    expect(lines).toHaveLength(before);
  });

  test("says when it comes too late to see all applications of the day", async () => {
    const { objects, makeAt } = aStatementStack();

    await makeAt(MIDNIGHT + 5 * HOUR);

    expect(readSigned([...objects.values()][0] ?? "").statement.isWhole).toBe(false);
  });

  test("names the one before it, over a day without one, and the chain is verified", async () => {
    const { makeAt, ops, terminal } = aStatementStack();
    for (const day of [0, 1, 3]) await makeAt(MIDNIGHT + day * DAY_MS + TEN_MINUTES);

    await ops();

    expect(terminal.text).toMatch(/^Statement of test for \d{4}-\d{2}-\d{2}, made /);
    expect(terminal.text).toContain(
      `Verified: 3 statements since ${TODAY}, each signed with statement-key, each naming the one before it.`,
    );
  });

  test.each<[string, (file: string) => string | null, RegExp]>([
    [
      "of which a count was changed",
      (file) => file.replace('"overdue":1', '"overdue":0'),
      /is not signed/,
    ],
    [
      "whose signature is another's",
      // One of 64 begins so already.
      (file) => file.replace(/"value":"(.)/, (_, first) => `"value":"${first === "x" ? "y" : "x"}`),
      /is not signed/,
    ],
    ["that was removed", () => null, /does not name the statement before it/],
    ["that is no statement", () => "{}", /cannot be read/],
    [
      "of another stage",
      (file) => file.replace('"stage":"test"', '"stage":"other"'),
      /of another stage/,
    ],
  ])("%s breaks the chain", async (_, change, says) => {
    const { objects, makeAt, ops } = aStatementStack();
    for (const day of [0, 1, 2]) await makeAt(MIDNIGHT + day * DAY_MS + TEN_MINUTES);
    const key = [...objects.keys()][1] ?? "";
    const changed = change(objects.get(key) ?? "");
    if (changed === null) objects.delete(key);
    else objects.set(key, changed);

    await expect(ops()).rejects.toThrow(says);
    await expect(ops(TODAY)).resolves.toBeDefined();
  });

  test("of a day that has none is not found, and a wrong day is refused", async () => {
    const { makeAt, ops } = aStatementStack();
    await expect(ops()).rejects.toThrow("There is no statement of any day (there is none yet)");
    await makeAt(MIDNIGHT + TEN_MINUTES);

    await expect(ops("2020-01-01")).rejects.toThrow("There is no statement of 2020-01-01");
    await expect(ops("yesterday")).rejects.toThrow("it must be a day of UTC");
  });
});

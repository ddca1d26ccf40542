import { UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import type { UpdateItemCommandInput } from "@aws-sdk/client-dynamodb";
import { beforeAll, expect, test } from "vitest";

import { startDynamoDb } from "../../tools/cloud-in-memory/dynalite.ts";
import type { LocalDynamoDb } from "../../tools/cloud-in-memory/dynalite.ts";

let dynamo: LocalDynamoDb;

beforeAll(async () => {
  dynamo = await startDynamoDb();
  return dynamo.close;
});

const STATEMENT = {
  UpdateExpression: "SET #status = :status, seen = if_not_exists(seen, :at) ADD revision :one",
  ConditionExpression:
    "attribute_not_exists(#status) OR ((begins_with(#status, :prefix)) AND NOT (seen > :at))",
  ExpressionAttributeNames: { "#status": "status" },
} as const;

const VALUES = {
  ":status": { S: "running" },
  ":prefix": { S: "run" },
  ":at": { N: "7" },
  ":one": { N: "1" },
} as const;

function update(sk: string, change: Partial<UpdateItemCommandInput> = {}) {
  return dynamo.client.send(
    new UpdateItemCommand({
      TableName: "applications",
      Key: { pk: { S: "JA-read-once" }, sk: { S: sk } },
      ...STATEMENT,
      ExpressionAttributeValues: VALUES,
      ReturnValues: "ALL_NEW",
      ...change,
    }),
  );
}

test("a statement that comes again acts by its own values", async () => {
  const one = await update("one");
  const other = await update("other", {
    ExpressionAttributeValues: { ...VALUES, ":status": { S: "completed" }, ":at": { N: "9" } },
  });
  const again = await update("one");

  expect(one.Attributes).toMatchObject({ status: { S: "running" }, seen: { N: "7" } });
  expect(other.Attributes).toMatchObject({ status: { S: "completed" }, seen: { N: "9" } });
  expect(again.Attributes).toMatchObject({ seen: { N: "7" }, revision: { N: "2" } });
  const earlier = { ...VALUES, ":at": { N: "8" } };
  await expect(update("other", { ExpressionAttributeValues: earlier })).rejects.toThrow(
    "The conditional request failed",
  );
});

test.each<[string, Partial<UpdateItemCommandInput>, string]>([
  [
    "the prefix is a number",
    { ExpressionAttributeValues: { ...VALUES, ":prefix": { N: "1" } } },
    "Incorrect operand type for operator or function; operator or function: begins_with",
  ],
  [
    "a text is added",
    { ExpressionAttributeValues: { ...VALUES, ":one": { S: "1" } } },
    "Incorrect operand type for operator or function; operator: ADD",
  ],
  [
    "a value is missing",
    { ExpressionAttributeValues: { ":status": { S: "a" }, ":at": { N: "1" }, ":one": { N: "1" } } },
    "attribute value: :prefix",
  ],
  [
    "a value is not used",
    { ExpressionAttributeValues: { ...VALUES, ":more": { S: "a" } } },
    "unused in expressions: keys: {:more}",
  ],
  [
    "a name is not used",
    { ExpressionAttributeNames: { "#status": "status", "#more": "more" } },
    "unused in expressions: keys: {#more}",
  ],
  [
    "two names are one attribute",
    { ExpressionAttributeNames: { "#status": "revision" } },
    "Two document paths overlap",
  ],
  ["a name is missing", { ExpressionAttributeNames: {} }, "ExpressionAttributeNames must not be"],
])("a statement that was taken before is refused when %s", async (_, change, refusal) => {
  await update("taken");

  await expect(update("taken", change)).rejects.toThrow(refusal);
  await expect(update("taken", change)).rejects.toThrow(refusal);
});

test("the bounds of a range are compared each time", async () => {
  const between = (low: string, high: string) =>
    update("range", {
      UpdateExpression: "SET seen = :at",
      ConditionExpression: "attribute_not_exists(seen) OR seen BETWEEN :low AND :high",
      ExpressionAttributeNames: undefined,
      ExpressionAttributeValues: { ":at": { N: "1" }, ":low": { N: low }, ":high": { N: high } },
    });
  await between("1", "2");

  await expect(between("2", "1")).rejects.toThrow("requires upper bound to be greater");
});

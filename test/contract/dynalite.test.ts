import {
  DeleteItemCommand,
  DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { startDynamoDb } from "../support/dynalite.ts";
import type { LocalDynamoDb } from "../support/dynalite.ts";

type Call = DeleteItemCommand | PutItemCommand | UpdateItemCommand;

const TableName = "applications";
const key = { pk: { S: "APPLICATION#JA-1" }, sk: { S: "STATE" } };

function put(attributes: Record<string, AttributeValue>) {
  return new PutItemCommand({ TableName, Item: { ...key, ...attributes } });
}

function update(attribute: string, value: AttributeValue, placeholder = "#name") {
  return new UpdateItemCommand({
    TableName,
    Key: key,
    UpdateExpression: `SET ${placeholder} = :value`,
    ExpressionAttributeNames: { [placeholder]: attribute },
    ExpressionAttributeValues: { ":value": value },
  });
}

function nested(levels: number): AttributeValue {
  return levels === 0 ? { S: "deep" } : { L: [nested(levels - 1)] };
}

const manyAttributes = Array.from({ length: 500 }, (_, index) => `a${index} = :v`).join(", ");
const manyOperators = Array.from({ length: 151 }, () => "a<>:v").join(" OR ");
const expression = (UpdateExpression: string, value: AttributeValue) =>
  new UpdateItemCommand({
    TableName,
    Key: key,
    UpdateExpression,
    ExpressionAttributeValues: { ":v": value },
  });

/** docs/decisions/0024 has them in a table, beside other implementations. */
const FORGIVEN = [
  ["an expression of more than 4 KB", expression(`SET ${manyAttributes}`, { S: "v" })],
  [
    "an expression with more than 300 operators",
    new PutItemCommand({
      TableName,
      Item: key,
      ConditionExpression: manyOperators,
      ExpressionAttributeValues: { ":v": { S: "v" } },
    }),
  ],
  ["a placeholder of more than 255 bytes", update("name", { S: "v" }, `#${"n".repeat(255)}`)],
  ["an empty text as the key of an index, by a put", put({ externalId: { S: "" } })],
  ["an empty text as the key of an index, by an update", update("externalId", { S: "" })],
  ["an index's key of more than 2,048 bytes", put({ externalId: { S: "x".repeat(2_049) } })],
  ["an attribute of more than 32 levels", put({ deep: nested(33) })],
  ["a key that is too long in bytes, not in characters", put({ pk: { S: "é".repeat(1_025) } })],
  [
    "the removal of what has such a key",
    new DeleteItemCommand({ TableName, Key: { ...key, sk: { S: "é".repeat(513) } } }),
  ],
] as const satisfies readonly (readonly [string, Call])[];

/** The SDK's `send` takes one kind of command at a time. */
async function send(client: DynamoDBClient, call: Call): Promise<void> {
  if (call instanceof PutItemCommand) await client.send(call);
  else if (call instanceof UpdateItemCommand) await client.send(call);
  else await client.send(call);
}

let dynamo: LocalDynamoDb;
let bare: DynamoDBClient;

beforeAll(async () => {
  dynamo = await startDynamoDb();
  const { credentials, endpoint } = dynamo.client.config;
  bare = new DynamoDBClient({
    region: "us-east-1",
    credentials,
    ...(endpoint !== undefined && { endpoint }),
  });
});

afterAll(async () => {
  bare?.destroy();
  await dynamo?.close();
});

describe("what DynamoDB refuses", () => {
  test.each(FORGIVEN)(
    "is forgiven by dynalite, and refused in front of it: %s",
    async (_, call) => {
      await send(bare, call);

      await expect(send(dynamo.client, call)).rejects.toMatchObject({
        name: "ValidationException",
      });
      expect(dynamo.refused.at(-1)?.refusal.name).toBe("ValidationException");
    },
  );

  test.each([
    ["an item of more than 400 KB", put({ body: { S: "x".repeat(409_600) } })],
    ["an empty text as a key of the table", put({ sk: { S: "" } })],
    ["a number for a text as the key of an index", put({ externalId: { N: "1" } })],
    ["a number of more than 38 digits", put({ count: { N: "1".repeat(39) } })],
  ])("is refused by dynalite itself: %s", async (_, call) => {
    await expect(send(bare, call)).rejects.toMatchObject({ name: "ValidationException" });
  });
});

test("a query goes through a megabyte, before its projection, and says where it stopped", async () => {
  const pk = { S: "APPLICATION#JA-large" };
  for (const number of [1, 2, 3, 4]) {
    const sk = { S: `EVENT#${number}` };
    await dynamo.client.send(put({ pk, sk, body: { S: "x".repeat(400_000) } }));
  }

  const { Items = [], LastEvaluatedKey } = await dynamo.client.send(
    new QueryCommand({
      TableName,
      KeyConditionExpression: "pk = :pk",
      ExpressionAttributeValues: { ":pk": pk },
      ProjectionExpression: "sk",
    }),
  );

  expect(Items.map(({ sk }) => sk?.S)).toEqual(["EVENT#1", "EVENT#2", "EVENT#3"]);
  expect(LastEvaluatedKey).toEqual({ pk, sk: { S: "EVENT#3" } });
});

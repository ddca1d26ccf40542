import {
  DeleteItemCommand,
  DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { beforeAll, describe, expect, test } from "vitest";

import type { RefusedCall } from "../../tools/strict-aws/strict-client.ts";
import { expectRefusals } from "../support/refusals.ts";

/** A DynamoDB, or what says to be one, with the limits in front of its client. */
export interface OpenDynamo {
  readonly client: DynamoDBClient;
  /** One more client, without the limits. @default - it is reached by the endpoint of the other */
  readonly connect?: () => DynamoDBClient;
  readonly applicationTableName: string;
  readonly refused: readonly RefusedCall[];
  readonly close: () => Promise<void>;
}

type Call = DeleteItemCommand | PutItemCommand | UpdateItemCommand;

const key = { pk: { S: "APPLICATION#JA-1" }, sk: { S: "STATE" } };

const put = (attributes: Record<string, AttributeValue>) => (TableName: string) =>
  new PutItemCommand({ TableName, Item: { ...key, ...attributes } });

const update =
  (attribute: string, value: AttributeValue, placeholder = "#name") =>
  (TableName: string) =>
    new UpdateItemCommand({
      TableName,
      Key: key,
      UpdateExpression: `SET ${placeholder} = :value`,
      ExpressionAttributeNames: { [placeholder]: attribute },
      ExpressionAttributeValues: { ":value": value },
    });

function nested(levels: number): AttributeValue {
  return levels === 0 ? { S: "deep" } : { L: [nested(levels - 1)] };
}

/** What DynamoDB refuses by its documentation, each with a call that goes beyond it. */
const BEYOND = {
  "an expression of more than 4 KB": (TableName: string) =>
    new UpdateItemCommand({
      TableName,
      Key: key,
      UpdateExpression: `SET ${Array.from({ length: 500 }, (_, index) => `a${index} = :v`).join(", ")}`,
      ExpressionAttributeValues: { ":v": { S: "v" } },
    }),
  "an expression with more than 300 operators": (TableName: string) =>
    new PutItemCommand({
      TableName,
      Item: key,
      ConditionExpression: Array.from({ length: 151 }, () => "a<>:v").join(" OR "),
      ExpressionAttributeValues: { ":v": { S: "v" } },
    }),
  "a placeholder of more than 255 bytes": update("name", { S: "v" }, `#${"n".repeat(255)}`),
  "an empty text as the key of an index, by a put": put({ externalId: { S: "" } }),
  "an empty text as the key of an index, by an update": update("externalId", { S: "" }),
  "an index's key of more than 2,048 bytes": put({ externalId: { S: "x".repeat(2_049) } }),
  "an attribute of more than 32 levels": put({ deep: nested(33) }),
  "a key that is too long in bytes, not in characters": put({ pk: { S: "é".repeat(1_025) } }),
  "the removal of what has such a key": (TableName: string) =>
    new DeleteItemCommand({ TableName, Key: { ...key, sk: { S: "é".repeat(513) } } }),
  "an item of more than 400 KB": put({ body: { S: "x".repeat(409_600) } }),
  "an empty text as a key of the table": put({ sk: { S: "" } }),
  "a number for a text as the key of an index": put({ externalId: { N: "1" } }),
  "a number of more than 38 digits": put({ count: { N: "1".repeat(39) } }),
} as const satisfies Readonly<Record<string, (tableName: string) => Call>>;

export type BeyondName = keyof typeof BEYOND;

/** The SDK's `send` takes one kind of command at a time. */
async function send(client: DynamoDBClient, call: Call): Promise<void> {
  if (call instanceof PutItemCommand) await client.send(call);
  else if (call instanceof UpdateItemCommand) await client.send(call);
  else await client.send(call);
}

/**
 * What an implementation of DynamoDB forgives, and that nothing of it gets so far (docs/decisions/0024).
 *
 * @param forgiven - what it takes although DynamoDB does not; when it takes less some day, this says so.
 */
export function describeDynamoLimits(
  name: string,
  open: () => Promise<OpenDynamo>,
  forgiven: readonly BeyondName[],
): void {
  describe(`The limits of DynamoDB: ${name}`, () => {
    let dynamo: OpenDynamo;
    let bare: DynamoDBClient;

    beforeAll(async () => {
      dynamo = await open();
      const { credentials, endpoint } = dynamo.client.config;
      bare =
        dynamo.connect?.() ??
        new DynamoDBClient({
          region: "us-east-1",
          credentials,
          maxAttempts: 1,
          ...(endpoint !== undefined && { endpoint }),
        });
      return async () => {
        bare.destroy();
        await dynamo.close();
      };
    });

    test.each(Object.entries(BEYOND))("are held in front of it: %s", async (_, call) => {
      const beyond = send(dynamo.client, call(dynamo.applicationTableName));

      await expect(beyond).rejects.toMatchObject({ name: "ValidationException" });
      expect(dynamo.refused.at(-1)?.refusal.name).toBe("ValidationException");
      expectRefusals();
    });

    test.each(Object.entries(BEYOND))(
      "are held by itself, or are known not to be: %s",
      async (what, call) => {
        const answer = await send(bare, call(dynamo.applicationTableName)).then(
          () => "taken",
          (error: Error) => error.name,
        );

        const isForgiven = forgiven.some((one) => one === what);
        expect([what, answer !== "ValidationException"]).toEqual([what, isForgiven]);
      },
    );

    test("page what a query goes through by the megabyte, before its projection", async () => {
      const pk = { S: "APPLICATION#JA-large" };
      for (const number of [1, 2, 3, 4]) {
        const item = { pk, sk: { S: `EVENT#${number}` }, body: { S: "x".repeat(400_000) } };
        await dynamo.client.send(put(item)(dynamo.applicationTableName));
      }

      const { Items = [], LastEvaluatedKey } = await dynamo.client.send(
        new QueryCommand({
          TableName: dynamo.applicationTableName,
          KeyConditionExpression: "pk = :pk",
          ExpressionAttributeValues: { ":pk": pk },
          ProjectionExpression: "sk",
        }),
      );

      expect(Items.length).toBeLessThan(4);
      expect(LastEvaluatedKey).toEqual({ pk, sk: Items.at(-1)?.["sk"] });
    });
  });
}

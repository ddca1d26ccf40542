import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";

import { DynamoDBPersistenceLayer } from "@aws-lambda-powertools/idempotency/dynamodb";
import type { BasePersistenceLayer } from "@aws-lambda-powertools/idempotency/persistence";
import { DynamoDB, ScanCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";

import { DynamoIdempotencyRecords } from "../../lambdas/adapters/dynamo/dynamo-idempotency-records.ts";
import { PowertoolsIdempotency } from "../../lambdas/adapters/powertools-idempotency.ts";
import { startDynamoDb } from "../support/dynalite.ts";
import { startLocalServer } from "../support/local-server.ts";

/** Powertools' own layer, and ours, over a client of the SDK. */
const LAYERS: Readonly<Record<Layer, (client: DynamoDB, table: string) => BasePersistenceLayer>> = {
  Powertools: (client, tableName) =>
    new DynamoDBPersistenceLayer({ tableName, awsSdkV3Client: client }),
  ours: (client, tableName) => new DynamoIdempotencyRecords(client, tableName),
};

type Layer = "Powertools" | "ours";

const TABLE = "idempotency";

const STORED = {
  id: { S: "alloy-journey-event#hash" },
  status: { S: "COMPLETED" },
  expiration: { N: "4000000000" },
  data: { S: "processed" },
};
const IN_PROGRESS = {
  id: { S: "alloy-journey-event#hash" },
  status: { S: "INPROGRESS" },
  expiration: { N: "4000000000" },
  in_progress_expiration: { N: "4000000000000" },
};
const refusal = (Item?: object) => ({
  __type: "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
  message: "The conditional request failed",
  Item,
});

let answer: (target: string) => object = () => ({});
let asked: { target: string; body: unknown }[] = [];
const server = await startLocalServer((request, response) => {
  void answerTo(request, response);
});
async function answerTo(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await text(request);
  const target = String(request.headers["x-amz-target"]);
  asked.push({ target, body: JSON.parse(body) });
  const said = answer(target);
  // The tests' clock stands still, days from the machine's: the SDK would take each whole second that goes by as a
  // corrected clock, and try a refused call once more.
  response.sendDate = false;
  response.writeHead("__type" in said ? 400 : 200).end(JSON.stringify(said));
}
afterAll(server.close);
const client = new DynamoDB({
  endpoint: server.url,
  region: "us-east-1",
  credentials: { accessKeyId: "id", secretAccessKey: "key" },
});

describe("the idempotency records beside Powertools' own layer", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2026, 10, 23, 20, 0, 0, 123) });
    return () => vi.useRealTimers();
  });

  type Use = (idempotency: PowertoolsIdempotency) => Promise<unknown>;
  const begin: Use = (idempotency) => idempotency.begin("event-1", 30_000);

  /** What a use asks of DynamoDB, and what comes of it. */
  async function observed(layer: Layer, use: Use) {
    asked = [];
    const idempotency = new PowertoolsIdempotency(LAYERS[layer](client, TABLE));
    const result = await use(idempotency).catch((error: unknown) => ({ error }));
    return { asked, result };
  }

  it.each<readonly [string, Use, (target: string) => object]>([
    ["begin", begin, () => ({})],
    ["begin without a time", (idempotency) => idempotency.begin("event-1", 0), () => ({})],
    ["meet a record that is done", begin, () => refusal(STORED)],
    ["meet a record in progress", begin, () => refusal(IN_PROGRESS)],
    [
      "meet a record that an emulator does not return",
      begin,
      (target) => (target.endsWith("PutItem") ? refusal() : { Item: STORED }),
    ],
    [
      "meet a record that is gone when it is read",
      begin,
      (target) => (target.endsWith("PutItem") ? refusal() : {}),
    ],
    ["complete", (idempotency) => idempotency.complete("event-1"), () => ({})],
    [
      "read what is done",
      (idempotency) => idempotency.isCompleted("event-1"),
      () => ({ Item: STORED }),
    ],
    ["read nothing", (idempotency) => idempotency.isCompleted("event-1"), () => ({})],
    [
      "fail by another refusal",
      begin,
      () => ({ __type: "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException" }),
    ],
  ])("ask the same, and come to the same, when they %s", async (_, use, answers) => {
    answer = answers;

    const theirs = await observed("Powertools", use);
    const ours = await observed("ours", use);

    expect(theirs.asked.length).toBeGreaterThan(0);
    expect(ours).toEqual(theirs);
  });

  it("delete what is in progress alone, where Powertools deletes whatever is there", async () => {
    const release: Use = (idempotency) => idempotency.release("event-1");
    answer = () => refusal();

    const theirs = await observed("Powertools", release);
    const ours = await observed("ours", release);

    const key = {
      TableName: TABLE,
      Key: { id: { S: expect.stringMatching(/^alloy-journey-event#/) } },
    };
    expect(theirs.asked.map(({ body }) => body)).toEqual([key]);
    expect(ours.asked.map(({ body }) => body)).toEqual([
      {
        ...key,
        ConditionExpression: "attribute_not_exists(#id) OR #status = :inprogress",
        ExpressionAttributeNames: { "#id": "id", "#status": "status" },
        ExpressionAttributeValues: { ":inprogress": { S: "INPROGRESS" } },
      },
    ]);
    expect(ours.result).toBeUndefined();
  });

  it("are the same items, which either goes on with", async () => {
    const itemsAfter = async (first: Layer, second: Layer) => {
      await using dynamo = await startDynamoDb();
      const make = (layer: Layer) =>
        new PowertoolsIdempotency(LAYERS[layer](dynamo.client, dynamo.idempotencyTableName));
      const [one, other] = [make(first), make(second)];
      const results = [await one.begin("a", 30_000), await other.begin("a", 30_000)];
      const scan = new ScanCommand({ TableName: dynamo.idempotencyTableName });
      const begun = (await dynamo.client.send(scan)).Items;
      await other.complete("a");
      results.push(await one.begin("a", 30_000));
      const done = (await dynamo.client.send(scan)).Items;
      await one.begin("b", 30_000);
      await one.release("b");
      return { results, begun, done, left: (await dynamo.client.send(scan)).Items };
    };

    const theirs = await itemsAfter("Powertools", "Powertools");

    expect(theirs).toMatchObject({
      results: ["begun", "in-conflict", "duplicate"],
      begun: [{ status: { S: "INPROGRESS" } }],
      done: [{ status: { S: "COMPLETED" } }],
      left: [{ status: { S: "COMPLETED" } }],
    });
    expect(await itemsAfter("ours", "Powertools")).toEqual(theirs);
    expect(await itemsAfter("Powertools", "ours")).toEqual(theirs);
    expect(await itemsAfter("ours", "ours")).toEqual(theirs);
  });
});

import { ScanCommand } from "@aws-sdk/client-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import { afterAll, describe, expect, test } from "vitest";

import type { DynamoDbOperations } from "../../lambdas/adapters/aws-operations.ts";
import { DynamoIdempotencyRecords } from "../../lambdas/adapters/dynamo/dynamo-idempotency-records.ts";
import { PowertoolsIdempotency } from "../../lambdas/adapters/powertools-idempotency.ts";
import {
  MemoryIdempotency,
  MemoryIdempotencyTable,
} from "../../tools/cloud-in-memory/idempotency.ts";
import { startDynamoDb } from "../support/dynalite.ts";
import type { LocalDynamoDb } from "../../tools/cloud-in-memory/dynalite.ts";
import { inRoleOf } from "../support/iam.ts";
import { startOwnClients } from "../support/own-clients.ts";
import { describeIdempotency } from "./idempotency.ts";

const DAY = 86_400_000;

function openSandbox({ client, idempotencyTableName }: LocalDynamoDb): PowertoolsIdempotency {
  const sandbox = new PowertoolsIdempotency(
    new DynamoIdempotencyRecords(client, idempotencyTableName),
  );
  return inRoleOf("consumer", "idempotency", sandbox);
}

function ownSandbox(client: DynamoDbOperations, tableName: string): PowertoolsIdempotency {
  const sandbox = new PowertoolsIdempotency(new DynamoIdempotencyRecords(client, tableName));
  return inRoleOf("consumer", "idempotency", sandbox);
}

describeIdempotency("in memory", async () => {
  const table = new MemoryIdempotencyTable();
  return {
    newSandbox: () => new MemoryIdempotency(table, () => Date.now()),
    async close() {},
  };
});

describeIdempotency("Powertools on dynalite", async () => {
  const dynamo = await startDynamoDb();
  return {
    newSandbox: () => openSandbox(dynamo),
    close: () => dynamo.close(),
  };
});

describeIdempotency("Powertools on dynalite, by the functions' own client", async () => {
  const dynamo = await startDynamoDb();
  const own = await startOwnClients(dynamo.answer);
  return {
    newSandbox: () => ownSandbox(own.dynamo, dynamo.idempotencyTableName),
    close: async () => {
      await own.close();
      await dynamo.close();
    },
  };
});

const dynamo = await startDynamoDb();
afterAll(dynamo.close);

describe("PowertoolsIdempotency on dynalite", () => {
  test("remembers for forty days (default record life), under a fixed prefix, and keeps no result", async () => {
    const sandbox = openSandbox(dynamo);
    await sandbox.begin("event-life", 30_000);
    await sandbox.complete("event-life");

    const { Items = [] } = await dynamo.client.send(
      new ScanCommand({ TableName: dynamo.idempotencyTableName }),
    );
    const records = Items.map((item) => unmarshall(item));
    expect(records).toHaveLength(1);
    expect(records).toMatchObject([
      { id: expect.stringMatching(/^alloy-journey-event#/), data: "processed" },
    ]);
    expect(records[0]?.["expiration"] * 1_000 - Date.now()).toBeGreaterThan(39.9 * DAY);
  });

  test("names the missing key when it refuses it", async () => {
    const refused = openSandbox(dynamo).begin("", 30_000);

    await expect(refused).rejects.toMatchObject({ cause: { name: "IdempotencyKeyError" } });
  });
});

test("MemoryIdempotency remembers for forty days, and no longer", async () => {
  let now = 1_760_000_000_000;
  const idempotency = new MemoryIdempotency(new MemoryIdempotencyTable(), () => now);
  const begin = () => idempotency.begin("event-life", 30_000);

  const results = [await begin()];
  await idempotency.complete("event-life");
  now += 40 * DAY;
  results.push(await begin());
  now += 1;
  results.push(await begin());

  expect(results).toEqual(["begun", "duplicate", "begun"]);
});

import { DynamoDBPersistenceLayer } from "@aws-lambda-powertools/idempotency/dynamodb";
import { ScanCommand } from "@aws-sdk/client-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { PowertoolsIdempotency } from "../../lambdas/adapters/powertools-idempotency.ts";
import { lambdaContext } from "../support/counted-consumer.ts";
import { startDynamoDb } from "../support/dynalite.ts";
import type { LocalDynamoDb } from "../support/dynalite.ts";

const DAY_SECONDS = 86_400;

/** Rows of pitfalls, section 1, each by its name there. */
describe("PowertoolsIdempotency on dynalite", () => {
  let dynamo: LocalDynamoDb;
  let idempotency: PowertoolsIdempotency;

  beforeAll(async () => {
    dynamo = await startDynamoDb();
  });

  beforeEach(() => {
    idempotency = newSandbox();
  });

  afterAll(async () => {
    await dynamo.close();
  });

  function newSandbox(remainingMs = 30_000): PowertoolsIdempotency {
    const sandbox = new PowertoolsIdempotency(
      new DynamoDBPersistenceLayer({
        tableName: dynamo.idempotencyTableName,
        awsSdkV3Client: dynamo.client,
      }),
    );
    sandbox.beginInvocation({ ...lambdaContext(), getRemainingTimeInMillis: () => remainingMs });
    return sandbox;
  }

  const nothing = async () => {};

  test("runs an action once per event, in another sandbox too", async () => {
    let runs = 0;
    const action = async () => {
      runs += 1;
    };

    const first = await idempotency.once("event-1", action);
    const second = await newSandbox().once("event-1", action);

    expect([first, second, runs]).toEqual(["done", "duplicate", 1]);
  });

  test("remembers for forty days (default record life), under a fixed prefix, and keeps no result", async () => {
    await idempotency.once("event-life", nothing);

    const { Items = [] } = await dynamo.client.send(
      new ScanCommand({ TableName: dynamo.idempotencyTableName }),
    );
    for (const record of Items.map((item) => unmarshall(item))) {
      expect(record["id"]).toMatch(/^alloy-journey-event#/);
      expect(record["expiration"] - Date.now() / 1_000).toBeGreaterThan(39.9 * DAY_SECONDS);
      expect(record["data"]).toBe("processed");
    }
    expect(Items.length).toBeGreaterThan(0);
  });

  test("refuses a missing key (scalar key missing)", async () => {
    let ran = false;
    const refused = idempotency.once("", async () => {
      ran = true;
    });

    await expect(refused).rejects.toMatchObject({ cause: { name: "IdempotencyKeyError" } });
    expect(ran).toBe(false);
  });

  test("runs again what failed, and says with what it failed", async () => {
    const failing = idempotency.once("event-2", () => Promise.reject(new Error("the bus is down")));

    await expect(failing).rejects.toThrow("the bus is down");
    expect(await idempotency.once("event-2", nothing)).toBe("done");
  });

  test("says that another is at it (same key twice in one parallel batch)", async () => {
    const release = Promise.withResolvers<void>();
    const started = Promise.withResolvers<void>();
    const first = idempotency.once("event-3", async () => {
      started.resolve();
      await release.promise;
    });
    await started.promise;

    const second = await newSandbox().once("event-3", nothing);
    release.resolve();

    expect([await first, second]).toEqual(["done", "in-conflict"]);
  });

  test("lets the lock of a killed attempt end with its invocation (context not registered)", async () => {
    const started = Promise.withResolvers<void>();
    // Never ends, as in a sandbox that is killed; 50 ms were left of its time.
    void newSandbox(50).once("event-4", () => {
      started.resolve();
      return new Promise(() => {});
    });
    await started.promise;
    expect(await idempotency.once("event-4", nothing)).toBe("in-conflict");

    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });

    expect(await idempotency.once("event-4", nothing)).toBe("done");
  });
});

import { ScanCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, expect, test } from "vitest";

import { applicationKey, dueShardOf } from "../../lambdas/adapters/dynamo/application-item.ts";
import { DynamoInvestigations } from "../../lambdas/adapters/dynamo/dynamo-investigations.ts";
import { stateOfEvent } from "../../lambdas/domain/application/observation.ts";
import { makePollerHandler } from "../../lambdas/poller/handler.ts";
import { anAlloyApi } from "../support/alloy-api.ts";
import { startDynamoDb } from "../support/dynalite.ts";
import { startLocalServer } from "../support/local-server.ts";
import { aJourneyEvent } from "../support/journey-event.ts";
import { pollerOver } from "../../tools/cloud-in-memory/runtime.ts";

const NOW = Date.now();
const HOUR = 60 * 60 * 1_000;

const started = aJourneyEvent({ at: NOW - 2 * HOUR });
const atAlloy = {
  journey_application_token: "JA-1",
  status: "waiting_review",
  updated_at: NOW - HOUR,
  _embedded: {
    journey: { journey_token: "J-1" },
    events: [
      { type: started.type, timestamp: started.at },
      { type: "pending_review", timestamp: NOW - HOUR },
    ],
  },
};

const commands = new Set<string>();
const methods: string[] = [];

const dynamo = await startDynamoDb();
afterAll(dynamo.close);
await dynamo.store.mergeState(stateOfEvent(started), { dueAt: NOW - HOUR, when: "first" });
await dynamo.put({
  ...applicationKey("JA-damaged"),
  duePk: dueShardOf("JA-damaged"),
  dueAt: NOW - 2 * HOUR,
});
const alloy = await startLocalServer((request, response) => {
  methods.push(request.method ?? "");
  response.end(JSON.stringify(atAlloy));
});
afterAll(alloy.close);

function never(what: string) {
  return () => {
    throw new Error(`a dry run must not ${what}`);
  };
}

async function allItems(): Promise<unknown> {
  const { Items = [] } = await dynamo.client.send(
    new ScanCommand({ TableName: dynamo.applicationTableName, ConsistentRead: true }),
  );
  return Items;
}

test("a dry run of the poller reports, and writes nothing anywhere", async () => {
  const before = await allItems();
  dynamo.client.middlewareStack.add(
    (next, { commandName = "" }) =>
      (args) => {
        commands.add(commandName);
        return next(args);
      },
    { step: "initialize" },
  );
  const run = makePollerHandler(
    pollerOver({
      applications: dynamo.due,
      investigations: new DynamoInvestigations(dynamo.client, dynamo.applicationTableName),
      alloy: anAlloyApi(alloy.baseUrl),
      outcomes: { total: never("compare anything") },
      queue: { send: never("queue anything") },
      payloads: { put: never("put anything down") },
      gaps: { announce: never("publish anything") },
      metrics: {
        count: never("count anything"),
        milliseconds: never("measure anything"),
        flush: never("write metrics"),
      },
    }),
  );

  const report = await run({ dryRun: true });

  expect(report).toMatchObject({
    dryRun: true,
    due: 2,
    applications: [
      { applicationToken: "JA-damaged", result: "failed" },
      {
        applicationToken: "JA-1",
        result: "checked",
        // The state knows of the first event, but neither is recorded.
        missing: 2,
        toQueue: 2,
        gapStage: "not-delivered",
      },
    ],
  });
  expect([...commands]).toEqual(["QueryCommand"]);
  expect(methods).toEqual(["GET"]);
  expect(await allItems()).toEqual(before);
});

import { GetItemCommand } from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import { beforeEach, describe, expect, test } from "vitest";

import { applicationKey, eventKey } from "../../lambdas/adapters/dynamo/application-item.ts";
import { retention } from "../../tools/ops/retention.ts";
import type { ConnectedStack } from "../../tools/ops/stack.ts";
import { startDynamoDb } from "../support/dynalite.ts";
import type { TestDynamoDb } from "../support/dynalite.ts";
import { aStack, KeptTerminal } from "../support/operator.ts";

const DAY = 86_400_000;
const NOW = Date.parse("2026-11-26T00:00:00.000Z");
const inSeconds = (ms: number) => Math.ceil(ms / 1_000);

/** Events that a stage has recorded before it set `retention.eventsMs`, and after. */
const EVENTS = {
  old: { receivedAt: NOW - 400 * DAY },
  recent: { receivedAt: NOW - 10 * DAY },
  stamped: { receivedAt: NOW - 20 * DAY, expiresAt: inSeconds(NOW + 1_000 * DAY) },
  shorter: { receivedAt: NOW - 20 * DAY, expiresAt: inSeconds(NOW + DAY) },
} as const;

type EventName = keyof typeof EVENTS;

let dynamo: TestDynamoDb;
let stack: ConnectedStack;

beforeEach(async () => {
  dynamo = await startDynamoDb();
  stack = {
    ...aStack(),
    dynamo: dynamo.client,
    applicationTableName: dynamo.applicationTableName,
  };
  await dynamo.put({ ...applicationKey("JA-1"), status: "completed", receivedAt: NOW - 400 * DAY });
  for (const [eventId, event] of Object.entries(EVENTS)) {
    await dynamo.put({ ...eventKey("JA-1", eventId, event.receivedAt), body: "x", ...event });
  }
  return () => dynamo.close();
});

describe("a retention that is set later", () => {
  test("ends the events of the first year too; none is prolonged, and the state stays", async () => {
    await apply("365");

    expect(await ends()).toEqual({
      // It is older already. DynamoDB leaves alone what would have ended years ago.
      old: inSeconds(NOW + 3_600_000),
      recent: inSeconds(NOW + 355 * DAY),
      stamped: inSeconds(NOW + 345 * DAY),
      shorter: EVENTS.shorter.expiresAt,
    });
    expect((await get(applicationKey("JA-1")))["expiresAt"]).toBeUndefined();
  });

  test("leaves alone what is under a legal hold, and says so", async () => {
    const state = await get(applicationKey("JA-1"));
    await dynamo.put({ ...state, legalHold: { since: NOW, reason: "case 7" } });
    const before = await ends();

    const told = await apply("365");

    expect(await ends()).toEqual(before);
    expect(told[0]).toBe("3 events are under a legal hold, and stay as they are.");
  });

  test("is applied twice like once", async () => {
    await apply("365");
    const before = await ends();

    const told = await apply("365");

    expect(await ends()).toEqual(before);
    expect(told).toEqual([
      "0 of 4 events end 365 days after their receipt. DynamoDB deletes an event within days of its end.",
    ]);
  });

  test("is only counted by a dry run", async () => {
    const told = await apply("365", { dryRun: true });

    expect(told).toEqual([
      "3 of 4 events would end 365 days after their receipt. Nothing was changed.",
    ]);
    expect((await ends()).old).toBeUndefined();
  });

  test("asks first: without a terminal and without --yes nothing is changed", async () => {
    await expect(apply("365", { yes: false })).rejects.toThrow(
      "without a terminal, nobody can answer",
    );

    expect((await ends()).old).toBeUndefined();
  });

  test.each(["0", "-1", "a year", ""])("of %j days is refused", async (days) => {
    await expect(apply(days)).rejects.toThrow('"retention" needs a number of days, at least 1.');
  });
});

async function apply(
  days: string,
  options: { readonly dryRun?: boolean; readonly yes?: boolean } = {},
): Promise<readonly string[]> {
  const terminal = new KeptTerminal();
  terminal.answer = "nobody";
  const usual = { perSecond: null, dryRun: false, yes: true, now: NOW };
  await retention(stack, days, { ...usual, ...options }, terminal);
  return terminal.lines;
}

async function ends(): Promise<Readonly<Record<EventName, unknown>>> {
  const of = async (name: EventName) =>
    (await get(eventKey("JA-1", name, EVENTS[name].receivedAt)))["expiresAt"];
  return {
    old: await of("old"),
    recent: await of("recent"),
    stamped: await of("stamped"),
    shorter: await of("shorter"),
  };
}

async function get(
  key: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, unknown>>> {
  const { client, applicationTableName: TableName } = dynamo;
  const { Item = {} } = await client.send(new GetItemCommand({ TableName, Key: marshall(key) }));
  return unmarshall(Item);
}

import { GetItemCommand, PutItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import { beforeAll, describe, expect, test } from "vitest";

import { applicationKey, gapListKey } from "../../lambdas/adapters/dynamo/application-item.ts";
import { GAP_PARTITION } from "../../lambdas/adapters/dynamo/dynamo-due-applications.ts";
import { stateOfSubmission } from "../../lambdas/domain/application/observation.ts";
import type { Gap } from "../../lambdas/domain/reconciliation/gap.ts";
import { NEVER_CHECKED } from "../../lambdas/domain/polling/polling-ports.ts";
import { TABLE } from "../../lambdas/settings/names.ts";
import { readApplication } from "../../tools/ops/application.ts";
import { firstIndexEntries } from "../../tools/ops/index-entries.ts";
import { timelineOf } from "../../tools/ops/timeline.ts";
import { startDynamoDb } from "../support/dynalite.ts";
import { MemorySqs } from "../support/memory-sqs.ts";
import { mostItemsHeld, putOpenGaps } from "../support/open-gaps.ts";
import { anAnsweringStack } from "../support/operator.ts";

const NOW = 1_760_000_000_000;
const DUE = NOW + 1_000;

const aGap: Gap = {
  gapId: "gap",
  stage: "rejected",
  since: NOW - 5_000,
  detectedAt: NOW,
  eventCount: 50,
  events: Array.from({ length: 50 }, (_, index) => ({
    eventId: `event-${index}`,
    type: "pending_review",
    at: NOW - 5_000 + index,
    stage: "rejected" as const,
  })),
  evidence: "why",
};

let dynamo: Awaited<ReturnType<typeof startDynamoDb>>;

beforeAll(async () => {
  dynamo = await startDynamoDb({ pageItems: 2 });
  return () => dynamo.close();
});

/** The release before kept the list in the state. */
async function storedByTheReleaseBefore(applicationToken: string, gap: Gap): Promise<void> {
  await dynamo.client.send(
    new UpdateItemCommand({
      TableName: dynamo.applicationTableName,
      Key: marshall(applicationKey(applicationToken)),
      UpdateExpression: "SET gap = :gap",
      ExpressionAttributeValues: marshall({ ":gap": gap }),
    }),
  );
}

async function submitted(applicationToken: string): Promise<void> {
  const externalIds = { group: null, partner: null, application: null };
  const submission = { applicationToken, journeyToken: "J-1", submittedAt: NOW, externalIds };
  const check = { dueAt: DUE, when: "first" } as const;
  await dynamo.store.mergeState(stateOfSubmission(submission), check);
}

async function take(applicationToken: string, dueAt: number) {
  const taken = await dynamo.due.take({ applicationToken, dueAt, hasFailed: false });
  if (taken === null || taken === "claimed")
    throw new Error(`${applicationToken} is not to be had`);
  return taken;
}

async function check(applicationToken: string, dueAt: number, gap: Gap | null): Promise<void> {
  const plan = { dueAt: dueAt + 1, memory: NEVER_CHECKED, gap, at: NOW };
  await dynamo.due.plan(await take(applicationToken, dueAt), plan);
}

async function itemOf(key: { readonly pk: string; readonly sk: string }) {
  const get = new GetItemCommand({ TableName: dynamo.applicationTableName, Key: marshall(key) });
  const { Item } = await dynamo.client.send(get);
  return Item === undefined ? null : unmarshall(Item);
}

/** What a person on call reads of an application. */
async function seenOf(applicationToken: string) {
  const { client, applicationTableName, idempotencyTableName } = dynamo;
  const stack = {
    ...anAnsweringStack({}, new MemorySqs()),
    dynamo: client,
    applicationTableName,
    idempotencyTableName,
  };
  return readApplication(stack, applicationToken, "metadata");
}

describe("the events of a gap", () => {
  test("stand beside the state, and are there again with the application", async () => {
    await submitted("JA-beside");
    await check("JA-beside", DUE, aGap);

    expect(await itemOf(applicationKey("JA-beside"))).toMatchObject({ gap: { events: [] } });
    expect((await itemOf(gapListKey("JA-beside")))?.["gap"]).toEqual({
      gapId: "gap",
      events: aGap.events,
    });
    expect((await take("JA-beside", DUE + 1)).gap).toEqual(aGap);
    expect((await dynamo.due.look("JA-beside"))?.gap).toEqual(aGap);
  });

  test("are gone when the gap is over, and DynamoDB removes what is left of their item", async () => {
    await submitted("JA-over");
    await check("JA-over", DUE, aGap);
    await check("JA-over", DUE + 1, null);

    expect(await itemOf(applicationKey("JA-over"))).not.toHaveProperty("gap");
    expect(await itemOf(gapListKey("JA-over"))).toEqual({
      ...gapListKey("JA-over"),
      [TABLE.expiryAttribute]: NOW / 1_000,
    });
  });

  test("do not expire with a gap that opens again", async () => {
    await submitted("JA-again");
    await check("JA-again", DUE, aGap);
    await check("JA-again", DUE + 1, null);
    await check("JA-again", DUE + 2, aGap);

    expect(await itemOf(gapListKey("JA-again"))).not.toHaveProperty(TABLE.expiryAttribute);
    expect((await take("JA-again", DUE + 3)).gap).toEqual(aGap);
  });

  test("go with the next check when a run was cut off before it could remove them", async () => {
    await submitted("JA-left");
    const left = { ...gapListKey("JA-left"), gap: { gapId: "gap", events: aGap.events } };
    const { client, applicationTableName: TableName } = dynamo;
    await client.send(new PutItemCommand({ TableName, Item: marshall(left) }));

    const taken = await take("JA-left", DUE);
    await check("JA-left", DUE, null);

    expect(taken.gap).toBeNull();
    expect(await itemOf(gapListKey("JA-left"))).not.toHaveProperty("gap");
  });

  test("of another gap are not taken for those of this one", async () => {
    await submitted("JA-other");
    const few = { ...aGap, events: aGap.events.slice(0, 1), eventCount: 1 };
    await check("JA-other", DUE, few);
    const other = { ...gapListKey("JA-other"), gap: { gapId: "other", events: aGap.events } };
    const { client, applicationTableName: TableName } = dynamo;
    await client.send(new PutItemCommand({ TableName, Item: marshall(other) }));

    expect((await take("JA-other", DUE + 1)).gap?.events).toEqual([]);
  });

  test("are not left by a run that outlived its lease, when another run has ended the gap", async () => {
    await submitted("JA-outlived");
    await check("JA-outlived", DUE, null);
    const outlived = await take("JA-outlived", DUE + 1);
    const settled = { ...NEVER_CHECKED, checkedAt: NOW };
    const other = await take("JA-outlived", DUE + 1);
    await dynamo.due.plan(other, { dueAt: null, memory: settled, gap: null, at: NOW });

    const late = { dueAt: DUE + 2, memory: { ...settled, checkedAt: NOW + 1 }, gap: aGap, at: NOW };
    await dynamo.due.plan(outlived, late);

    expect(await itemOf(applicationKey("JA-outlived"))).not.toHaveProperty("gap");
    expect(await itemOf(gapListKey("JA-outlived"))).not.toHaveProperty("gap");
  });

  test("are those of the release before, which checked the application since the list was stored", async () => {
    await submitted("JA-back");
    const few = { ...aGap, events: aGap.events.slice(0, 1), eventCount: 1 };
    await check("JA-back", DUE, few);
    await storedByTheReleaseBefore("JA-back", aGap);

    expect((await take("JA-back", DUE + 1)).gap).toEqual(aGap);
    expect(timelineOf(await seenOf("JA-back")).gap?.events).toHaveLength(50);
    await check("JA-back", DUE + 1, aGap);

    expect((await take("JA-back", DUE + 2)).gap).toEqual(aGap);
  });

  test("that the release before stored in the state are read, and moved by the next check", async () => {
    await submitted("JA-before");
    await check("JA-before", DUE, { ...aGap, events: [] });
    await storedByTheReleaseBefore("JA-before", aGap);

    expect((await take("JA-before", DUE + 1)).gap).toEqual(aGap);
    await check("JA-before", DUE + 1, aGap);

    expect(await itemOf(applicationKey("JA-before"))).toMatchObject({ gap: { events: [] } });
    expect((await take("JA-before", DUE + 2)).gap).toEqual(aGap);
  });

  test("are in what a person on call sees of the application", async () => {
    await submitted("JA-seen");
    await check("JA-seen", DUE, aGap);
    const timeline = timelineOf(await seenOf("JA-seen"));

    expect(timeline.gap?.events.map(({ eventId }) => eventId)).toEqual(
      aGap.events.map(({ eventId }) => eventId),
    );
  });
});

test("of 200 gaps, no more are held at once than are asked for, by the poller and by the operators' tool", async () => {
  await using many = await startDynamoDb();
  const { client, applicationTableName: TableName } = many;
  const held = mostItemsHeld(client);
  await putOpenGaps(client, TableName, { count: 200, since: NOW });

  const polled = await many.due.openGaps(NOW + 1_000, 20);
  const listed = await firstIndexEntries(
    { dynamo: client, applicationTableName: TableName },
    TABLE.gapIndex,
    { gapPk: GAP_PARTITION },
    20,
  );

  expect(polled.oldest).toHaveLength(20);
  expect(polled.oldest[0]?.applicationToken).toBe("JA-000");
  expect(polled.further).toBe(180);
  expect(listed.entries).toHaveLength(20);
  expect(listed.further).toBe(180);
  expect(held()).toBe(20);
});

import { marshall } from "@aws-sdk/util-dynamodb";
import { describe, expect, test } from "vitest";

import { applicationKey, dueShardOf } from "../../lambdas/adapters/dynamo/application-item.ts";
import { GAP_PARTITION } from "../../lambdas/adapters/dynamo/dynamo-due-applications.ts";
import { aDynamoDb, startDynamoDb } from "../support/dynalite.ts";
import { describeDynamoLimits } from "./dynamo-limits.ts";

describeDynamoLimits("dynalite", startDynamoDb, [
  "an expression of more than 4 KB",
  "an expression with more than 300 operators",
  "a placeholder of more than 255 bytes",
  "an empty text as the key of an index, by a put",
  "an empty text as the key of an index, by an update",
  "an index's key of more than 2,048 bytes",
  "an attribute of more than 32 levels",
  "a key that is too long in bytes, not in characters",
  "the removal of what has such a key",
]);

describe("a table that is filled", () => {
  const anItem = (token: string, more: object = {}) => ({ ...applicationKey(token), ...more });

  test("holds what as many puts make it hold, in each index too", async () => {
    const [filled, put] = [await aDynamoDb(), await aDynamoDb()];
    const items = [
      anItem("JA-1"),
      anItem("JA-2", { duePk: dueShardOf("JA-2"), dueAt: 5 }),
      anItem("JA-3", { gapPk: GAP_PARTITION, gapSince: 7, gapStage: "rejected" }),
      anItem("JA-4", { externalId: "customer-1", lastEventAt: 9 }),
    ];

    await filled.fill(
      filled.applicationTableName,
      items.map((item) => marshall(item)),
    );
    for (const item of items) await put.put(item);

    expect(await filled.contents()).toEqual(await put.contents());
  });

  test.each([
    ["an item of more than 400 KB", { text: "x".repeat(410_000) }, "Item size has exceeded"],
    ["a text for a number as the key of an index", { duePk: "1", dueAt: "soon" }, "Type mismatch"],
  ])("does not take %s", async (_, more, why) => {
    const { fill, applicationTableName } = await aDynamoDb();

    await expect(fill(applicationTableName, [marshall(anItem("JA-1", more))])).rejects.toThrow(why);
  });

  test("does not take bytes, which it would keep as something else", async () => {
    const { fill, applicationTableName } = await aDynamoDb();
    const item = marshall(anItem("JA-1", { body: new Uint8Array(3) }));

    await expect(fill(applicationTableName, [item])).rejects.toThrow("Start of structure");
  });
});

test("a database that begins with the contents of another one changes it no more", async () => {
  const one = await aDynamoDb();
  await one.put({ ...applicationKey("JA-1") });
  const contents = await one.contents();

  await using other = await startDynamoDb({ contents });
  await other.put({ ...applicationKey("JA-2") });

  expect(await one.contents()).toEqual(contents);
  expect(await other.contents()).toHaveLength(contents.length + 1);
});

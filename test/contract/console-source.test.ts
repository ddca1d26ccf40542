import { afterAll, beforeAll, describe, expect, it, test } from "vitest";

import { GAP_PARTITION } from "../../lambdas/adapters/dynamo/dynamo-due-applications.ts";
import { applicationKey, dueShardOf } from "../../lambdas/adapters/dynamo/application-item.ts";
import { makeMemoryCloud } from "../../tools/cloud-in-memory/cloud.ts";
import { serveConsole } from "../../tools/console/command.ts";
import { makeMemorySource } from "../../tools/console/memory-source.ts";
import { makeRoutes } from "../../tools/console/routes.ts";
import { makeStackSource } from "../../tools/console/stack-source.ts";
import { makeMemoryVerbs, makeStackVerbs } from "../../tools/console/verbs.ts";
import { startDynamoDb } from "../../tools/cloud-in-memory/dynalite.ts";
import { marshall } from "@aws-sdk/util-dynamodb";
import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { MemorySqs } from "../support/memory-sqs.ts";
import { anAnsweringStack, KeptTerminal } from "../support/operator.ts";

const NOW = Date.parse("2026-11-23T20:00:00.000Z");

let dynamo: Awaited<ReturnType<typeof startDynamoDb>>;

beforeAll(async () => {
  // Every page of a query ends early: the list must not.
  dynamo = await startDynamoDb({ pageItems: 2 });
  const put = (item: object) =>
    dynamo.client.send(
      new PutItemCommand({ TableName: dynamo.applicationTableName, Item: marshall(item) }),
    );
  for (let number = 1; number <= 30; number += 1) {
    const token = `JA-${number}`;
    await put({
      ...applicationKey(token),
      applicationToken: token,
      status: "running",
      externalId: `customer-${number}`,
      duePk: dueShardOf(token),
      dueAt: NOW + number,
    });
  }
  await put({
    ...applicationKey("JA-gap"),
    applicationToken: "JA-gap",
    status: "running",
    duePk: dueShardOf("JA-gap"),
    dueAt: NOW + 1_000,
    gapPk: GAP_PARTITION,
    gapSince: NOW - 5_000,
    gapStage: "rejected",
  });
  // Such as an item of another release.
  await put({ ...applicationKey("JA-odd"), duePk: dueShardOf("JA-odd"), dueAt: NOW });
});
afterAll(() => dynamo.close());

function aStackWith(sqs = new MemorySqs()) {
  return {
    ...anAnsweringStack({}, sqs),
    dynamo: dynamo.client,
    applicationTableName: dynamo.applicationTableName,
    idempotencyTableName: dynamo.idempotencyTableName,
  };
}

const sourceOf = (sqs?: MemorySqs) => makeStackSource(aStackWith(sqs), { now: () => NOW });

/** The list as the page gets it. */
async function tokensOf(source: ReturnType<typeof sourceOf>): Promise<readonly string[]> {
  const routes = makeRoutes(
    { source, alloy: null, laptop: null, verbs: null, now: () => NOW },
    { canWrite: false },
  );
  const route = routes.get("/api/applications");
  if (route?.reach !== "read") throw new Error("there is no list");
  const page: unknown = await route.answer(new URLSearchParams("limit=200"));
  return JSON.stringify(page).match(/(?<="token":")[^"]*/g) ?? [];
}

describe("the list of a stack", () => {
  it("has every open application once: those in gap first, then the one that is checked next", async () => {
    const tokens = await tokensOf(sourceOf());

    expect(tokens).toHaveLength(32);
    expect(tokens.slice(0, 4)).toEqual(["JA-gap", "JA-odd", "JA-1", "JA-2"]);
  });

  it("finds an application by the client's own id", async () => {
    expect(await sourceOf().find("customer-7")).toEqual(["JA-7"]);
    await expect(sourceOf().find("nobody")).rejects.toThrow("No application has this external id");
  });
});

describe("what needs a person", () => {
  it("are gaps, and dead letters by their reason", async () => {
    const sqs = new MemorySqs();
    for (const reason of ["no route", "no route", "bad body"]) sqs.put("dead", "{}", { reason });

    const needs = await sourceOf(sqs).needs();

    expect(needs).toMatchObject({
      isHealthy: false,
      gaps: [{ token: "JA-gap", stage: "rejected", since: NOW - 5_000 }],
      deadLetters: [
        { reason: "no route", count: 2 },
        { reason: "bad body", count: 1 },
      ],
    });
  });

  it("leaves the dead letters where they are", async () => {
    const sqs = new MemorySqs();
    sqs.put("dead", "{}", { reason: "no route" });

    await sourceOf(sqs).needs();

    expect(sqs.visible("dead")).toHaveLength(1);
  });

  it("looks at the dead letters again only when their number has changed", async () => {
    const sqs = new MemorySqs();
    sqs.put("dead", "{}", { reason: "no route" });
    const source = sourceOf(sqs);

    await source.needs();
    const looks = () => sqs.calls.filter((call) => call.startsWith("receive")).length;
    const before = looks();
    await source.needs();

    expect(looks()).toBe(before);
  });

  it("names what could not be read, and shows the rest", async () => {
    const denied = Object.assign(new Error("not authorized to perform: cloudwatch"), {
      name: "AccessDenied",
    });
    const stack = {
      ...aStackWith(),
      cloudWatch: anAnsweringStack({ DescribeAlarms: denied }).cloudWatch,
    };

    const needs = await makeStackSource(stack, { now: () => NOW }).needs();

    expect(needs.unread).toEqual(["The status: not authorized to perform: cloudwatch"]);
    expect(needs.gaps).toHaveLength(1);
  });
});

describe("what the page has done", () => {
  it("makes the application due now, as `ops check` does", async () => {
    const said = await makeStackVerbs(aStackWith(), () => NOW - 1_000_000).check("JA-30");

    expect(said).toBe("The next run of the poller compares JA-30 with Alloy.");
    expect((await tokensOf(sourceOf())).slice(0, 2)).toEqual(["JA-gap", "JA-30"]);
  });

  it("refuses in a sentence what is unknown", async () => {
    const verbs = makeStackVerbs(aStackWith(), () => NOW);

    await expect(verbs.check("JA-none")).rejects.toThrow("JA-none is unknown here");
  });
});

describe("npm run ops -- console", () => {
  it("prints an address that works until the person ends it", async () => {
    const terminal = new KeptTerminal();
    const interruption = Promise.withResolvers<void>();
    const clock = {
      now: NOW,
      wait: async () => undefined,
      interrupted: () => interruption.promise,
    };

    const ended = serveConsole(aStackWith(), { write: false }, terminal, clock);
    await expect.poll(() => terminal.text).toContain("http://127.0.0.1:");
    const [url = ""] = /http:\S+/.exec(terminal.text) ?? [];
    const answered = await fetch(url);
    await answered.text();
    interruption.resolve();

    expect(answered.status).toBe(200);
    expect(terminal.text).toContain("The page only reads; --write lets it act.");
    expect(await ended).toMatchObject({ applications: 32, canWrite: false });
    await expect(fetch(url)).rejects.toThrow("fetch failed");
  });
});

describe("in one process", () => {
  test("dead letters of one application go back, and those of others stay", async () => {
    const cloud = makeMemoryCloud({ now: () => NOW });
    const letterOf = (token: string) =>
      JSON.stringify({
        v: 1,
        kind: "submission",
        receiptId: `receipt-${token}`,
        receivedAt: new Date(NOW).toISOString(),
        submission: { journey_application_token: token, journey_token: "J-1" },
      });
    for (const token of ["JA-1", "JA-2", "JA-1"]) cloud.deadLetters.send(letterOf(token));

    const said = await makeMemoryVerbs(cloud, () => NOW).redrive("JA-1");

    expect(said).toBe("Moved 2 messages.");
    expect(cloud.events.visible().map(({ body }) => body)).toEqual([
      letterOf("JA-1"),
      letterOf("JA-1"),
    ]);
    expect(cloud.deadLetters.visible().map(({ body }) => body)).toEqual([letterOf("JA-2")]);
  });

  test("an unknown application is refused in a sentence", async () => {
    const source = makeMemorySource(makeMemoryCloud({ now: () => NOW }), "local");

    await expect(source.read("JA-1", "row")).rejects.toThrow("JA-1 is unknown here");
    await expect(source.find("JA-1")).rejects.toThrow('"JA-1"');
  });
});

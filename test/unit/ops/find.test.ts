import { describe, expect, it, onTestFinished } from "vitest";
import {
  applicationKey,
  eventKey,
  investigationKey,
} from "../../../lambdas/adapters/dynamo/application-item.ts";
import { find } from "../../../tools/ops/find.ts";
import { startDynamoDb } from "../../support/dynalite.ts";
import { aStack, KeptTerminal } from "../../support/operator.ts";

const AT = Date.parse("2026-11-23T20:00:00.000Z");
const USUAL = { since: null, until: null, status: null, route: null, limit: null, now: AT };

/** A table with two applications, an Investigation, and an event that names no application. */
async function aTable() {
  const dynamo = await startDynamoDb();
  onTestFinished(() => dynamo.close());
  for (const [token, status, externalId] of [
    ["JA-1", "completed", "customer-1"],
    ["JA-2", "waiting_review", "customer-2"],
  ] as const) {
    await dynamo.put({ ...applicationKey(token), status, externalId, lastEventAt: AT });
    await dynamo.put({
      ...eventKey(token, `event-of-${token}`, AT),
      eventId: `event-of-${token}`,
      receiptId: `receipt-of-${token}`,
      entityToken: `P-of-${token}`,
      type: "pending_review",
      eventAt: AT,
      receivedAt: AT + 1_000,
      route: token === "JA-1" ? "approved" : "manual-review",
    });
  }
  await dynamo.put({ ...investigationKey("case-7"), status: "open" });
  return {
    ...aStack(),
    dynamo: dynamo.client,
    applicationTableName: dynamo.applicationTableName,
  };
}

async function found(sought: string, options: Partial<typeof USUAL> | object = {}) {
  const terminal = new KeptTerminal();
  const { matches } = await find(await aTable(), sought, { ...USUAL, ...options }, terminal);
  return { tokens: matches.map(({ kind, token }) => `${kind} ${token}`), text: terminal.text };
}

describe("find", () => {
  it.each([
    ["an application token", "JA-1", "application JA-1"],
    ["an external id", "customer-2", "application JA-2"],
    ["an Investigation token", "case-7", "investigation case-7"],
    ["an event id", "event-of-JA-2", "event JA-2"],
    ["a receipt id", "receipt-of-JA-1", "event JA-1"],
    ["the token of an entity", "P-of-JA-1", "event JA-1"],
  ])("finds by %s", async (_, sought, match) => {
    expect((await found(sought)).tokens).toEqual([match]);
  });

  it.each([
    ["a status", { status: "waiting_review" }, "application JA-2"],
    ["a route", { route: "approved" }, "event JA-1"],
    ["a route and a time", { route: "approved", since: "2026-11-23T20:00:00Z" }, "event JA-1"],
  ])("lists by %s", async (_, options, match) => {
    expect((await found("", options)).tokens).toEqual([match]);
  });

  it("lists nothing of another time, and says so", async () => {
    const { tokens, text } = await found("", { until: "2026-11-22T00:00:00Z" });

    expect(tokens).toEqual([]);
    expect(text).toContain("Nothing here has it.");
  });

  it("wants something to find", async () => {
    await expect(found("")).rejects.toThrow('"find" needs something to find');
  });

  it("shows no external id and no body", async () => {
    expect((await found("customer-1")).text).not.toContain("customer-1");
  });
});

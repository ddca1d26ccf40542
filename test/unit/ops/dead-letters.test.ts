import { describe, expect, it } from "vitest";
import { encodeEnvelope } from "../../../lambdas/domain/event/envelope.ts";
import type { Envelope } from "../../../lambdas/domain/event/envelope.ts";
import { listDeadLetters } from "../../../tools/ops/dead-letters.ts";
import { MemorySqs } from "../../support/memory-sqs.ts";
import { aStack, KeptTerminal } from "../../support/operator.ts";
import { changedWebhook } from "../../support/parsed-webhook.ts";
import { anEnvelope } from "../../support/poll-envelope.ts";
import { webhookOf } from "../../../tools/cloud-in-memory/builders.ts";

const AT = Date.parse("2026-11-23T20:00:00.000Z");
const PERSONAL = "Ada Lovelace";

const WEBHOOK = changedWebhook(webhookOf("completed_application", "JA-1", AT), {
  external_group_id: PERSONAL,
});

const aLetter = (change: Partial<Envelope> = {}) =>
  encodeEnvelope(anEnvelope({ receiptId: "r1", body: WEBHOOK, ...change }));

const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

/** Queues with these dead letters, whose reason is "why" unless said otherwise. */
function lettersOf(bodies: readonly string[], how: Parameters<MemorySqs["put"]>[2] = {}) {
  const sqs = new MemorySqs();
  for (const body of bodies) sqs.put("dead", body, { sentAt: AT, reason: "why", ...how });
  return sqs;
}

async function list(
  sqs: MemorySqs,
  options: Partial<Parameters<typeof listDeadLetters>[1]> = {},
): Promise<string> {
  const terminal = new KeptTerminal();
  const usual = { application: null, event: null, limit: null, bodies: false };
  await listDeadLetters(aStack(sqs), { ...usual, ...options }, terminal);
  return terminal.text;
}

describe("dead-letters", () => {
  it("says when there is nothing", async () => {
    expect(await list(new MemorySqs())).toBe("The dead-letter queue has no message.");
    expect(await list(new MemorySqs(), { application: "JA-9" })).toBe(
      "The dead-letter queue has no message of the application JA-9.",
    );
  });

  it("says of each what it is and why it is there, and leaves it visible", async () => {
    const sqs = lettersOf([aLetter()], { reason: "the body is absurd" });

    expect(await list(sqs)).toMatch(
      /^2026-11-23T20:00:00\.000Z {2}webhook r1, JA-1 completed_application [0-9a-f]{32}\n {4}the body is absurd$/,
    );
    expect(sqs.visible("dead")).toHaveLength(1);
  });

  it.each([
    ["no envelope", "hello", "not an envelope"],
    ["no JSON in it", aLetter({ body: "hello" }), "webhook r1, invalid"],
    ["bytes in it", aLetter({ body: "/w==", bodyEncoding: "base64" }), "webhook r1, invalid"],
    ["another webhook", aLetter({ body: `{"type":"x","data":{}}` }), "webhook r1, other"],
    [
      "a large body",
      aLetter({ body: null, payloadKey: "k" }),
      "webhook r1, its body in the payload bucket",
    ],
    [
      "a submission",
      JSON.stringify({
        v: 1,
        kind: "submission",
        receiptId: "s1",
        receivedAt: "2026-11-23T20:00:00Z",
        submission: { journey_application_token: "JA-2", journey_token: "J-1" },
      }),
      "submission s1",
    ],
  ])("can tell of %s", async (_, body, about) => {
    const sqs = lettersOf([body]);

    expect(await list(sqs)).toContain(about);
  });

  it("does not take the reason of the last time for that of this time", async () => {
    const sqs = lettersOf([aLetter()], { reason: "a fault of last week", movedBySqs: true });

    expect(await list(sqs)).toContain(
      "failed on every receive; see the consumer's log (dead-lettered before: a fault of last week)",
    );
  });

  it.each([
    ["no envelope", "hello", /unreadable: message \S+, 5 bytes \(not an envelope: .+\)/],
    ["bytes", "\u0000\u0001\ufffd", /unreadable: message \S+, 5 bytes \(not an envelope: .+\)/],
    [
      "a submission nested 10,000 deep",
      `{"v":1,"kind":"submission","receiptId":"s1","receivedAt":1,"submission":${nested(10_000)}}`,
      /\bmessage \S+, \d+ bytes|submission s1/,
    ],
    [
      "a body nested 10,000 deep",
      aLetter({ body: `{"type":"x","data":{"a":${nested(10_000)}}}` }),
      /\bmessage \S+, \d+ bytes|webhook r1/,
    ],
    ["a body nested 400,000 deep", aLetter({ body: nested(400_000) }), /message|webhook r1/],
    ["an envelope nested 400,000 deep", nested(400_000), /unreadable: message \S+, 800000 bytes/],
    ["a body of a megabyte", aLetter({ body: "x".repeat(1_000_000) }), /webhook r1, invalid/],
  ])("lists each of its neighbours beside %s", async (_, body, about) => {
    const [before, after] = ["before", "after"].map((receiptId) => aLetter({ receiptId }));
    const sqs = lettersOf([before ?? "", body, after ?? ""]);

    const text = await list(sqs);

    expect(text).toContain("webhook before, JA-1");
    expect(text).toMatch(about);
    expect(text).toContain("webhook after, JA-1");
    expect(sqs.visible("dead")).toHaveLength(3);
  });

  it("lists a letter of which it is not known when it was sent", async () => {
    const sqs = lettersOf([aLetter()], { sentAt: Number.NaN });

    expect(await list(sqs)).toContain("(no time: NaN)  webhook r1");
  });

  it("prints nothing of a body unless asked", async () => {
    const sqs = lettersOf([aLetter()]);

    expect(await list(sqs)).not.toContain(PERSONAL);
    expect(await list(sqs, { bodies: true })).toContain(PERSONAL);
  });

  it("shows no more than asked for, and says that there is more", async () => {
    const sqs = lettersOf(Array.from({ length: 30 }, () => aLetter()));

    const text = await list(sqs, { limit: 12 });

    expect(text.match(/JA-1/g)).toHaveLength(12);
    expect(text).toContain("(There are more messages: --limit 120 shows more.)");
    expect(sqs.visible("dead")).toHaveLength(30);
  });
});

import { describe, expect, it } from "vitest";
import { encodeEnvelope } from "../../../lambdas/domain/event/envelope.ts";
import { listDeadLetters } from "../../../tools/ops/dead-letters.ts";
import { discard, discards } from "../../../tools/ops/discard.ts";
import { UsageError } from "../../../tools/ops/operator-error.ts";
import { MemorySqs } from "../../support/memory-sqs.ts";
import { s3Over } from "../../support/memory-s3.ts";
import { aStack, KeptTerminal } from "../../support/operator.ts";
import { anEnvelope } from "../../support/poll-envelope.ts";

const NOW = Date.parse("2026-11-26T03:00:00.000Z");
const PERSONAL = "Ada Lovelace";
const USUAL = {
  application: null,
  event: null,
  limit: null,
  all: false,
  reason: "ticket 7: Alloy's test button",
  dryRun: false,
  yes: true,
  now: NOW,
};

/** A dead-letter queue with a body that nobody can process, and another letter that can be. */
function aQueue() {
  const sqs = new MemorySqs();
  const bad = encodeEnvelope(anEnvelope({ body: `not json ${PERSONAL}` }));
  sqs.put("dead", bad, { sentAt: NOW - 5_000, reason: "the body is not JSON" });
  const good = encodeEnvelope(anEnvelope({ body: "{}" }));
  sqs.put("dead", good, { sentAt: NOW - 5_000, reason: "given up after 6 tries" });
  const objects = new Map<string, string>();
  return { sqs, objects, stack: { ...aStack(sqs), s3: s3Over(objects) } };
}

describe("discard", () => {
  it("removes one bad body, so that it no longer pages and hides the next", async () => {
    // U15: no `discard` with a reason.
    const { sqs, stack } = aQueue();

    await discard(stack, { ...USUAL, matching: "not json" }, new KeptTerminal());

    expect(sqs.all("dead")).toHaveLength(1);
  });

  it("is recorded where the auditor reads it, with why, and without the body", async () => {
    const { objects, stack } = aQueue();
    const terminal = new KeptTerminal();

    await discard(stack, { ...USUAL, matching: "not json" }, terminal);
    const { discarded } = await discards(stack, terminal);

    expect(discarded).toMatchObject([
      {
        queue: "DeadLetterQueue",
        reason: "ticket 7: Alloy's test button",
        deadLetterReason: "the body is not JSON",
        discardedAt: "2026-11-26T03:00:00.000Z",
      },
    ]);
    expect([...objects.values()].join("")).not.toContain(PERSONAL);
    expect(terminal.text).not.toContain(PERSONAL);
  });

  it("keeps the message when its record cannot be written: nothing is lost silently", async () => {
    const { sqs, stack } = aQueue();
    const failing = { ...stack, s3: aStack().s3 };

    await expect(discard(failing, { ...USUAL, all: true }, new KeptTerminal())).rejects.toThrow(
      "The others are still dead letters",
    );

    expect(sqs.all("dead")).toHaveLength(2);
  });

  it.each([
    ["a reason", { all: true, reason: null }, "needs --reason"],
    ["a choice", {}, "needs to know which"],
  ])("wants %s", async (_, options, sentence) => {
    const { stack } = aQueue();
    const discarding = discard(stack, { ...USUAL, ...options }, new KeptTerminal());

    await expect(discarding).rejects.toThrow(UsageError);
    await expect(discarding).rejects.toThrow(sentence);
  });

  it("changes nothing in a dry run", async () => {
    const { sqs, objects, stack } = aQueue();

    await discard(stack, { ...USUAL, all: true, dryRun: true }, new KeptTerminal());

    expect(sqs.all("dead")).toHaveLength(2);
    expect(objects.size).toBe(0);
  });
});

describe("dead-letters", () => {
  it("lists by reason and by age", async () => {
    const { stack } = aQueue();
    const usual = { application: null, event: null, limit: null, bodies: false, now: NOW };
    const count = async (options: object) =>
      (await listDeadLetters(stack, { ...usual, ...options }, new KeptTerminal())).letters.length;

    expect(await count({ matching: "GIVEN UP" })).toBe(1);
    expect(await count({ since: "10s" })).toBe(2);
    expect(await count({ until: "1m" })).toBe(0);
  });
});

import { describe, expect, it } from "vitest";
import { encodeEnvelope } from "../../../lambdas/domain/event/envelope.ts";
import { OperatorError } from "../../../tools/ops/operator-error.ts";
import { redrive } from "../../../tools/ops/redrive.ts";
import type { RedriveOptions } from "../../../tools/ops/redrive.ts";
import type { Agreement } from "../../../tools/ops/terminal.ts";
import { MemorySqs } from "../../support/memory-sqs.ts";
import { aStack, KeptTerminal } from "../../support/operator.ts";
import { anEnvelope } from "../../support/poll-envelope.ts";
import { webhookOf } from "../../../tools/cloud-in-memory/builders.ts";

const NOW = 1_760_000_000_000;

/** A dead letter about an application. */
const aLetter = (application: string, timestamp = NOW) =>
  encodeEnvelope(anEnvelope({ body: webhookOf("completed_application", application, timestamp) }));

/** Queues with a dead letter about each of these applications. */
function lettersOf(...applications: readonly string[]): MemorySqs {
  const sqs = new MemorySqs();
  for (const application of applications) sqs.put("dead", aLetter(application));
  return sqs;
}

async function run(
  sqs: MemorySqs,
  options: Partial<RedriveOptions> = {},
  answer: Agreement = "yes",
) {
  const terminal = new KeptTerminal();
  terminal.answer = answer;
  const all = { application: null, event: null, limit: null, perSecond: null };
  const usual = { ...all, dryRun: false, yes: false };
  await redrive(aStack(sqs), { ...usual, ...options }, terminal, NOW);
  return terminal;
}

describe("redrive by SQS itself", () => {
  it("moves everything with one task, at the speed asked for, and follows it to its end", async () => {
    const sqs = new MemorySqs();
    sqs.moveTasks = [
      undefined,
      {
        Status: "RUNNING",
        ApproximateNumberOfMessagesMoved: 2,
        ApproximateNumberOfMessagesToMove: 7,
      },
      { Status: "COMPLETED", ApproximateNumberOfMessagesMoved: 7 },
    ];

    const terminal = await run(sqs, { perSecond: 50 });

    expect(sqs.started).toMatchObject([
      { SourceArn: "arn:dead", DestinationArn: "arn:events", MaxNumberOfMessagesPerSecond: 50 },
    ]);
    expect(terminal.steps).toEqual(["Moved 2 of about 7 so far …"]);
    expect(terminal.lines.at(-1)).toBe("Moved 7 messages back into the event queue.");
  });

  it("follows the task that is under way, since a queue has one at a time", async () => {
    const sqs = new MemorySqs();
    sqs.moveTasks = [
      { Status: "RUNNING", StartedTimestamp: NOW },
      { Status: "COMPLETED", ApproximateNumberOfMessagesMoved: 1 },
    ];

    const terminal = await run(sqs);

    expect(sqs.started).toEqual([]);
    expect(terminal.text).toContain(
      "A move of this queue has been running since 2025-10-09T08:53:20.000Z. Following that one.",
    );
    expect(terminal.lines.at(-1)).toBe("Moved 1 message back into the event queue.");
  });

  it("follows the task of whoever was quicker", async () => {
    const sqs = new MemorySqs();
    sqs.startFailure = new Error(
      "There is already a task running. Only one active task is allowed.",
    );
    sqs.moveTasks = [undefined, { Status: "COMPLETED", ApproximateNumberOfMessagesMoved: 3 }];

    const terminal = await run(sqs);

    expect(terminal.text).toContain("Somebody else has just started a move of this queue");
    expect(terminal.lines.at(-1)).toBe("Moved 3 messages back into the event queue.");
  });

  it("says how a move ended that did not end well", async () => {
    const sqs = new MemorySqs();
    sqs.moveTasks = [
      undefined,
      { Status: "FAILED", ApproximateNumberOfMessagesMoved: 4, FailureReason: "AccessDenied" },
    ];

    await expect(run(sqs)).rejects.toThrow(
      "The move ended as FAILED after 4 messages: AccessDenied. Moved messages stay moved. Run the command again.",
    );
  });
});

describe("redrive one by one", () => {
  it("where SQS has no move tasks moves everything as it is, and says so", async () => {
    const sqs = new MemorySqs();
    const bodies = Array.from({ length: 25 }, (_, index) => aLetter(`JA-${index}`));
    for (const body of bodies) sqs.put("dead", body, { reason: "why" });

    const terminal = await run(sqs);

    const reason = { DataType: "String", StringValue: "why" };
    expect(sqs.visible("events")).toEqual(
      bodies.map((Body) => ({ Body, MessageAttributes: { reason } })),
    );
    expect(sqs.all("dead")).toEqual([]);
    expect(terminal.text).toContain("This SQS does not support StartMessageMoveTask");
    expect(terminal.lines.at(-1)).toBe("Moved 25 messages back into the event queue.");
  });

  it("sends each message before it deletes it", async () => {
    const sqs = lettersOf("JA-1", "JA-2");

    await run(sqs);

    const moves = sqs.calls.filter((call) => !call.startsWith("receive"));
    expect(moves).toEqual(["send events", "delete dead", "send events", "delete dead"]);
  });

  it("moves those of one application, and makes the others visible again", async () => {
    const sqs = lettersOf("JA-1", "JA-2", "JA-1");
    sqs.moveTasks = [];

    const terminal = await run(sqs, { application: "JA-1" });

    expect(sqs.all("events")).toEqual([aLetter("JA-1"), aLetter("JA-1")]);
    expect(sqs.visible("dead").map(({ Body }) => Body)).toEqual([aLetter("JA-2")]);
    expect(sqs.started).toEqual([]);
    expect(terminal.questions).toEqual([
      "Move the dead letters of the application JA-1 (about 3 in all) back into the event queue of AlloyJourneyWebhooks-test?",
    ]);
  });

  it("moves one event", async () => {
    const sqs = new MemorySqs();
    sqs.put("dead", aLetter("JA-1", NOW));
    sqs.put("dead", aLetter("JA-1", NOW + 1));
    const dry = await run(sqs, { dryRun: true });
    const [, event] = /([0-9a-f]{32})$/.exec(dry.lines[1] ?? "") ?? [];

    await run(sqs, { event: event ?? null });

    expect(sqs.all("events")).toEqual([aLetter("JA-1", NOW + 1)]);
  });

  it("moves no more than asked for", async () => {
    const sqs = new MemorySqs();
    for (let number = 0; number < 12; number += 1) sqs.put("dead", aLetter(`JA-${number}`));

    const terminal = await run(sqs, { limit: 3 });

    expect(sqs.all("events")).toHaveLength(3);
    expect(sqs.visible("dead")).toHaveLength(9);
    expect(terminal.lines).toEqual(["Moved 3 messages back into the event queue."]);
  });

  it("ends although what it sends back fails and comes again", async () => {
    const sqs = lettersOf("JA-1");
    sqs.onCall = (call) => {
      if (call === "delete dead") sqs.put("dead", aLetter("JA-1"), { sentAt: NOW + 1 });
    };

    const terminal = await run(sqs);

    expect(sqs.all("events")).toHaveLength(1);
    expect(sqs.visible("dead")).toHaveLength(1);
    expect(terminal.lines.at(-1)).toBe(
      "1 message arrived during the move and stayed there. If they are the moved ones, their cause is not fixed.",
    );
  });

  it("loses nothing when a send fails, and says how far it came", async () => {
    const sqs = lettersOf("JA-1", "JA-2", "JA-3");
    sqs.onCall = (call) => {
      if (call === "send events" && sqs.all("events").length === 1) throw new Error("throttled");
    };

    await expect(run(sqs)).rejects.toThrow(
      "The move stopped after 1 message (throttled). Moved messages stay moved, and the others are still dead letters. Run the command again.",
    );
    expect(sqs.all("events")).toEqual([aLetter("JA-1")]);
    expect(sqs.visible("dead").map(({ Body }) => Body)).toEqual([aLetter("JA-2"), aLetter("JA-3")]);
  });

  it("loses nothing when SQS answers a send with 200 and has not taken it", async () => {
    const sqs = lettersOf("JA-1");
    sqs.losesMessages = true;

    await expect(run(sqs, { application: "JA-1" })).rejects.toThrow(OperatorError);

    expect(sqs.all("dead")).toEqual([aLetter("JA-1")]);
  });
});

describe("before it acts, redrive", () => {
  it("asks, and moves nothing without a yes", async () => {
    const sqs = lettersOf("JA-1");

    await expect(run(sqs, {}, "no")).rejects.toThrow(new OperatorError("No message was moved."));

    expect(sqs.all("dead")).toHaveLength(1);
  });

  it("moves nothing where nobody can be asked, and says that --yes would", async () => {
    const sqs = lettersOf("JA-1");

    await expect(run(sqs, {}, "nobody")).rejects.toThrow(
      /^No message was moved: without a terminal, nobody can answer "Move all dead letters \(about 1\) .+\?"\. Add --yes/,
    );
    expect(sqs.all("events")).toEqual([]);
    expect(sqs.started).toEqual([]);
  });

  it("does not ask with --yes", async () => {
    const sqs = new MemorySqs();

    const terminal = await run(sqs, { yes: true }, "no");

    expect(terminal.questions).toEqual([]);
    expect(terminal.lines.at(-1)).toBe("The dead-letter queue has no message.");
  });

  it("in a dry run shows what would move, and leaves everything visible where it is", async () => {
    const sqs = lettersOf("JA-1", "JA-2");

    const terminal = await run(sqs, { dryRun: true });

    expect(terminal.questions).toEqual([]);
    expect(terminal.lines[0]).toContain("JA-1 completed_application");
    expect(terminal.lines.at(-1)).toBe(
      "Dry run: 2 messages would move back into the event queue. No message was moved.",
    );
    expect(sqs.visible("dead")).toHaveLength(2);
    expect(sqs.all("events")).toEqual([]);
  });
});

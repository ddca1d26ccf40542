import { randomUUID } from "node:crypto";

import { beforeEach, describe, expect, test } from "vitest";

import { MemoryQueue } from "../../../tools/cloud-in-memory/queue.ts";

const START = 1_760_000_000_000;
const VISIBILITY_MS = 180_000;
const DAY = 86_400_000;

describe("MemoryQueue", () => {
  let time: number;
  let deadLetters: MemoryQueue;
  let queue: MemoryQueue;

  /** A queue on the clock of these tests, whose messages are numbered. */
  function aQueue(options: Partial<ConstructorParameters<typeof MemoryQueue>[0]> = {}) {
    let ids = 0;
    return new MemoryQueue({
      now: () => time,
      newId: () => `id-${(ids += 1)}`,
      retentionMs: 14 * DAY,
      visibilityMs: VISIBILITY_MS,
      ...options,
    });
  }

  beforeEach(() => {
    time = START;
    deadLetters = aQueue({ newId: randomUUID });
    queue = aQueue({ deadLetters: { queue: deadLetters, maxReceives: 2 } });
  });

  /** Receives a message as often as it may be in vain. */
  function receiveInVain() {
    for (let receive = 0; receive < 2; receive += 1) {
      queue.receive();
      time += VISIBILITY_MS;
    }
  }

  const bodiesOf = (messages: readonly { readonly body: string }[]) =>
    messages.map(({ body }) => body);

  test("hands out the oldest ten, and hides them for the visibility timeout", () => {
    for (let number = 0; number < 12; number += 1) queue.send(`m${number}`);

    const first = queue.receive(100);
    const second = queue.receive();
    time += VISIBILITY_MS;
    const third = queue.receive();

    expect(first).toHaveLength(10);
    expect(bodiesOf(second)).toEqual(["m10", "m11"]);
    expect(bodiesOf(third)).toEqual(bodiesOf(first));
    expect(third.map(({ receives }) => receives)).toEqual(third.map(() => 2));
    expect(third[0]).toMatchObject({ sentAt: START, firstReceivedAt: START });
  });

  test("deletes by the last handle, also when the message is visible again", () => {
    queue.send("m");
    const [first] = queue.receive();
    time += VISIBILITY_MS;
    const [second] = queue.receive();
    time += VISIBILITY_MS;

    queue.delete(first?.receiptHandle ?? "");
    expect(queue.messages()).toHaveLength(1);

    queue.delete(second?.receiptHandle ?? "");
    expect(queue.messages()).toHaveLength(0);
  });

  test("shows a message again when it is told to, and only while it is hidden", () => {
    queue.send("m");
    const [message] = queue.receive();
    const change = () => queue.changeVisibility(message?.receiptHandle ?? "", 5);

    change();
    time += 4_999;
    expect(queue.receive()).toEqual([]);
    time += 1;

    expect(change).toThrow("visible again");
    expect(queue.receive()).toHaveLength(1);
    expect(change).toThrow("not valid any more");
  });

  test("moves what was received in vain to the dead letters, with the next receive", () => {
    const messageId = queue.send("m", { reason: "why" });
    receiveInVain();
    expect(deadLetters.messages()).toEqual([]);

    expect(queue.receive()).toEqual([]);

    expect(deadLetters.messages()).toMatchObject([
      { messageId, body: "m", sentAt: START, attributes: { reason: "why" } },
    ]);
    expect(queue.messages()).toEqual([]);
  });

  test("keeps a message fourteen days from when it was sent, dead letters included", () => {
    queue.send("m");
    receiveInVain();
    time += 13 * DAY;
    queue.receive();
    expect(deadLetters.messages()).toHaveLength(1);

    time = START + 14 * DAY + 1;

    expect(deadLetters.messages()).toEqual([]);
  });

  test("redrives as new messages: another id, another time, no receives", () => {
    const sent = deadLetters.send("m", { reason: "why" });
    time += DAY;

    const moved = deadLetters.redriveTo(queue);

    expect(moved).toBe(1);
    expect(deadLetters.messages()).toEqual([]);
    const [message] = queue.messages();
    expect(message).toMatchObject({ body: "m", sentAt: START + DAY, receives: 0 });
    expect(message?.messageId).not.toBe(sent);
  });

  test("leaves out of the age what was received three times, as the metric does", () => {
    const patient = aQueue({ visibilityMs: 0 });
    patient.send("poison");
    for (let receive = 0; receive < 3; receive += 1) {
      expect(patient.oldestSentAt()).toBe(START);
      time += 1;
      patient.receive();
    }
    expect(patient.oldestSentAt()).toBeNull();
  });

  test.each([
    ["a control character", "\u0001"],
    ["a lone surrogate", "\ud800"],
    ["U+FFFE", "\ufffe"],
  ])("refuses %s as SQS does", (_, body) => {
    expect(() => queue.send(body)).toThrow("characters");
  });

  test("refuses more than a mebibyte, attributes included, and nothing at all", () => {
    const largest = "m".repeat(1_048_576);

    queue.send(largest);
    expect(() => queue.send(largest, { reason: "why" })).toThrow("bytes");
    expect(() => queue.send(`${largest}m`)).toThrow("bytes");
    expect(() => queue.send("")).toThrow("must contain");
  });

  test("lets whoever wants disorder choose what is received", () => {
    const disordered = aQueue({ pick: (visible, most) => visible.toReversed().slice(0, most) });
    for (const body of ["a", "b", "c"]) disordered.send(body);

    expect(bodiesOf(disordered.receive(2))).toEqual(["c", "b"]);
  });
});

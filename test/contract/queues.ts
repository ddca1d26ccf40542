import { beforeEach, describe, expect, test } from "vitest";

import { decodeEnvelope } from "../../lambdas/domain/event/decode-envelope.ts";
import { encodeEnvelope } from "../../lambdas/domain/event/envelope.ts";
import { TransientError } from "../../lambdas/domain/errors.ts";
import type { EventQueue } from "../../lambdas/domain/polling/polling-ports.ts";
import type { DeadLetters, QueueMessages } from "../../lambdas/domain/ports.ts";
import type { EnvelopeQueue } from "../../lambdas/ingest/store-webhook.ts";
import { QUEUE } from "../../lambdas/settings/limits.ts";
import { aPollEnvelope } from "../support/poll-envelope.ts";
import { expectRefusals } from "../support/refusals.ts";

/** A message as its reader gets it. */
export interface SeenMessage {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly receives: number;
  /** Epoch milliseconds. */
  readonly sentAt: number;
  readonly reason: string | undefined;
}

/** An empty event queue with its dead-letter queue, behind all four ports, and a reader's hands. */
export interface OpenQueues {
  readonly envelopes: EnvelopeQueue;
  readonly events: EventQueue;
  readonly deadLetters: DeadLetters;
  readonly messages: QueueMessages;
  /** What a receive hands over at once: ten at most. */
  readonly receive: (from: "events" | "dead-letters") => Promise<readonly SeenMessage[]>;
  readonly remove: (receiptHandle: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** After so many receives in vain the queue of these tests gives a message up. */
export const MOST_RECEIVES = 2;

/** The promises of the queues' four ports, for each of their implementations. */
export function describeQueues(name: string, open: () => Promise<OpenQueues>): void {
  describe(`The queues: ${name}`, () => {
    let queues: OpenQueues;
    const deadline = () => Date.now() + 10_000;

    beforeEach(async () => {
      queues = await open();
      return () => queues.close();
    });

    /** Puts a message into the event queue. @returns its body. */
    async function sendOne(): Promise<string> {
      const body = encodeEnvelope(aPollEnvelope("{}"));
      await queues.envelopes.send(body, deadline());
      return body;
    }

    /** All that is visible, in as many receives as it takes. */
    async function receiveAll(from: "events" | "dead-letters"): Promise<readonly SeenMessage[]> {
      const all: SeenMessage[] = [];
      for (;;) {
        const some = await queues.receive(from);
        if (some.length === 0) return all;
        all.push(...some);
      }
    }

    async function receiveOne(): Promise<SeenMessage> {
      const [message] = await receiveAll("events");
      if (message === undefined) throw new Error("the event queue is empty");
      return message;
    }

    /** Receives the only message, and makes it visible again at once. */
    async function receiveInVain(): Promise<SeenMessage> {
      const message = await receiveOne();
      await queues.messages.retryAfter(message.receiptHandle, 0);
      return message;
    }

    test("hand over what ingest sent, character by character, until it is removed", async () => {
      const message = encodeEnvelope(aPollEnvelope("ä 𝄞 \u0000 \u007f \u0085 \ufffe \ud800 \n"));

      const outcome = await queues.envelopes.send(message, deadline());
      const received = await receiveOne();
      await queues.messages.retryAfter(received.receiptHandle, 0);
      const again = await receiveOne();
      await queues.remove(again.receiptHandle);

      expect(outcome).toEqual({ stored: true });
      expect(received.body).toBe(message);
      expect(await receiveAll("events")).toEqual([]);
    });

    test("hide a message from everybody else while it is worked on", async () => {
      await sendOne();
      await receiveOne();

      expect(await receiveAll("events")).toEqual([]);
    });

    test("count the receives of a message, and keep its id and the time of its sending", async () => {
      await sendOne();

      const first = await receiveInVain();
      const second = await receiveOne();

      expect([first.receives, second.receives]).toEqual([1, 2]);
      expect(second.messageId).toBe(first.messageId);
      expect(second.sentAt).toBe(first.sentAt);
      expect(Math.abs(first.sentAt - Date.now())).toBeLessThan(60_000);
    });

    test("take as many envelopes of the poller's as it has, and hand over ten at a time", async () => {
      const envelopes = Array.from({ length: 23 }, (_, index) => aPollEnvelope(`{"n":${index}}`));

      await queues.events.send(envelopes);

      const batches = [await queues.receive("events")];
      expect(batches[0]?.length).toBeLessThanOrEqual(QUEUE.batchSize);
      const received = [...batches.flat(), ...(await receiveAll("events"))];
      const decoded = received.map(({ body }) => decodeEnvelope(body));
      expect(decoded).toHaveLength(23);
      expect(decoded).toEqual(expect.arrayContaining(envelopes.map((envelope) => ({ envelope }))));
    });

    test("refuse what no message can hold, each port in its own words", async () => {
      // By itself: the emulator, unlike SQS, does not count the attributes.
      const tooLarge = "x".repeat(QUEUE.maxMessageBytes + 1);

      const outcome = await queues.envelopes.send(
        encodeEnvelope(aPollEnvelope(tooLarge)),
        deadline(),
      );

      expect(outcome).toEqual({ stored: false, cause: "rejected" });
      expect(await queues.events.send([aPollEnvelope(tooLarge)])).toMatchObject([
        { kind: "permanent" },
      ]);
      await expect(queues.deadLetters.send(tooLarge, "why")).rejects.toThrow(TransientError);
      expectRefusals();
      expect(await receiveAll("events")).toEqual([]);
      expect(await receiveAll("dead-letters")).toEqual([]);
    });

    test("take the neighbours of a message that no queue holds", async () => {
      const bodies = ["1", "x".repeat(QUEUE.maxMessageBytes + 1), "3"];

      const answers = await queues.events.send(bodies.map(aPollEnvelope));

      expect(answers).toMatchObject([null, { kind: "permanent" }, null]);
      expectRefusals();
      const received = (await receiveAll("events")).map(({ body }) => decodeEnvelope(body));
      const expected = ["1", "3"].map((body) => ({ envelope: aPollEnvelope(body) }));
      expect(received).toHaveLength(2);
      expect(received).toEqual(expect.arrayContaining(expected));
    });

    test("take messages that are too large for one call together", async () => {
      const bodies = ["1", "2", "3", "4"].map((letter) => letter.repeat(QUEUE.maxMessageBytes / 2));

      const answers = await queues.events.send(bodies.map(aPollEnvelope));

      expect(answers).toEqual([null, null, null, null]);
      expect(await receiveAll("events")).toHaveLength(4);
    });

    test.each([
      ["of no more than its bytes, when it is long", "x".repeat(10_000), "x".repeat(2_045) + "…"],
      ["as escapes, of what no attribute holds", "a\u0000\ufffe\ud800b", "a\\u0000\\ufffe\\ud800b"],
    ])("keep the reason of a dead letter %s", async (_, reason, kept) => {
      await queues.deadLetters.send("the message", reason);

      expect(await receiveAll("dead-letters")).toMatchObject([
        { body: "the message", reason: kept },
      ]);
    });

    test.each([
      ["a part of its reason, where no more has room", 100, "x".repeat(85) + "…"],
      ["no reason, where none has room", 12, undefined],
      ["no reason, where it is as large as can be", 0, undefined],
    ])("keep a dead letter with %s", async (_, room, reason) => {
      const body = "m".repeat(QUEUE.maxMessageBytes - room);

      await queues.deadLetters.send(body, "x".repeat(1_000));

      const [letter] = await receiveAll("dead-letters");
      expect(letter?.body === body).toBe(true);
      expect(letter?.reason).toBe(reason);
    });

    test.each([
      ["as it came, with the reason", encodeEnvelope(aPollEnvelope("not json")), "it is not JSON"],
      ["that has no reason", "the message", ""],
    ])("keep a dead letter %s", async (_, body, reason) => {
      await queues.deadLetters.send(body, reason);

      expect(await receiveAll("dead-letters")).toMatchObject([
        { body, reason: reason === "" ? undefined : reason },
      ]);
    });

    test("move what was received in vain too often to the dead letters, under its id", async () => {
      const body = await sendOne();
      let last: SeenMessage | undefined;
      for (let receive = 0; receive < MOST_RECEIVES; receive += 1) last = await receiveInVain();

      expect(await receiveAll("events")).toEqual([]);

      const { messageId, sentAt } = last ?? {};
      expect(await receiveAll("dead-letters")).toMatchObject([
        { body, messageId, sentAt, reason: undefined },
      ]);
    });

    test("do not change the wait of a message that is gone", async () => {
      await sendOne();
      const { receiptHandle } = await receiveOne();
      await queues.remove(receiptHandle);

      const late = queues.messages.retryAfter(receiptHandle, 5);

      await expect(late).rejects.toThrow(TransientError);
    });
  });
}

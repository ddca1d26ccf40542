import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { decodeEnvelope } from "../../lambdas/domain/decode-envelope.ts";
import { encodeEnvelope } from "../../lambdas/domain/envelope.ts";
import { TransientError } from "../../lambdas/domain/errors.ts";
import type { EventQueue } from "../../lambdas/domain/polling-ports.ts";
import type { DeadLetters, QueueMessages } from "../../lambdas/domain/ports.ts";
import type { EnvelopeQueue } from "../../lambdas/ingest/store-webhook.ts";
import { QUEUE } from "../../lambdas/settings.ts";
import { aPollEnvelope } from "../support/poll-envelope.ts";

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
    });

    afterEach(() => queues.close());

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
      await queues.envelopes.send(encodeEnvelope(aPollEnvelope("{}")), deadline());
      await receiveOne();

      expect(await receiveAll("events")).toEqual([]);
    });

    test("count the receives of a message, and keep its id and the time of its sending", async () => {
      await queues.envelopes.send(encodeEnvelope(aPollEnvelope("{}")), deadline());

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
      await expect(queues.events.send([aPollEnvelope(tooLarge)])).rejects.toThrow(TransientError);
      await expect(queues.deadLetters.send(tooLarge, "why")).rejects.toThrow(TransientError);
      expect(await receiveAll("events")).toEqual([]);
      expect(await receiveAll("dead-letters")).toEqual([]);
    });

    test("keep a dead letter as it came, with the reason", async () => {
      const body = encodeEnvelope(aPollEnvelope("not json"));

      await queues.deadLetters.send(body, "the body is not JSON");

      expect(await receiveAll("dead-letters")).toMatchObject([
        { body, reason: "the body is not JSON" },
      ]);
    });

    test("move what was received in vain too often to the dead letters, under its id", async () => {
      const body = encodeEnvelope(aPollEnvelope("{}"));
      await queues.envelopes.send(body, deadline());
      let last: SeenMessage | undefined;
      for (let receive = 0; receive < MOST_RECEIVES; receive += 1) last = await receiveInVain();

      expect(await receiveAll("events")).toEqual([]);

      const { messageId, sentAt } = last ?? {};
      expect(await receiveAll("dead-letters")).toMatchObject([
        { body, messageId, sentAt, reason: undefined },
      ]);
    });

    test("do not change the wait of a message that is gone", async () => {
      await queues.envelopes.send(encodeEnvelope(aPollEnvelope("{}")), deadline());
      const { receiptHandle } = await receiveOne();
      await queues.remove(receiptHandle);

      const late = queues.messages.retryAfter(receiptHandle, 5);

      await expect(late).rejects.toThrow(TransientError);
    });
  });
}

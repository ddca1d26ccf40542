import { CONCURRENCY, QUEUE } from "../../../lambdas/settings/limits.ts";
import type { MemoryCloud } from "../../../tools/cloud-in-memory/cloud.ts";
import { sqsEventOf } from "../../../tools/cloud-in-memory/event-source.ts";
import type { ReceivedMessage } from "../../../tools/cloud-in-memory/queue.ts";
import type { Timer } from "../../../tools/cloud-in-memory/clock.ts";
import type { Functions } from "./functions.ts";
import type { Observer } from "./observer.ts";
import type { Invocation, Surroundings } from "../faults/sandbox.ts";

/** From a message's arrival to its batch, usually. */
const USUAL_MS = { least: 20, most: 1_500 };
const LONGEST_LAG_MS = 40 * 60_000;

/** Lambda's event source mapping: takes batches from the queue, and deletes what was not given back. */
export class EventSource {
  readonly #world: Surroundings;
  readonly #cloud: MemoryCloud;
  readonly #consumer: Functions["consumer"];
  readonly #onSettled: (done: readonly ReceivedMessage[], invocation: Invocation | null) => void;
  readonly #reportsFailures: boolean;
  readonly #observer: Observer;
  readonly #visibilityMs: number | null;
  /** Messages that an invocation is working on, and those that SQS has handed out twice. */
  readonly #inWork = new Set<string>();
  readonly #inTwoHands = new Set<string>();
  #batches = 0;
  #next: Timer | null = null;

  constructor(
    world: Surroundings,
    options: {
      readonly cloud: MemoryCloud;
      readonly consumer: Functions["consumer"];
      /** Called with the messages that will not come back. */
      readonly onSettled: (done: readonly ReceivedMessage[], invocation: Invocation | null) => void;
      /** `ReportBatchItemFailures`, which is off where nobody turns it on. */
      readonly reportsFailures: boolean;
      readonly observer: Observer;
      /** In place of the queue's own; null: that one. */
      readonly visibilityMs: number | null;
    },
  ) {
    this.#world = world;
    this.#cloud = options.cloud;
    this.#consumer = options.consumer;
    this.#onSettled = options.onSettled;
    this.#reportsFailures = options.reportsFailures;
    this.#observer = options.observer;
    this.#visibilityMs = options.visibilityMs;
  }

  /** The consumer has made a message visible again, before its batch is done. */
  giveBack(receiptHandle: string): void {
    const given = this.#cloud.events
      .messages()
      .find((message) => message.receiptHandle === receiptHandle);
    if (given !== undefined) this.#inWork.delete(given.messageId);
    this.wake();
  }

  /** There is, or may be, something to take. */
  wake(): void {
    const { clock, faults, story, random, isOut } = this.#world;
    const visibleAt = this.#cloud.events.nextVisibleAt();
    if (visibleAt === null) return;
    let lag = random.between(USUAL_MS.least, USUAL_MS.most);
    const fault = faults.draw("queue.lag", ["queue-lags"]);
    if (fault !== null) {
      lag = Math.round(fault.amount ** 2 * LONGEST_LAG_MS);
      story.tell("queue", `FAULT queue-lags for ${Math.round(lag / 1_000)} s`);
    }
    if (isOut("queue") || isOut("event-source")) lag += 60_000;
    const at = Math.max(visibleAt, clock.now()) + lag;
    if (this.#next !== null) {
      if (this.#next.at <= at) return;
      clock.cancel(this.#next);
    }
    this.#next = clock.at(at, () => {
      this.#next = null;
      this.#take();
      this.wake();
    });
  }

  #take(): void {
    const { faults, story, isOut } = this.#world;
    if (isOut("queue") || isOut("event-source")) return;
    while (this.#consumer.running < CONCURRENCY.eventSource) {
      const messages = this.#cloud.events.receive(QUEUE.batchSize);
      if (messages.length === 0) return;
      this.#batches += 1;
      const batch = `batch ${this.#batches}`;
      story.tell("queue", `hands out ${batch} of ${messages.length}`);
      if (faults.draw("queue.receive", ["delivered-twice"]) !== null) {
        story.tell("queue", `FAULT delivered-twice: ${batch} is still visible`);
        for (const { receiptHandle, messageId } of messages) {
          this.#cloud.events.changeVisibility(receiptHandle, 1);
          this.#inTwoHands.add(messageId);
        }
      }
      if (this.#visibilityMs !== null) {
        for (const { receiptHandle } of messages) {
          this.#cloud.events.changeVisibility(receiptHandle, this.#visibilityMs / 1_000);
        }
      }
      this.#work(batch, messages);
    }
  }

  #work(batch: string, messages: readonly ReceivedMessage[]): void {
    const { faults, story } = this.#world;
    for (const { messageId } of messages) {
      if (this.#inWork.has(messageId) && !this.#inTwoHands.has(messageId)) {
        this.#observer.violate("doubled", `${messageId} was handed out while it was worked on`);
      }
      this.#inWork.add(messageId);
    }
    this.#consumer.invoke(sqsEventOf(messages), "", (outcome) => {
      for (const { messageId } of messages) this.#inWork.delete(messageId);
      if (outcome.kind === "threw") {
        this.#observer.violate("stuck", `the consumer failed ${batch} as a whole`);
      }
      if (outcome.kind === "answered") {
        const { batchItemFailures } = outcome.result;
        const ids = this.#reportsFailures
          ? batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)
          : [];
        const failed = new Set(ids);
        const known = new Set(messages.map(({ messageId }) => messageId));
        const isReadable = [...failed].every((id) => known.has(id));
        const done = isReadable ? messages.filter(({ messageId }) => !failed.has(messageId)) : [];
        const back = messages.length - done.length;
        story.tell("queue", `${batch}: ${done.length} done, ${back} back`);
        if (back > 0 && outcome.sandbox.invocation?.isHindered === false) {
          this.#observer.violate("stuck", `${batch} gave ${back} back, and nothing was in its way`);
        }
        this.#onSettled(done, outcome.sandbox.invocation);
        if (faults.draw("queue.delete", ["delete-failed"]) === null) {
          for (const { receiptHandle } of done) this.#cloud.events.delete(receiptHandle);
        } else {
          story.tell("queue", `FAULT delete-failed: ${batch} stays in the queue`);
        }
      } else {
        story.tell("queue", `${batch} ${outcome.kind}`);
      }
      this.wake();
    });
  }
}

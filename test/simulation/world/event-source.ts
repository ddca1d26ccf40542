import { CONCURRENCY, QUEUE } from "../../../lambdas/settings/limits.ts";
import { doneOf, sqsEventOf } from "../../../tools/cloud-in-memory/event-source.ts";
import type { ReceivedMessage } from "../../../tools/cloud-in-memory/queue.ts";
import type { Timer } from "../../../tools/cloud-in-memory/clock.ts";
import type { Invocation } from "../faults/sandbox.ts";
import type { Functions } from "./functions.ts";
import type { World } from "./world.ts";

/** From a message's arrival to its batch, usually. */
const USUAL_MS = { least: 20, most: 1_500 };
const LONGEST_LAG_MS = 40 * 60_000;

/**
 * Lambda's event source mapping: takes batches from the queue, and deletes what was not given back.
 *
 * @param onSettled - called with the messages that will not come back.
 */
export function makeEventSource(
  { clock, faults, story, random, isOut, cloud, observer, faultPoints }: World,
  consumer: Functions["consumer"],
  onSettled: (done: readonly ReceivedMessage[], invocation: Invocation | null) => void,
) {
  const { events } = cloud;
  const { reportsBatchItemFailures = true, visibilityMs = null } = faultPoints;
  /** Messages that an invocation is working on, and those that SQS has handed out twice. */
  const inWork = new Set<string>();
  const inTwoHands = new Set<string>();
  let batches = 0;
  let next: Timer | null = null;

  /** There is, or may be, something to take. */
  function wake(): void {
    const visibleAt = events.nextVisibleAt();
    if (visibleAt === null) return;
    let lag = random.between(USUAL_MS.least, USUAL_MS.most);
    const fault = faults.draw("queue.lag", ["queue-lags"]);
    if (fault !== null) {
      lag = Math.round(fault.amount ** 2 * LONGEST_LAG_MS);
      story.tell("queue", `FAULT queue-lags for ${Math.round(lag / 1_000)} s`);
    }
    if (isOut("queue") || isOut("event-source")) lag += 60_000;
    const at = Math.max(visibleAt, clock.now()) + lag;
    if (next !== null) {
      if (next.at <= at) return;
      clock.cancel(next);
    }
    next = clock.at(at, () => {
      next = null;
      take();
      wake();
    });
  }

  /** The consumer has made a message visible again, before its batch is done. */
  function giveBack(receiptHandle: string): void {
    const given = events.messages().find((message) => message.receiptHandle === receiptHandle);
    if (given !== undefined) inWork.delete(given.messageId);
    wake();
  }

  return { wake, giveBack };

  function take(): void {
    if (isOut("queue") || isOut("event-source")) return;
    while (consumer.running() < CONCURRENCY.eventSource) {
      const messages = events.receive(QUEUE.batchSize);
      if (messages.length === 0) return;
      batches += 1;
      const batch = `batch ${batches}`;
      story.tell("queue", `hands out ${batch} of ${messages.length}`);
      const isTwice = faults.draw("queue.receive", ["delivered-twice"]) !== null;
      if (isTwice) story.tell("queue", `FAULT delivered-twice: ${batch} is still visible`);
      for (const { receiptHandle, messageId } of messages) {
        if (isTwice) inTwoHands.add(messageId);
        if (isTwice) events.changeVisibility(receiptHandle, 1);
        if (visibilityMs !== null) events.changeVisibility(receiptHandle, visibilityMs / 1_000);
      }
      work(batch, messages);
    }
  }

  function work(batch: string, messages: readonly ReceivedMessage[]): void {
    for (const { messageId } of messages) {
      if (inWork.has(messageId) && !inTwoHands.has(messageId)) {
        observer.violate("doubled", `${messageId} was handed out while it was worked on`);
      }
      inWork.add(messageId);
    }
    consumer.invoke(sqsEventOf(messages), "", (outcome) => {
      for (const { messageId } of messages) inWork.delete(messageId);
      if (outcome.kind === "threw") {
        observer.violate("stuck", `the consumer failed ${batch} as a whole`);
      }
      if (outcome.kind === "answered") {
        const { invocation } = outcome.sandbox;
        const { batchItemFailures } = outcome.result;
        const done = doneOf(messages, reportsBatchItemFailures ? batchItemFailures : []);
        const back = messages.length - done.length;
        story.tell("queue", `${batch}: ${done.length} done, ${back} back`);
        if (back > 0 && invocation?.isHindered === false) {
          observer.violate("stuck", `${batch} gave ${back} back, and nothing was in its way`);
        }
        onSettled(done, invocation);
        if (faults.draw("queue.delete", ["delete-failed"]) === null) {
          for (const { receiptHandle } of done) events.delete(receiptHandle);
        } else {
          story.tell("queue", `FAULT delete-failed: ${batch} stays in the queue`);
        }
      } else {
        story.tell("queue", `${batch} ${outcome.kind}`);
      }
      wake();
    });
  }
}

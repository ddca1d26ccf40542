import { setTimeout as sleep } from "node:timers/promises";

import { DeleteMessageCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import type { Message, MessageAttributeValue } from "@aws-sdk/client-sqs";

import { choiceText, isChosen, isEverything } from "./dead-letter.ts";
import type { Choice, DeadLetter } from "./dead-letter.ts";
import { lookThrough } from "./dead-letter-queue.ts";
import { recordsOf } from "./idempotency-records.ts";
import { OperatorError } from "./operator-error.ts";
import type { Given } from "./options.ts";
import type { ConnectedStack } from "./stack.ts";
import type { Terminal } from "./terminal.ts";
import { counted } from "../terminal/counted.ts";

/**
 * Moves chosen dead letters, one after the other, each as it is, its attributes with it. A message is in
 * the event queue before it is deleted here: a crash between the two leaves it in both, and its second
 * copy is a duplicate to the consumer.
 *
 * @param now - what came into the dead-letter queue later stays: it may be what was just sent back.
 */
export async function moveByHand(
  stack: ConnectedStack,
  options: Pick<Given, "limit" | "perSecond"> & { readonly choice: Choice },
  terminal: Terminal,
  now: number,
): Promise<{ readonly moved: number; readonly stayed: number }> {
  const { limit, perSecond, choice } = options;
  const pauseMs = perSecond === null ? 0 : 1_000 / perSecond;
  let moved = 0;
  let done = 0;
  let newer = 0;
  try {
    await lookThrough(stack, async (letter, message) => {
      if (!isChosen(letter, choice)) return "keep";
      if (letter.sentAt > now) {
        newer += 1;
        return "keep";
      }
      if (moved === limit) return "stop";
      // Of everything, each message is moved: a duplicate is harmless, and the tool need not ask for each.
      if (!isEverything(choice) && (await hadItsEffect(stack, letter))) {
        await remove(stack, message);
        done += 1;
        return "gone";
      }
      if (moved > 0 && pauseMs > 0) await sleep(pauseMs);
      await move(stack, message);
      moved += 1;
      terminal.progress(`Moved ${moved} so far …`);
      return "gone";
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new OperatorError(
      `The move stopped after ${counted(moved, "message")} (${why}). Moved messages stay moved, and the others are still dead letters. Run the command again.`,
      { cause: error },
    );
  }
  terminal.print(
    moved + done === 0
      ? `The dead-letter queue has no message${choiceText(choice)}.`
      : `Moved ${counted(moved, "message")} back into the event queue.`,
  );
  if (done > 0) {
    terminal.print(
      `${counted(done, "message")} had their effect meanwhile, so they are removed, not moved.`,
    );
  }
  if (newer > 0) {
    terminal.print(
      `${counted(newer, "message")} arrived during the move and stayed there. If they are the moved ones, their cause is not fixed.`,
    );
  }
  return { moved, stayed: newer };
}

/** The failure of a verb that works through dead letters one after the other: what is done stays done. */
export function stoppedAfter(
  what: "redrive" | "command",
  done: number,
  error: unknown,
): OperatorError {
  const why = error instanceof Error ? error.message : String(error);
  return new OperatorError(
    `The ${what} stopped after ${counted(done, "message")} (${why}). The others are still dead letters. Run the command again.`,
    { cause: error },
  );
}

async function move(stack: ConnectedStack, message: Message): Promise<void> {
  const { Body: MessageBody, MessageAttributes = {} } = message;
  const { MessageId } = await stack.sqs.send(
    new SendMessageCommand({
      QueueUrl: stack.eventQueueUrl,
      MessageBody,
      MessageAttributes: Object.fromEntries(
        Object.entries(MessageAttributes).map(([name, value]) => [name, sendable(value)]),
      ),
    }),
  );
  // Only what the answer names is there; the dead letter must not go before.
  if (MessageId === undefined) throw new Error("the event queue names no message in its answer");
  await remove(stack, message);
}

async function remove(stack: ConnectedStack, { ReceiptHandle }: Message): Promise<void> {
  await stack.sqs.send(
    new DeleteMessageCommand({ QueueUrl: stack.deadLetterQueueUrl, ReceiptHandle }),
  );
}

/** Whether the event of a dead letter took effect since, such as by the poller: its record says so. */
async function hadItsEffect(stack: ConnectedStack, { eventId }: DeadLetter): Promise<boolean> {
  if (eventId === null) return false;
  return (await recordsOf(stack, [eventId])).get(eventId)?.isCompleted === true;
}

/** Without the empty lists that SQS gives and does not take. */
function sendable({ DataType, StringValue, BinaryValue }: MessageAttributeValue) {
  return {
    DataType,
    ...(StringValue !== undefined && { StringValue }),
    ...(BinaryValue !== undefined && { BinaryValue }),
  };
}

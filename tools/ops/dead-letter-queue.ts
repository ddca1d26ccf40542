import { ChangeMessageVisibilityCommand, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import type { Message } from "@aws-sdk/client-sqs";

import { readDeadLetter } from "./dead-letter.ts";
import type { DeadLetter } from "./dead-letter.ts";
import type { ConnectedStack } from "./stack.ts";

/** Long enough to go through thousands without meeting one twice; what a crash leaves hidden is back soon. */
const HOLD_SECONDS = 120;

/** `ReceiveMessage`'s most. */
const MESSAGES_PER_CALL = 10;

/** So many calls in a row that bring nothing new are the end of the queue. */
const VAIN_CALLS = 2;

/** What becomes of a message that was looked at. */
export type Verdict = "keep" | "gone" | "stop";

/**
 * Goes through a queue of the stack, each message once, and makes visible again what stays in it.
 *
 * @param visit - says whether the message stays (`keep`), has been deleted (`gone`), or stays and was the
 * last one to look at (`stop`).
 * @param queueUrl - @default - the dead-letter queue of the event queue
 */
export async function lookThrough(
  stack: ConnectedStack,
  visit: (letter: DeadLetter, message: Message) => Promise<Verdict>,
  queueUrl = stack.deadLetterQueueUrl,
): Promise<void> {
  /** Receipt handles of what stays, by message id. */
  const held = new Map<string, string | undefined>();
  const seen = new Set<string>();
  let vain = 0;
  let stopped = false;
  try {
    while (!stopped && vain < VAIN_CALLS) {
      const messages = await receive(stack, queueUrl);
      const fresh = messages.filter(({ MessageId = "" }) => !seen.has(MessageId));
      vain = fresh.length === 0 ? vain + 1 : 0;
      for (const { MessageId = "", ReceiptHandle } of messages) {
        seen.add(MessageId);
        held.set(MessageId, ReceiptHandle);
      }
      for (const message of fresh) {
        if (stopped) break;
        const verdict = await visit(await readDeadLetter(message), message);
        if (verdict === "gone") held.delete(message.MessageId ?? "");
        stopped = verdict === "stop";
      }
    }
  } finally {
    for (const ReceiptHandle of held.values()) await release(stack, queueUrl, ReceiptHandle);
  }
}

async function receive({ sqs }: ConnectedStack, QueueUrl: string): Promise<readonly Message[]> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl,
      MaxNumberOfMessages: MESSAGES_PER_CALL,
      VisibilityTimeout: HOLD_SECONDS,
      // With a wait SQS asks all its servers, so that nothing means nothing.
      WaitTimeSeconds: 1,
      MessageAttributeNames: ["All"],
      MessageSystemAttributeNames: ["SentTimestamp", "DeadLetterQueueSourceArn"],
    }),
  );
  return Messages;
}

async function release(
  { sqs }: ConnectedStack,
  QueueUrl: string,
  ReceiptHandle: string | undefined,
): Promise<void> {
  try {
    await sqs.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl,
        ReceiptHandle,
        VisibilityTimeout: 0,
      }),
    );
  } catch {
    // It comes back by itself when its time is over.
  }
}

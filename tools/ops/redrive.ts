import { GetQueueAttributesCommand } from "@aws-sdk/client-sqs";

import { choiceText, isChosen } from "./dead-letter.ts";
import { lookThrough } from "./dead-letter-queue.ts";
import { moveAllBySqs } from "./move-task.ts";
import { moveByHand } from "./move-by-hand.ts";
import type { Given } from "./options.ts";
import type { ResultOf } from "./results.ts";
import type { ConnectedStack } from "./stack.ts";
import { agreed } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";
import { timeText } from "./time-text.ts";

export type RedriveOptions = Pick<
  Given,
  "application" | "event" | "limit" | "perSecond" | "dryRun" | "yes"
>;

/**
 * `redrive`: moves dead letters back into the event queue, and waits for the end of it.
 *
 * 1. A dry run prints what would move, and that is all.
 * 2. It asks on the terminal first, wherever the output goes; without a terminal it wants `--yes`.
 * 3. Everything is moved by SQS itself, which is quick and costs nothing here.
 * 4. What was chosen, or an SQS that cannot move by itself (an emulator's), is moved one by one.
 */
export async function redrive(
  stack: ConnectedStack,
  options: RedriveOptions,
  terminal: Terminal,
  now: number,
): Promise<ResultOf<"redrive">> {
  const { limit, dryRun, yes } = options;
  if (dryRun) return printWhatWouldMove(stack, options, terminal);
  const isAll = options.application === null && options.event === null && limit === null;
  if (!yes) {
    const about = await waitingIn(stack);
    const which = isAll
      ? `all dead letters (about ${about})`
      : `${limit === null ? "the" : `at most ${limit}`} dead letters${choiceText(options)} (about ${about} in all)`;
    const question = `Move ${which} back into the event queue of ${stack.stackName}?`;
    await agreed(terminal, question, "No message was moved");
  }
  if (isAll) {
    const moved = await moveAllBySqs(stack, options.perSecond, terminal);
    if (moved !== null) return { isDryRun: false, moved, stayed: 0 };
    terminal.print(
      "This SQS does not support StartMessageMoveTask (emulators do not). Moving the messages one by one instead.",
    );
  }
  return { isDryRun: false, ...(await moveByHand(stack, options, terminal, now)) };
}

async function printWhatWouldMove(
  stack: ConnectedStack,
  options: RedriveOptions,
  terminal: Terminal,
): Promise<ResultOf<"redrive">> {
  let found = 0;
  await lookThrough(stack, async (letter) => {
    if (!isChosen(letter, options)) return "keep";
    found += 1;
    terminal.print(`${timeText(letter.sentAt)}  ${letter.about}`);
    return found === options.limit ? "stop" : "keep";
  });
  terminal.print(
    `Dry run: ${found} messages would move back into the event queue. No message was moved.`,
  );
  return { isDryRun: true, moved: found, stayed: 0 };
}

async function waitingIn({ sqs, deadLetterQueueUrl }: ConnectedStack): Promise<string> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: deadLetterQueueUrl,
      AttributeNames: ["ApproximateNumberOfMessages"],
    }),
  );
  return Attributes["ApproximateNumberOfMessages"] ?? "?";
}

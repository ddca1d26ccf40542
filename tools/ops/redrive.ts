import { GetQueueAttributesCommand } from "@aws-sdk/client-sqs";

import { choiceOf, choiceText, isChosen, isEverything } from "./dead-letter.ts";
import type { Choice, ChoiceOptions, DeadLetter } from "./dead-letter.ts";
import { lookThrough } from "./dead-letter-queue.ts";
import type { Verdict } from "./dead-letter-queue.ts";
import { letterQueueNamed } from "./letter-queues.ts";
import type { LetterQueue } from "./letter-queues.ts";
import { DESTINATIONS, redriveElsewhere } from "./redrive-elsewhere.ts";
import { moveAllBySqs } from "./move-task.ts";
import { moveByHand } from "./move-by-hand.ts";
import type { Given } from "./options.ts";
import type { ResultOf } from "./results.ts";
import type { ConnectedStack } from "./stack.ts";
import { agreed } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";
import { timeText } from "./time-text.ts";

export type RedriveOptions = ChoiceOptions & Pick<Given, "limit" | "perSecond" | "dryRun" | "yes">;

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
  const choice = choiceOf(options, now);
  const queue = await letterQueueNamed(stack, options.queue);
  if (dryRun) return printWhatWouldMove(stack, { choice, limit, queue }, terminal);
  if (queue.kind !== "events") {
    return redriveElsewhere(stack, { ...options, choice, queue, now }, terminal);
  }
  const isAll = isEverything(choice) && limit === null;
  if (!yes) {
    const about = await waitingIn(stack);
    const which = isAll
      ? `all dead letters (about ${about})`
      : `${limit === null ? "the" : `at most ${limit}`} dead letters${choiceText(choice)} (about ${about} in all)`;
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
  return { isDryRun: false, ...(await moveByHand(stack, { choice, ...options }, terminal, now)) };
}

async function printWhatWouldMove(
  stack: ConnectedStack,
  {
    choice,
    limit,
    queue,
  }: { readonly choice: Choice; readonly limit: number | null; readonly queue: LetterQueue },
  terminal: Terminal,
): Promise<ResultOf<"redrive">> {
  let found = 0;
  const visit = async (letter: DeadLetter): Promise<Verdict> => {
    if (!isChosen(letter, choice)) return "keep";
    found += 1;
    terminal.print(`${timeText(letter.sentAt)}  ${letter.about}`);
    return found === limit ? "stop" : "keep";
  };
  await lookThrough(stack, visit, queue.url);
  const to = queue.kind === "events" ? "move back into the event queue" : DESTINATIONS[queue.kind];
  terminal.print(`Dry run: ${found} messages would ${to}. No message was moved.`);
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

import { setTimeout as sleep } from "node:timers/promises";

import {
  GetQueueAttributesCommand,
  ListMessageMoveTasksCommand,
  StartMessageMoveTaskCommand,
} from "@aws-sdk/client-sqs";
import type { ListMessageMoveTasksResultEntry } from "@aws-sdk/client-sqs";

import { OperatorError } from "./operator-error.ts";
import type { ConnectedStack } from "./stack.ts";
import type { Terminal } from "./terminal.ts";
import { timeText } from "./time-text.ts";
import { counted } from "../terminal/counted.ts";

const LOOK_MS = 2_000;

/** A task shows itself within a second or two of its start. */
const VAIN_LOOKS = 5;

/**
 * Has SQS move everything, and waits for the end. A queue has one move task at a time: one that runs
 * already does what was asked for, and is followed instead.
 *
 * @returns how many were moved; null when this SQS does not know the operation; nothing has happened then.
 * @throws OperatorError when the move ends before its time.
 */
export async function moveAllBySqs(
  stack: ConnectedStack,
  perSecond: number | null,
  terminal: Terminal,
): Promise<number | null> {
  const source = await arnOf(stack, stack.deadLetterQueueUrl);
  try {
    const running = await newestTask(stack, source);
    if (running !== undefined && isUnderWay(running)) {
      const since = timeText(running.StartedTimestamp ?? 0);
      terminal.print(`A move of this queue has been running since ${since}. Following that one.`);
    } else await start(stack, source, perSecond, terminal);
  } catch (error) {
    if (isUnknownOperation(error)) return null;
    throw error;
  }
  terminal.print("SQS moves the messages. Ctrl-C stops this command, not the move.");
  return follow(stack, source, terminal);
}

async function start(
  stack: ConnectedStack,
  SourceArn: string,
  perSecond: number | null,
  terminal: Terminal,
): Promise<void> {
  try {
    await stack.sqs.send(
      new StartMessageMoveTaskCommand({
        SourceArn,
        // Named, since messages that the consumer put there itself have no source queue to go back to.
        DestinationArn: await arnOf(stack, stack.eventQueueUrl),
        ...(perSecond !== null && { MaxNumberOfMessagesPerSecond: perSecond }),
      }),
    );
  } catch (error) {
    // Somebody else was quicker.
    if (!(error instanceof Error) || !/already a task running/i.test(error.message)) throw error;
    terminal.print("Somebody else has just started a move of this queue. Following that one.");
  }
}

async function follow(stack: ConnectedStack, source: string, terminal: Terminal): Promise<number> {
  for (let vain = 0; ; await sleep(LOOK_MS)) {
    const task = await newestTask(stack, source);
    if (task === undefined) {
      vain += 1;
      if (vain < VAIN_LOOKS) continue;
      throw new OperatorError(
        "SQS lists no move of this queue. Check the SQS console, then run the command again.",
      );
    }
    const moved = task.ApproximateNumberOfMessagesMoved ?? 0;
    if (isUnderWay(task)) {
      const all = task.ApproximateNumberOfMessagesToMove;
      terminal.progress(`Moved ${moved}${all === undefined ? "" : ` of about ${all}`} so far …`);
      continue;
    }
    if (task.Status === "COMPLETED") {
      terminal.print(`Moved ${counted(moved, "message")} back into the event queue.`);
      return moved;
    }
    throw new OperatorError(
      `The move ended as ${task.Status} after ${counted(moved, "message")}: ${task.FailureReason ?? "SQS gives no reason"}. Moved messages stay moved. Run the command again.`,
    );
  }
}

async function newestTask(
  { sqs }: ConnectedStack,
  SourceArn: string,
): Promise<ListMessageMoveTasksResultEntry | undefined> {
  const { Results = [] } = await sqs.send(
    new ListMessageMoveTasksCommand({ SourceArn, MaxResults: 1 }),
  );
  return Results[0];
}

function isUnderWay({ Status }: ListMessageMoveTasksResultEntry): boolean {
  return Status === "RUNNING" || Status === "CANCELLING";
}

/** AWS's word for an operation that an endpoint does not have, in both of its protocols. */
function isUnknownOperation(error: unknown): boolean {
  return (
    error instanceof Error &&
    ["InvalidAction", "UnknownOperationException", "NotImplemented"].includes(error.name)
  );
}

async function arnOf({ sqs }: ConnectedStack, QueueUrl: string): Promise<string> {
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }),
  );
  const arn = Attributes?.["QueueArn"];
  if (arn === undefined) throw new OperatorError(`The queue ${QueueUrl} has no ARN.`);
  return arn;
}

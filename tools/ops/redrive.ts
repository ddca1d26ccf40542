import { setTimeout as sleep } from "node:timers/promises";

import {
  GetQueueAttributesCommand,
  ListMessageMoveTasksCommand,
  StartMessageMoveTaskCommand,
} from "@aws-sdk/client-sqs";

import { OperatorError } from "./operator-error.ts";
import type { ConnectedStack } from "./stack.ts";

/** `redrive`: moves the dead letters back into the event queue, and waits for the end of it. */
export async function redrive(stack: ConnectedStack, perSecond: number | undefined): Promise<void> {
  const SourceArn = await arnOf(stack, stack.deadLetterQueueUrl);
  await stack.sqs.send(
    new StartMessageMoveTaskCommand({
      SourceArn,
      // Named, since messages that the consumer put there itself have no source queue to go back to.
      DestinationArn: await arnOf(stack, stack.eventQueueUrl),
      ...(perSecond !== undefined && { MaxNumberOfMessagesPerSecond: perSecond }),
    }),
  );
  for (;;) {
    const { Results = [] } = await stack.sqs.send(
      new ListMessageMoveTasksCommand({ SourceArn, MaxResults: 1 }),
    );
    const [task] = Results;
    const moved = task?.ApproximateNumberOfMessagesMoved ?? 0;
    if (task?.Status === "COMPLETED") {
      console.log(`Moved ${moved} messages back into the event queue.`);
      return;
    }
    if (task?.Status !== "RUNNING") {
      throw new OperatorError(
        `The move ended as ${task?.Status ?? "unknown"} after ${moved} messages: ${task?.FailureReason ?? "SQS gives no reason"}. Run it again; what was moved stays moved.`,
      );
    }
    console.log(`Moved ${moved} so far …`);
    await sleep(2_000);
  }
}

async function arnOf(stack: ConnectedStack, QueueUrl: string): Promise<string> {
  const { Attributes } = await stack.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }),
  );
  const arn = Attributes?.["QueueArn"];
  if (arn === undefined) throw new OperatorError(`The queue ${QueueUrl} has no ARN.`);
  return arn;
}

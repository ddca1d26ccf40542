import { SQSClient } from "@aws-sdk/client-sqs";

import type { MemoryCloud } from "../../tools/memory/cloud.ts";
import { withinLimits } from "./refusals.ts";

/** SQS as the operators' tool calls it, over the queues of a cloud in memory: what `redrive` needs, of all of it. */
export function sqsOver({ events, deadLetters }: MemoryCloud): SQSClient {
  const moves: { readonly Status: string; readonly ApproximateNumberOfMessagesMoved: number }[] =
    [];
  const client = new SQSClient({ region: "us-east-1" });
  client.middlewareStack.add(
    (_next, { commandName = "" }) =>
      async () => ({ output: { $metadata: {}, ...answer(commandName) }, response: {} }),
    { step: "initialize" },
  );
  withinLimits(client);
  return client;

  function answer(commandName: string): object {
    switch (commandName) {
      case "GetQueueAttributesCommand":
        return { Attributes: { QueueArn: "arn:aws:sqs:us-east-1:000000000000:queue" } };
      case "ListMessageMoveTasksCommand":
        return { Results: moves.slice(-1) };
      case "StartMessageMoveTaskCommand":
        moves.push({
          Status: "COMPLETED",
          ApproximateNumberOfMessagesMoved: deadLetters.redriveTo(events),
        });
        return { TaskHandle: "handle" };
      default:
        throw new Error(`${commandName} is not known here.`);
    }
  }
}

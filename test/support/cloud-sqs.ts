import { SQSClient } from "@aws-sdk/client-sqs";

import * as v from "valibot";

import type { MemoryCloud } from "../../tools/cloud-in-memory/cloud.ts";
import { withinLimits } from "./refusals.ts";

const BatchSchema = v.object({
  Entries: v.array(v.object({ Id: v.string(), MessageBody: v.string() })),
});

/** SQS as the operators' tool calls it, over the queues of a cloud in memory: what `redrive` and `adopt` need, of all of it. */
export function sqsOver(
  { events, deadLetters }: MemoryCloud,
  onQueued: () => void = () => undefined,
): SQSClient {
  const moves: { readonly Status: string; readonly ApproximateNumberOfMessagesMoved: number }[] =
    [];
  const client = new SQSClient({ region: "us-east-1" });
  client.middlewareStack.add(
    (_next, { commandName = "" }) =>
      async ({ input }) => ({
        output: { $metadata: {}, ...answer(commandName, input) },
        response: {},
      }),
    { step: "initialize" },
  );
  withinLimits(client);
  return client;

  function answer(commandName: string, input: object): object {
    switch (commandName) {
      case "SendMessageBatchCommand": {
        const { Entries } = v.parse(BatchSchema, input);
        const Successful = Entries.map(({ Id, MessageBody }) => ({
          Id,
          MessageId: events.send(MessageBody),
        }));
        onQueued();
        return { Successful };
      }
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

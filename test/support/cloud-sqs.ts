import { SQSClient } from "@aws-sdk/client-sqs";

import * as v from "valibot";

import type { MemoryCloud } from "../../tools/cloud-in-memory/cloud.ts";
import { withinLimits } from "./refusals.ts";
import { answered } from "../../tools/cloud-in-memory/clients.ts";

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
  const client = answered(new SQSClient({ region: "us-east-1" }), answer);
  withinLimits(client);
  return client;

  function answer(input: object, commandName: string): object {
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

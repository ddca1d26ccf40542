import {
  DeleteRuleCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
} from "@aws-sdk/client-eventbridge";
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
} from "@aws-sdk/client-sqs";
import { EVENT_SOURCE } from "../../../lambdas/settings/routes.ts";
import type { Clients } from "./clients.ts";
import { startRepeating } from "./repeat.ts";

/** Of the rule and of its queue, which the stack knows nothing about. */
const NAME = "alloy-journey-webhooks-local-watch";

/** One long poll; ending waits for it at most so long. */
const WAIT_SECONDS = 2;

/**
 * Hears everything that is put on the bus, through a rule and a queue of its own: the routes' queues are
 * for others to read.
 *
 * @param options.onEvent - gets each event's JSON text.
 * @returns a function that ends it and removes the rule and the queue.
 */
export async function watchBus(
  { events, sqs }: Clients,
  options: {
    readonly busName: string;
    readonly onEvent: (text: string) => void;
    readonly onFailure: (error: unknown) => void;
  },
): Promise<() => Promise<void>> {
  const { busName: EventBusName, onEvent, onFailure } = options;
  const { QueueUrl = "" } = await sqs.send(new CreateQueueCommand({ QueueName: NAME }));
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }),
  );
  const EventPattern = JSON.stringify({ source: [EVENT_SOURCE] });
  await events.send(new PutRuleCommand({ Name: NAME, EventBusName, EventPattern }));
  const Targets = [{ Id: NAME, Arn: Attributes?.QueueArn }];
  await events.send(new PutTargetsCommand({ Rule: NAME, EventBusName, Targets }));

  async function pass(): Promise<void> {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: WAIT_SECONDS,
      }),
    );
    if (Messages.length === 0) return;
    for (const { Body = "" } of Messages) onEvent(Body);
    const Entries = Messages.map(({ MessageId: Id, ReceiptHandle }) => ({ Id, ReceiptHandle }));
    await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
  }
  const stop = startRepeating(pass, { pauseMs: 0, onFailure });
  return async () => {
    stop();
    await events.send(new RemoveTargetsCommand({ Rule: NAME, EventBusName, Ids: [NAME] }));
    await events.send(new DeleteRuleCommand({ Name: NAME, EventBusName }));
    await sqs.send(new DeleteQueueCommand({ QueueUrl }));
  };
}

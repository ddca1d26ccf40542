import { CreateQueueCommand, GetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** URLs of queues that get what the alarms tell; null when there is no emulator. */
    alarmQueues: { readonly page: string; readonly ticket: string } | null;
  }
}

/**
 * Subscribes a queue to each of the alarms' topics before the first test: an alarm that another file's
 * tests set off does not go off again.
 */
export default async function setup(project: TestProject): Promise<void> {
  const { stack } = project.getProvidedContext();
  if (stack === null || stack === undefined) {
    project.provide("alarmQueues", null);
    return;
  }
  const { endpoint, region, outputs } = stack;
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const sqs = new SQSClient({ endpoint, region, credentials });
  const sns = new SNSClient({ endpoint, region, credentials });
  const subscribed = async (QueueName: string, TopicArn: string | undefined) => {
    const { QueueUrl = "" } = await sqs.send(new CreateQueueCommand({ QueueName }));
    const { Attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }),
    );
    const Endpoint = Attributes["QueueArn"];
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint }));
    return QueueUrl;
  };
  project.provide("alarmQueues", {
    page: await subscribed("e2e-pages", outputs["PageTopicArn"]),
    ticket: await subscribed("e2e-tickets", outputs["TicketTopicArn"]),
  });
}

import { paginateQuery } from "@aws-sdk/client-dynamodb";
import { PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { GetQueueAttributesCommand, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import * as v from "valibot";
import { ROUTE_IDS, SUBMISSION_DETAIL_TYPE } from "../../../lambdas/settings/routes.ts";
import { stageFrom } from "../../../lib/config/stage-from-context.ts";
import type { StackOutputs } from "./cdk.ts";
import type { Clients } from "./clients.ts";
import { habitsOf, ONBOARDING, publishedMessage, receivedSteps } from "../scenarios/receiver.ts";
import type { PublishedMessage, ReceivedApplication, Receiver } from "../scenarios/receiver.ts";
import { routeQueues } from "./route-queues.ts";

/**
 * Messages of the routes' queues are looked at, not taken: after this they are there again for whoever
 * wants to read them. One pass over a queue takes a tenth of it.
 */
const LOOK_SECONDS = 2;

const Application = v.object({
  sk: v.literal("STATE"),
  status: v.nullish(v.string(), null),
  outcome: v.nullish(v.string(), null),
});
const Event = v.object({
  sk: v.pipe(v.string(), v.startsWith("EVENT#")),
  eventId: v.string(),
  type: v.string(),
  route: v.picklist(ROUTE_IDS),
  origin: v.picklist(["webhook", "poll", "submission", "replay"]),
});
const Investigation = v.object({
  sk: v.literal("STATE"),
  reports: v.array(v.object({ status: v.string(), late: v.boolean() })),
});

/** The stack in the emulator, as a receiver. */
export function makeEmulatorReceiver(clients: Clients, outputs: StackOutputs): Receiver {
  // Where Alloy is, and how fast time goes, changes nothing here.
  const stage = stageFrom({ stage: "local", alloyBaseUrl: "http://127.0.0.1/v1" });
  const seen = new Map<string, PublishedMessage>();
  const queues = routeQueues(outputs);
  return {
    ...habitsOf(stage),
    async announceSubmission(detail) {
      const { Entries } = await clients.events.send(
        new PutEventsCommand({
          Entries: [
            {
              EventBusName: outputs.EventBusName,
              Source: ONBOARDING,
              DetailType: SUBMISSION_DETAIL_TYPE,
              Detail: JSON.stringify(detail),
            },
          ],
        }),
      );
      if (Entries?.[0]?.EventId === undefined) {
        throw new Error(
          `The bus refused a submission: ${Entries?.[0]?.ErrorMessage ?? "no reason"}`,
        );
      }
    },
    async application(applicationToken) {
      const pk = `APPLICATION#${applicationToken}`;
      return applicationOf(await itemsOf(clients, outputs.ApplicationTableName, pk));
    },
    async investigation(investigationToken) {
      const pk = `INVESTIGATION#${investigationToken}`;
      const items = await itemsOf(clients, outputs.ApplicationTableName, pk);
      return receivedSteps(items.find((item) => v.is(Investigation, item))?.reports ?? []);
    },
    async published() {
      for (const { route, url } of queues) {
        for (const [messageId, body] of await lookInto(clients, url)) {
          seen.set(messageId, publishedMessage({ messageId, route, body }));
        }
      }
      return [...seen.values()];
    },
    waiting: () => depthOf(clients, outputs.EventQueueUrl),
    deadLettered: () => depthOf(clients, outputs.DeadLetterQueueUrl),
  };
}

async function itemsOf({ dynamo }: Clients, TableName: string, pk: string) {
  const items: Record<string, unknown>[] = [];
  for await (const page of paginateQuery(
    { client: dynamo },
    {
      TableName,
      KeyConditionExpression: "pk = :pk",
      ExpressionAttributeValues: { ":pk": { S: pk } },
      ConsistentRead: true,
    },
  )) {
    items.push(...(page.Items ?? []).map((item) => unmarshall(item)));
  }
  return items;
}

function applicationOf(items: readonly Record<string, unknown>[]): ReceivedApplication | null {
  const state = items.find((item) => v.is(Application, item));
  const events = items.filter((item) => v.is(Event, item));
  if (state === undefined && events.length === 0) return null;
  const { status, outcome } = v.parse(Application, state ?? { sk: "STATE" });
  const failures = items.filter((item) => String(item["sk"]).startsWith("FAILURE#")).length;
  return { status, outcome, failures, events };
}

/** All messages that are visible now. They come back by themselves. */
async function lookInto({ sqs }: Clients, QueueUrl: string): Promise<Map<string, string>> {
  const bodies = new Map<string, string>();
  for (;;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: 10,
        VisibilityTimeout: LOOK_SECONDS,
      }),
    );
    // None left, or, on a busy machine, the first ones come back already.
    if (Messages.every(({ MessageId = "" }) => bodies.has(MessageId))) return bodies;
    for (const { MessageId = "", Body = "" } of Messages) bodies.set(MessageId, Body);
  }
}

/** How many messages a queue has, those that are being processed included; not a number when it does not say. */
export async function depthOf({ sqs }: Pick<Clients, "sqs">, QueueUrl: string): Promise<number> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl,
      AttributeNames: ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    }),
  );
  const { ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible } = Attributes;
  return Number(ApproximateNumberOfMessages) + Number(ApproximateNumberOfMessagesNotVisible);
}

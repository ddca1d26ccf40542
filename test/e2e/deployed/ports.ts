import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CreateEventBusCommand,
  DeleteEventBusCommand,
  DeleteRuleCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
} from "@aws-sdk/client-eventbridge";
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
} from "@aws-sdk/client-sqs";
import * as v from "valibot";
import { beforeAll } from "vitest";
import { DynamoApplicationStore } from "../../../lambdas/adapters/dynamo/dynamo-application-store.ts";
import { DynamoIdempotencyRecords } from "../../../lambdas/adapters/dynamo/dynamo-idempotency-records.ts";
import { DynamoDueApplications } from "../../../lambdas/adapters/dynamo/dynamo-due-applications.ts";
import { EventBridgeGapAnnouncer } from "../../../lambdas/adapters/event-bridge-gap-announcer.ts";
import { EventBridgePublisher } from "../../../lambdas/adapters/event-bridge-publisher.ts";
import { PowertoolsIdempotency } from "../../../lambdas/adapters/powertools-idempotency.ts";
import { S3PayloadBucket } from "../../../lambdas/adapters/aws-http/s3-payload-bucket.ts";
import { S3PayloadReader } from "../../../lambdas/adapters/s3-payload-reader.ts";
import { SqsEnvelopeQueue } from "../../../lambdas/adapters/aws-http/sqs-envelope-queue.ts";
import { SqsEventQueue } from "../../../lambdas/adapters/sqs-event-queue.ts";
import { SqsDeadLetters, SqsQueueMessages } from "../../../lambdas/adapters/sqs-queues.ts";
import { QUEUE } from "../../../lambdas/settings/limits.ts";
import { describeApplicationStore } from "../../contract/application-store.ts";
import { describeBus } from "../../contract/bus.ts";
import { describeDueApplications } from "../../contract/due-applications.ts";
import { describeDynamoLimits } from "../../contract/dynamo-limits.ts";
import { describeIdempotency } from "../../contract/idempotency.ts";
import { describePayloads } from "../../contract/payloads.ts";
import { describeQueues, MOST_RECEIVES } from "../../contract/queues.ts";
import { forgetIn, openDynamoStore } from "../../support/open-stores.ts";
// Here alone, where adapters of the test's own call: it loads what makes the template, which takes a second.
import "../../support/fail-on-refusals.ts";
import { withinLimits } from "../../support/refusals.ts";
import { makeTables } from "../../support/tables.ts";
import { describeBesideOthers } from "../beside-others.ts";
import { makeDriver } from "./driver.ts";
import { openInRole } from "./in-role.ts";
import { isSkipped } from "./stack.ts";

/** The contract suites once more, on the emulator; those of queues, bus and bucket have no other AWS. */

const Heard = v.object({
  id: v.string(),
  source: v.string(),
  "detail-type": v.string(),
  time: v.string(),
  detail: v.unknown(),
});

/** Histories tried per law: each of their writes is a request to the emulator. Many are tried on dynalite. */
const HISTORIES = 3;

const aName = (what: string) => `contract-${what}-${randomBytes(5).toString("hex")}`;

/** What the suites make in the emulator, by the logical id in whose place it is. */
const names = new Map<string, string>();
let role: Awaited<ReturnType<typeof openInRole>>;

async function makeQueue(name: string, attributes: Readonly<Record<string, string>> = {}) {
  const { sqs } = makeDriver().clients;
  const { QueueUrl = "" } = await sqs.send(
    new CreateQueueCommand({ QueueName: name, Attributes: attributes }),
  );
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }),
  );
  return { name, url: QueueUrl, arn: Attributes.QueueArn ?? "" };
}

/** Both tables, with which a role may do what it may with the stack's. */
async function makeNamedTables() {
  const tables = await makeTables(makeDriver().clients.dynamo);
  const { applicationTableName, idempotencyTableName } = tables;
  names.set(applicationTableName, "ApplicationTable").set(idempotencyTableName, "IdempotencyTable");
  return tables;
}

describeBesideOthers("the ports of the deployed stack", isSkipped, () => {
  beforeAll(async () => {
    role = await openInRole(makeDriver().stack, names);
    return () => role.close();
  });

  describeApplicationStore(
    "DynamoDB of the emulator",
    async () => {
      const { client, applicationTableName: tableName, close } = await makeNamedTables();
      return openDynamoStore({
        client,
        calls: role.clientsOf("consumer").dynamo,
        tableName,
        close,
      });
    },
    HISTORIES,
  );

  describeDynamoLimits(
    "DynamoDB of the emulator",
    async () => {
      const tables = await makeNamedTables();
      return { ...tables, refused: withinLimits(tables.client) };
    },
    [
      "an expression with more than 300 operators",
      "a placeholder of more than 255 bytes",
      "an index's key of more than 2,048 bytes",
    ],
  );

  describeDueApplications("DynamoDB of the emulator", async () => {
    const { client, applicationTableName: tableName, close } = await makeNamedTables();
    return {
      due: new DynamoDueApplications(role.clientsOf("poller").dynamo, tableName),
      store: new DynamoApplicationStore({
        client: role.clientsOf("consumer").dynamo,
        tableName,
        eventRetentionMs: null,
      }),
      forget: forgetIn({ client, tableName }),
      close,
    };
  });

  describeIdempotency("Powertools on DynamoDB of the emulator", async () => {
    const { idempotencyTableName: tableName, close } = await makeNamedTables();
    const { dynamo } = role.clientsOf("consumer");
    return {
      newSandbox: () => new PowertoolsIdempotency(new DynamoIdempotencyRecords(dynamo, tableName)),
      close,
    };
  });

  describeQueues("SQS of the emulator", async () => {
    const { sqs } = makeDriver().clients;
    const [ingest, consumer] = [role.clientsOf("ingest"), role.clientsOf("consumer")];
    const dead = await makeQueue(aName("dead"));
    const queue = await makeQueue(aName("events"), {
      VisibilityTimeout: "60",
      RedrivePolicy: JSON.stringify({
        deadLetterTargetArn: dead.arn,
        maxReceiveCount: MOST_RECEIVES,
      }),
    });
    names.set(queue.name, "EventQueue").set(dead.name, "DeadLetterQueue");
    return {
      envelopes: new SqsEnvelopeQueue(ingest.call, queue.url, ingest.endpoint),
      events: new SqsEventQueue(role.clientsOf("poller").sqs, queue.url),
      deadLetters: new SqsDeadLetters(consumer.sqs, dead.url),
      messages: new SqsQueueMessages(consumer.sqs, queue.url),
      receive: async (from) => {
        const { Messages = [] } = await sqs.send(
          new ReceiveMessageCommand({
            QueueUrl: from === "events" ? queue.url : dead.url,
            MaxNumberOfMessages: 10,
            MessageSystemAttributeNames: ["All"],
            MessageAttributeNames: ["All"],
          }),
        );
        return Messages.map((message) => ({
          messageId: message.MessageId ?? "",
          receiptHandle: message.ReceiptHandle ?? "",
          body: message.Body ?? "",
          receives: Number(message.Attributes?.ApproximateReceiveCount),
          sentAt: Number(message.Attributes?.SentTimestamp),
          reason: message.MessageAttributes?.[QUEUE.reasonAttribute]?.StringValue,
        }));
      },
      remove: async (ReceiptHandle) => {
        await sqs.send(new DeleteMessageCommand({ QueueUrl: queue.url, ReceiptHandle }));
      },
      close: async () => {
        for (const { url } of [queue, dead]) {
          await sqs.send(new DeleteQueueCommand({ QueueUrl: url }));
        }
      },
    };
  });

  describeBus("EventBridge of the emulator", async () => {
    const { clients } = makeDriver();
    const { events: client, sqs } = clients;
    const busName = aName("bus");
    names.set(busName, "EventBus");
    const Name = aName("rule");
    await client.send(new CreateEventBusCommand({ Name: busName }));
    const ear = await makeQueue(aName("ear"));
    const EventPattern = JSON.stringify({ source: [{ prefix: "" }] });
    await client.send(new PutRuleCommand({ Name, EventBusName: busName, EventPattern }));
    const Targets = [{ Id: Name, Arn: ear.arn }];
    await client.send(new PutTargetsCommand({ Rule: Name, EventBusName: busName, Targets }));
    return {
      publisher: new EventBridgePublisher({
        client: role.clientsOf("consumer").events,
        busName,
        sleep: (ms) => sleep(ms),
      }),
      gaps: new EventBridgeGapAnnouncer(role.clientsOf("poller").events, busName),
      hear: async (count) => {
        const heard: v.InferOutput<typeof Heard>[] = [];
        for (let passes = 0; heard.length < count && passes < 30; passes += 1) {
          const { Messages = [] } = await sqs.send(
            new ReceiveMessageCommand({
              QueueUrl: ear.url,
              MaxNumberOfMessages: 10,
              WaitTimeSeconds: 1,
            }),
          );
          heard.push(...Messages.map(({ Body = "" }) => v.parse(Heard, JSON.parse(Body))));
        }
        return heard;
      },
      close: async () => {
        const rule = { Rule: Name, EventBusName: busName };
        await client.send(new RemoveTargetsCommand({ ...rule, Ids: [Name] }));
        await client.send(new DeleteRuleCommand({ Name, EventBusName: busName }));
        await client.send(new DeleteEventBusCommand({ Name: busName }));
        await sqs.send(new DeleteQueueCommand({ QueueUrl: ear.url }));
      },
    };
  });

  describePayloads("S3 of the emulator", async () => {
    const bucket = makeDriver().output("PayloadBucketName");
    names.set(bucket, "PayloadBucket");
    const { call, region, endpoint } = role.clientsOf("ingest");
    const { s3 } = role.clientsOf("consumer");
    return {
      bucket: new S3PayloadBucket(call, bucket, region, endpoint),
      reader: new S3PayloadReader(s3, bucket),
      close: async () => {},
    };
  });
});

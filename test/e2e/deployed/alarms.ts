import { DescribeAlarmsCommand, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { SubscribeCommand } from "@aws-sdk/client-sns";
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
} from "@aws-sdk/client-sqs";
import * as v from "valibot";
import { beforeAll, describe, expect, it } from "vitest";
import { startAlloySimulator } from "../../../tools/alloy-simulator/server.ts";
import type { AlloySimulator } from "../../../tools/alloy-simulator/server.ts";
import { checkOutputs, STACK_NAME } from "../../../tools/local/emulator/cdk.ts";
import { makeEmulatorReceiver } from "../../../tools/local/emulator/emulator-receiver.ts";
import { makeRunOps } from "../../support/run-ops.ts";
import { aToken, aWebhook, eventually, inOneWindow } from "../driver.ts";
import { makeDriver } from "./driver.ts";
import { isSkipped } from "./stack.ts";

/** The poller's period in the stage `local` (`lib/stages.ts`). */
const POLL_PERIOD_MS = 60_000;

/** What CloudWatch tells a topic, inside what SNS tells a queue. */
const MessageSchema = v.object({
  AlarmName: v.string(),
  AlarmDescription: v.string(),
  NewStateValue: v.picklist(["OK", "ALARM", "INSUFFICIENT_DATA"]),
});
type AlarmMessage = v.InferOutput<typeof MessageSchema>;

// Side by side, since each waits for minutes to end.
describe.skipIf(isSkipped).concurrent("an alarm of the deployed stack", () => {
  let driver: ReturnType<typeof makeDriver>;
  const messages = { page: [] as AlarmMessage[], ticket: [] as AlarmMessage[] };
  const queues = { page: "", ticket: "" };
  // Before the first test of the stack: an alarm that is on does not go off again.
  beforeAll(async () => {
    driver = makeDriver();
    queues.page = await subscribed("e2e-pages", driver.output("PageTopicArn"));
    queues.ticket = await subscribed("e2e-tickets", driver.output("TicketTopicArn"));
  });

  /** @returns the URL of a new queue that gets what the topic tells. */
  async function subscribed(QueueName: string, TopicArn: string): Promise<string> {
    const { sqs, sns } = driver.clients;
    const { QueueUrl = "" } = await sqs.send(new CreateQueueCommand({ QueueName }));
    const { Attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }),
    );
    const Endpoint = Attributes["QueueArn"];
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint }));
    return QueueUrl;
  }

  async function stateOf(id: string): Promise<string | undefined> {
    const { MetricAlarms = [] } = await driver.clients.cloudWatch.send(
      new DescribeAlarmsCommand({ AlarmNames: [`${STACK_NAME}-${id}`] }),
    );
    return MetricAlarms[0]?.StateValue;
  }

  /** What the topic was told about an alarm, in order. */
  async function toldAbout(topic: "page" | "ticket", id: string): Promise<AlarmMessage[]> {
    const QueueUrl = queues[topic];
    const { sqs } = driver.clients;
    for (;;) {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
      );
      if (Messages.length === 0) break;
      for (const { Body = "", ReceiptHandle } of Messages) {
        const { Message } = v.parse(v.object({ Message: v.string() }), JSON.parse(Body));
        messages[topic].push(v.parse(MessageSchema, JSON.parse(Message)));
        await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      }
    }
    return messages[topic].filter(({ AlarmName }) => AlarmName === `${STACK_NAME}-${id}`);
  }

  const untilState = (id: string, wanted: string, limitMs: number) =>
    eventually(async () => ((await stateOf(id)) === wanted ? wanted : null), limitMs);

  const untilTold = (topic: "page" | "ticket", id: string, wanted: string) =>
    eventually(async () =>
      (await toldAbout(topic, id)).findLast(({ NewStateValue }) => NewStateValue === wanted),
    );

  it("on credentials rings for a wrong secret, and opens a ticket", async () => {
    const id = "credentials-rejected";
    for (let knocks = 0; knocks < 6; knocks += 1) {
      expect((await driver.post("{}", driver.basic(aToken("wrong")))).status).toBe(401);
    }

    await untilState(id, "ALARM", POLL_PERIOD_MS);
    const { AlarmDescription } = await untilTold("ticket", id, "ALARM");
    expect(AlarmDescription).toContain("/docs/runbooks/credentials-rejected.md");
  });

  it("of a rule rings for what it counts, and tells whom the rule names", async () => {
    const id = "notification-many-denied";
    // What is counted across two windows of the rule rings in neither.
    await inOneWindow(30 * 60_000, POLL_PERIOD_MS);
    const denied = () => aWebhook({ type: "completed_application", outcome: "Denied" });
    for (let applications = 0; applications < 21; applications += 1) {
      expect((await driver.post(denied(), driver.basic())).status).toBe(200);
    }

    await untilState(id, "ALARM", 2 * POLL_PERIOD_MS);
    const { AlarmDescription } = await untilTold("ticket", id, "ALARM");
    expect(AlarmDescription).toContain("more than 20 applications were denied");
    expect(AlarmDescription).toContain("Fraud operations look");
    expect(AlarmDescription).toContain("/docs/runbooks/notification.md");
  });

  it("on the dead-letter queue rings for a poison body, not for another queue's depth, and ends when it is gone", async () => {
    const id = "dead-letters-not-empty";
    // Everything that any test has left there is looked at, and hidden for as long as the tests run. What a verb has looked at
    // comes back a while later.
    const untilEmpty = () =>
      eventually(async () => {
        while ((await driver.receive("DeadLetterQueueUrl")).length > 0);
        return (await stateOf(id)) === "OK" ? true : null;
      }, 5 * POLL_PERIOD_MS);
    await untilEmpty();
    const mark = aToken("poison");
    expect((await driver.post(`not json ${mark}`, driver.basic())).status).toBe(200);

    await untilState(id, "ALARM", POLL_PERIOD_MS);
    const { AlarmDescription } = await untilTold("page", id, "ALARM");
    expect(AlarmDescription).toContain("/docs/runbooks/dead-letters-not-empty.md");

    await untilEmpty();
    await eventually(async () => {
      const last = (await toldAbout("page", id)).at(-1);
      return last?.NewStateValue === "OK" ? last : null;
    });
    const told = await toldAbout("page", id);
    await putDepth(driver.output("EventQueueUrl"), 1_000);
    await untilState(id, "OK", POLL_PERIOD_MS);
    expect(await toldAbout("page", id)).toEqual(told);
  });

  async function putDepth(queueUrl: string, Value: number): Promise<void> {
    await driver.clients.cloudWatch.send(
      new PutMetricDataCommand({
        Namespace: "AWS/SQS",
        MetricData: [
          {
            MetricName: "ApproximateNumberOfMessagesVisible",
            Dimensions: [{ Name: "QueueName", Value: queueUrl.split("/").at(-1) }],
            Timestamp: new Date(),
            Value,
          },
        ],
      }),
    );
  }

  describe("on delivery gaps", () => {
    let alloy: AlloySimulator;
    beforeAll(async () => {
      const { alloyPort: port, alloyApi, webhookUrl, basic, timeScale } = driver.stack;
      alloy = await startAlloySimulator({
        port,
        webhookUrl,
        credential: { kind: "basic", ...basic },
        timeScale,
        apiKey: { token: alloyApi.token, secrets: [alloyApi.secret] },
      });
      return () => alloy.stop();
    });

    it("pages within three poll periods when all webhooks of an application are lost, and ends when it is healed", async () => {
      const { stack, clients } = driver;
      const receiver = makeEmulatorReceiver(clients, checkOutputs({ [STACK_NAME]: stack.outputs }));
      // Its first evaluation.
      await untilState("delivery-gap", "OK", POLL_PERIOD_MS);
      const before = (await toldAbout("page", "delivery-gap")).length;

      const [held] = await alloy.play(["all-webhooks-lost"], {
        onSubmitted: (created) => receiver.announceSubmission(created),
      });
      await untilState("delivery-gap", "ALARM", 3 * POLL_PERIOD_MS);
      await eventually(async () => {
        const news = (await toldAbout("page", "delivery-gap")).slice(before);
        return news.some(({ NewStateValue }) => NewStateValue === "ALARM") ? news : null;
      });

      await eventually(async () => {
        const application = await receiver.application(held?.applicationToken ?? "");
        return application?.outcome === "Approved" ? application : null;
      }, POLL_PERIOD_MS);
      await untilState("delivery-gap", "OK", 3 * POLL_PERIOD_MS);
      const told = await eventually(async () => {
        const news = (await toldAbout("page", "delivery-gap")).slice(before);
        return news.at(-1)?.NewStateValue === "OK" ? news : null;
      });
      expect(told.map(({ NewStateValue }) => NewStateValue)).toEqual(["ALARM", "OK"]);
      const gaps = await makeRunOps(stack)("gaps");
      expect(gaps.output).not.toContain(held?.applicationToken);
    });
  });
});

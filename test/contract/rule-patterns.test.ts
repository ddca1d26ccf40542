import { readFileSync } from "node:fs";

import {
  EventBridge,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
} from "@aws-sdk/client-eventbridge";
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { beforeAll, describe, expect, test } from "vitest";

import { EventBridgePublisher } from "../../lambdas/adapters/event-bridge-publisher.ts";
import { EVENT_SOURCE, ROUTE_TITLES } from "../../lambdas/settings/routes.ts";
import { aConsumer } from "../support/consumer.ts";
import { batchOf } from "../../tools/cloud-in-memory/builders.ts";
import { MOTO_CREDENTIALS, MOTO_REGION, noMoto, useMoto } from "../support/moto.ts";

const page = readFileSync(new URL("../../docs/events.md", import.meta.url), "utf8");

/** The rule patterns that docs/events.md shows, in order. */
const shown = [...page.matchAll(/```json\n(\{\n {2}"source"[\s\S]*?)```/g)].map(([, text]) => {
  const pattern: Pattern = JSON.parse(text ?? "");
  return pattern;
});

interface Pattern {
  readonly source: readonly string[];
  readonly "detail-type": readonly string[];
  readonly detail?: Readonly<Record<string, readonly unknown[]>>;
}

interface Clients {
  readonly bus: EventBridge;
  readonly sqs: SQSClient;
}

function byType(filter: unknown): Pattern {
  return {
    source: [EVENT_SOURCE],
    "detail-type": [ROUTE_TITLES.other],
    detail: { eventType: [filter] },
  };
}

describe.skipIf(noMoto !== null)("rules on a webhook of another family", () => {
  const endpoint = useMoto();
  let clients: Clients | undefined;
  let rules = 0;
  beforeAll(() => {
    const where = { endpoint: endpoint(), region: MOTO_REGION, credentials: MOTO_CREDENTIALS };
    clients = { bus: new EventBridge(where), sqs: new SQSClient(where) };
    return () => {
      clients?.bus.destroy();
      clients?.sqs.destroy();
    };
  });

  /** Whether a rule of EventBridge takes what the consumer publishes of this body. */
  async function isTaken(body: object, pattern: Pattern): Promise<boolean> {
    if (clients === undefined) throw new Error("moto is not up");
    const { bus, sqs } = clients;
    rules += 1;
    const name = `rule-${rules}`;
    const { QueueUrl = "" } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
    const { Attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }),
    );
    await bus.send(new PutRuleCommand({ Name: name, EventPattern: JSON.stringify(pattern) }));
    const Targets = [{ Id: "queue", Arn: Attributes["QueueArn"] }];
    await bus.send(new PutTargetsCommand({ Rule: name, Targets }));

    const publisher = new EventBridgePublisher({
      client: bus,
      busName: "default",
      sleep: async () => {},
    });
    const consumer = aConsumer({ publisher });
    await consumer.process(batchOf([JSON.stringify(body)]));
    await bus.send(new RemoveTargetsCommand({ Rule: name, Ids: ["queue"] }));
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
    return Messages.length === 1;
  }

  test("docs/events.md shows one, and it takes evaluations and no reviews", async () => {
    const [pattern, ...others] = shown;
    if (pattern === undefined) throw new Error("the page shows none");
    expect(others).toEqual([]);

    const evaluation = {
      type: "create:evaluations:run_create",
      data: { evaluation_token: "S-1" },
    };
    const review = { type: "create:reviews:is_entity", data: { review_token: "R-1" } };
    expect(await isTaken(evaluation, pattern)).toBe(true);
    expect(await isTaken(review, pattern)).toBe(false);
  });

  test.each([
    ["an evaluation", "create:evaluations:run_create"],
    ["an entity", "update:entities:status"],
    ["a transaction", "update:transactions:attempted"],
    ["an investigation's alert", "update:investigationalerts:assigned"],
    ["what Alloy invents tomorrow", "update:quantumscores:live:v2"],
    ["a type in other letters", "Create:Evaluations:Run Create"],
    ["a type of no known grammar", "evaluation.created"],
  ])("match %s by its whole type, and by nothing else", async (_, type) => {
    const body = { type, timestamp: 1_760_000_000_000, data: { token: "T-1" } };

    expect(await isTaken(body, byType(type))).toBe(true);
    expect(await isTaken(body, byType({ prefix: type.slice(0, 6) }))).toBe(true);
    expect(await isTaken(body, byType({ "equals-ignore-case": type.toUpperCase() }))).toBe(true);
    expect(await isTaken(body, byType("create:reviews:is_entity"))).toBe(false);
  });

  test.each([
    ["missing", undefined],
    ["null", null],
    ["empty", ""],
    ["a number", 7],
    ["a list", ["create:reviews:is_entity"]],
  ])("match an empty text where the type is %s", async (_, type) => {
    const body = { type, data: { review_token: "R-1", outcome: "Approved" } };

    expect(await isTaken(body, byType(""))).toBe(true);
    expect(await isTaken(body, byType({ exists: true }))).toBe(true);
    expect(await isTaken(body, byType({ prefix: "create:" }))).toBe(false);
  });
});

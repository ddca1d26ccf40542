import { afterAll, beforeEach, describe, expect, test } from "vitest";

import { decisionBody } from "../../lambdas/domain/application/decision.ts";
import { replay } from "../../tools/ops/replay.ts";
import { show } from "../../tools/ops/show.ts";
import { batchOfMessages, lambdaContext } from "../../tools/cloud-in-memory/builders.ts";
import { startCountedConsumer } from "../../tools/cloud-in-memory/counted-consumer.ts";
import type { CountedConsumer } from "../../tools/cloud-in-memory/counted-consumer.ts";
import { pollBatchOf } from "../support/consumer.ts";
import { aDecision, MARK } from "../support/decisions.ts";
import { MemorySqs } from "../support/memory-sqs.ts";
import { aStack, KeptTerminal } from "../support/operator.ts";

/*
 * The record of a decision is that of an event: what the operators' tool does with one, it does with it. The table is a
 * DynamoDB, the consumer the real one over it.
 */

const running: CountedConsumer[] = [];
afterAll(async () => {
  for (const { dynamo } of running) await dynamo.close();
});

describe("the record of a decision", () => {
  let consumer: CountedConsumer;
  let sqs: MemorySqs;
  const stack = () => ({
    ...aStack(sqs),
    dynamo: consumer.dynamo.client,
    applicationTableName: consumer.dynamo.applicationTableName,
    idempotencyTableName: consumer.dynamo.idempotencyTableName,
  });
  beforeEach(async () => {
    sqs = new MemorySqs();
    consumer = await startCountedConsumer(undefined, { settings: { decides: true } });
    running.push(consumer);
    await consumer.process(pollBatchOf(decisionBody(aDecision("first"))), lambdaContext());
    await consumer.process(
      pollBatchOf(decisionBody(aDecision("second", "first"))),
      lambdaContext(),
    );
  });

  test("is listed by show, and its reasons are shown where bodies are asked for", async () => {
    const [usual, withBodies] = [new KeptTerminal(), new KeptTerminal()];

    await show(stack(), "JA-1", { bodies: false }, usual);
    await show(stack(), "JA-1", { bodies: true }, withBodies);

    expect(usual.text.match(/\bdecided\b/g)?.length).toBeGreaterThanOrEqual(2);
    expect(usual.text).not.toContain(MARK);
    expect(withBodies.text).toContain(`${MARK} first`);
  });

  test.each([
    ["has no second effect when it is replayed", false, 0],
    ["is published once more when the replay is forced, also if a later one stands", true, 2],
  ])("%s", async (_, force, effects) => {
    const published = consumer.busEvents();

    const options = { event: null, dryRun: false, force, now: Date.now() };
    await replay(stack(), "JA-1", options, new KeptTerminal());
    await consumer.process(batchOfMessages(sqs.all("events")), lambdaContext());

    expect(consumer.busEvents() - published).toBe(effects);
  });
});

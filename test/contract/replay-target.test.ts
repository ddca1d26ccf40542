import { describe, expect, onTestFinished, test } from "vitest";

import { parseEvent } from "../../events/parse-event.ts";
import { makeConsumerHandler } from "../../lambdas/consumer/handler.ts";
import type { PublishedEvent } from "../../lambdas/domain/routing/published-event.ts";
import { REPLAY_SOURCE } from "../../lambdas/settings/routes.ts";
import { batchOf, lambdaContext, webhookOf } from "../../tools/cloud-in-memory/builders.ts";
import { consumerOver } from "../../tools/cloud-in-memory/runtime.ts";
import { replayToTarget } from "../../tools/ops/replay-target.ts";
import { withTargets } from "../../tools/template/variants.ts";
import { cloudFormationOf } from "../support/cloud-formation.ts";
import { startDynamoDb } from "../support/dynalite.ts";
import { memoryEvents } from "../support/memory-events.ts";
import { MemorySqs } from "../support/memory-sqs.ts";
import { aStack, KeptTerminal } from "../support/operator.ts";
import { templateOf } from "../support/template.ts";

const TOKEN = "JA-replayed0000000000001";
const START = Date.UTC(2026, 10, 23, 20);
const NOW = Date.UTC(2026, 10, 26, 22);
const template = templateOf(withTargets);

/** An application whose events the real consumer has recorded and published, and a stack with targets. */
async function aWorld() {
  const dynamo = await startDynamoDb();
  onTestFinished(dynamo.close);
  const published: PublishedEvent[] = [];
  const handle = makeConsumerHandler(
    consumerOver({
      store: dynamo.store,
      publisher: {
        async publish(events) {
          published.push(...events);
          return events.map(() => null);
        },
      },
    }),
  );
  const types = ["started_application", "pending_review", "completed_application"];
  for (const [index, type] of types.entries()) {
    await handle(batchOf([webhookOf(type, TOKEN, START + index)]), lambdaContext());
  }
  const events = memoryEvents();
  const sqs = new MemorySqs();
  const stack = {
    ...aStack(sqs),
    stackName: "AlloyJourneyWebhooks-production",
    statementKeyArn: "arn:aws:kms:us-east-1:111122223333:key/statement",
    events: events.client,
    cloudFormation: cloudFormationOf(template),
    dynamo: dynamo.client,
    applicationTableName: dynamo.applicationTableName,
  };
  const terminal = new KeptTerminal();
  const replay = (
    target: string,
    options: Partial<Parameters<typeof replayToTarget>[3]> = {},
    of = TOKEN,
  ) =>
    replayToTarget(
      stack,
      of,
      target,
      { event: null, dryRun: false, force: false, now: NOW, ...options },
      terminal,
    );
  return { published, events, sqs, terminal, replay };
}

describe("replay --target", () => {
  test("delivers to the one target what the consumer published, marked as a replay", async () => {
    const { published, events, terminal, replay } = await aWorld();
    const approved = published.find(({ route }) => route === "approved");

    await replay("approved/ledger");

    const [delivered, ...others] = events.put;
    expect(others).toEqual([]);
    expect(delivered?.type).toBe("approved/ledger");
    // What the target gets, and what another bus gets, are the event that a reader parses.
    const wrapped = { source: REPLAY_SOURCE, "detail-type": "approved/ledger" };
    const detail = parseEvent(delivered?.detail);
    expect(parseEvent({ ...wrapped, detail: delivered?.detail })).toEqual(detail);
    expect(detail).toEqual({
      ...approved,
      origin: "replay",
      replay: { reason: "replay", at: "2026-11-26T22:00:00.000Z" },
    });
    expect(terminal.lines.at(-1)).toBe(
      `Sent 1 of 1 events of ${TOKEN} to approved/ledger alone, marked as a replay.`,
    );
  });

  test("puts nothing on the queue, and nothing on the bus in a dry run", async () => {
    const { events, sqs, terminal, replay } = await aWorld();

    await replay("approved/ledger", { dryRun: true });

    expect([events.put, sqs.calls]).toEqual([[], []]);
    expect(terminal.lines.at(-1)).toBe(
      `Dry run: 1 of 1 events of ${TOKEN} would go to approved/ledger alone.`,
    );
  });

  test("chooses the event that is named", async () => {
    const { published, events, replay } = await aWorld();
    const { eventId = "" } = published.find(({ route }) => route === "approved") ?? {};

    await replay("approved/ledger", { event: eventId });
    await expect(replay("approved/ledger", { event: "another" })).rejects.toThrow(
      /has no published event another of the route approved/,
    );

    expect(events.put).toHaveLength(1);
  });

  test.each([
    ["denied/ledger", {}, TOKEN, /has no target "ledger"/],
    ["approved/nobody", {}, TOKEN, /has no target "nobody"/],
    ["approved/ledger", { force: true }, TOKEN, /Leave one of them out/],
    ["approved/ledger", {}, "JA-nobody", /is unknown here, forgotten, or a shadow/],
  ])("to %s with %j of %s says why not", async (target, options, token, sentence) => {
    const { events, replay } = await aWorld();

    await expect(replay(target, options, token)).rejects.toThrow(sentence);

    expect(events.put).toEqual([]);
  });
});

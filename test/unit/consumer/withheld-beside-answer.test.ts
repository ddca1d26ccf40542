import type { SQSEvent } from "aws-lambda";
import { expect, test } from "vitest";

import { correctionBody } from "../../../lambdas/domain/application/correction.ts";
import { TransientError } from "../../../lambdas/domain/errors.ts";
import { encodeEnvelope } from "../../../lambdas/domain/event/envelope.ts";
import { parseWebhook } from "../../../lambdas/domain/event/parse-webhook.ts";
import { reportOf } from "../../../lambdas/domain/reconciliation/reconciliation.ts";
import { TIMEOUTS_MS } from "../../../lambdas/settings/limits.ts";
import { MemoryApplicationTable } from "../../../tools/cloud-in-memory/application-table.ts";
import {
  batchOf,
  batchOfMessages,
  received,
  webhookOf,
} from "../../../tools/cloud-in-memory/builders.ts";
import {
  MemoryIdempotency,
  MemoryIdempotencyTable,
} from "../../../tools/cloud-in-memory/idempotency.ts";
import { aConsumer } from "../../support/consumer.ts";
import type { TestConsumer } from "../../support/consumer.ts";
import { anEnvelope } from "../../support/poll-envelope.ts";
import { aCorrection } from "../../support/snapshots.ts";

const START = Date.UTC(2026, 10, 23, 20);
const TOKEN = "JA-exampleWithheldEnd";
const ASKED_AT = START + 3_600_000;

const denied = endOf("Denied", START);
const waiting = endOf("Approved", START + 10_000);
const withheld = endOf("Approved", START + 20_000);

test("an end that is withheld while an answer publishes it is published once, although the bus is down for the answer", async () => {
  const { sandbox, published, bus, passInvocation } = aStage();
  const [one, other] = [sandbox(), sandbox()];
  await one.receive(denied);
  await one.receive(withheld);
  const { eventId } = eventOf(waiting);
  const [own, answer] = [batchOf([waiting]), confirmationOf(waiting)];

  // The end's own message is merged, and waits just before it notes that it is withheld.
  const isMerged = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  one.faults.once("withholdEvent", async (withhold) => {
    isMerged.resolve();
    await goOn.promise;
    return withhold();
  });
  const ending = one.process(own);
  await Promise.race([isMerged.promise, ending]);
  // Then the answer is merged, the end's message goes on to its end, and the bus takes nothing.
  bus.isDown = true;
  other.faults.once("mergeState", async (merge) => {
    const merged = await merge();
    goOn.resolve();
    await ending;
    return merged;
  });
  const failed = await other.process(answer);
  goOn.resolve();
  const results = [
    { batch: answer, result: failed },
    { batch: own, result: await ending },
  ];
  bus.isDown = false;
  passInvocation();
  const left = results.filter(({ result }) => result.batchItemFailures.length > 0);
  const open = await settled(
    other,
    left.map(({ batch }) => batch),
  );

  expect(open).toEqual([]);
  expect(one.state(TOKEN)?.published.map((entry) => entry.eventId)).toContain(eventId);
  expect(published.filter((id) => id === eventId)).toEqual([eventId]);
});

/** Consumers of one stage, each a sandbox of its own, and what their bus took. */
function aStage() {
  let time = ASKED_AT;
  const now = () => time;
  const table = new MemoryIdempotencyTable();
  const store = new MemoryApplicationTable();
  const published: string[] = [];
  const bus = { isDown: false };
  const publisher = {
    async publish(events: readonly { readonly eventId: string }[]) {
      if (bus.isDown) throw new TransientError("the bus is down");
      published.push(...events.map(({ eventId }) => eventId));
      return events.map(() => null);
    },
  };
  const sandbox = () =>
    aConsumer({ store, idempotency: new MemoryIdempotency(table, now), now, publisher });
  return {
    sandbox,
    published,
    bus,
    /** The invocations that were at work are over. */
    passInvocation: () => {
      time += TIMEOUTS_MS.consumer + 1;
    },
  };
}

/** Delivers what failed again, until it is done or was received six times. @returns what is left. */
async function settled(
  consumer: TestConsumer,
  batches: readonly SQSEvent[],
): Promise<readonly SQSEvent[]> {
  let open = batches;
  for (let receives = 2; receives <= 6; receives += 1) {
    const left: SQSEvent[] = [];
    for (const batch of open) {
      const { batchItemFailures } = await consumer.process(received(batch, receives));
      if (batchItemFailures.length > 0) left.push(batch);
    }
    open = left;
  }
  return open;
}

/** The poller's message: Alloy's answer says what this end says, whose own message may come back. */
function confirmationOf(webhook: string): SQSEvent {
  const ended = { status: "completed", outcome: "Approved", at: START + 20_000 } as const;
  const { snapshot } = aCorrection({ applicationToken: TOKEN, ...ended });
  const confirms = reportOf(eventOf(webhook));
  const correction = aCorrection(snapshot, { askedAt: ASKED_AT, confirms, mayComeBack: true });
  const body = correctionBody(correction);
  const envelope = anEnvelope({ kind: "poll", receiptId: "poll-1", receivedAt: ASKED_AT, body });
  return batchOfMessages([encodeEnvelope(envelope)]);
}

function endOf(outcome: string, at: number): string {
  const webhook: { data: object } = JSON.parse(webhookOf("completed_application", TOKEN, at));
  return JSON.stringify({ ...webhook, data: { ...webhook.data, outcome } });
}

function eventOf(webhook: string) {
  const parsed = parseWebhook(webhook);
  if (parsed.kind !== "journey-event") throw new Error("it is a Journey Application event");
  return parsed.event;
}

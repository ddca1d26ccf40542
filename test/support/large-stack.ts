import { BatchWriteItemCommand } from "@aws-sdk/client-dynamodb";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";

import {
  applicationKey,
  dueShardOf,
  eventKey,
} from "../../lambdas/adapters/dynamo/application-item.ts";
import { GAP_PARTITION } from "../../lambdas/adapters/dynamo/dynamo-due-applications.ts";
import { startDynamoDb } from "../../tools/cloud-in-memory/dynalite.ts";
import { MemorySqs } from "./memory-sqs.ts";
import { anAnsweringStack } from "./operator.ts";

/** `BatchWriteItem`'s most. */
const ITEMS_PER_CALL = 25;

const CALLS_AT_ONCE = 8;

const EVENTS = ["started_application", "pending_review"] as const;

/** The token of the application of this number. */
export function tokenOfNumber(number: number): string {
  return `JA-large${String(number).padStart(6, "0")}`;
}

/**
 * A stack whose table has so many open applications, each with two events; the first ones are in gap.
 *
 * @param now - when the last event of each came, epoch milliseconds.
 */
export async function startLargeStack({
  applications,
  inGap,
  now,
}: {
  readonly applications: number;
  readonly inGap: number;
  readonly now: number;
}) {
  const dynamo = await startDynamoDb();
  const { client, applicationTableName } = dynamo;
  const items = Array.from({ length: applications }, (_, number) =>
    itemsOf(number, { isInGap: number < inGap, now }),
  ).flat();
  const calls = Array.from({ length: Math.ceil(items.length / ITEMS_PER_CALL) }, (_, index) =>
    items.slice(index * ITEMS_PER_CALL, (index + 1) * ITEMS_PER_CALL),
  );
  await Promise.all(
    Array.from({ length: CALLS_AT_ONCE }, async () => {
      for (let call = calls.pop(); call !== undefined; call = calls.pop()) {
        await write(client, applicationTableName, call);
      }
    }),
  );
  const { idempotencyTableName } = dynamo;
  return {
    stack: {
      ...anAnsweringStack({}, new MemorySqs()),
      dynamo: client,
      applicationTableName,
      idempotencyTableName,
    },
    stop: dynamo.close,
  };
}

function itemsOf(
  number: number,
  { isInGap, now }: { readonly isInGap: boolean; readonly now: number },
) {
  const token = tokenOfNumber(number);
  const gap = {
    stage: "not-delivered",
    since: now - 60_000,
    evidence: "no attempt of it came",
    events: [{ eventId: `${token}-missing`, type: "completed_application", at: now - 60_000 }],
  };
  return [
    {
      ...applicationKey(token),
      applicationToken: token,
      journeyName: "Onboarding",
      journeyToken: "J-1",
      environment: "live",
      status: "waiting_review",
      lastEventAt: now,
      duePk: dueShardOf(token),
      dueAt: now + number * 1_000,
      ...(isInGap && { gap, gapPk: GAP_PARTITION, gapSince: gap.since, gapStage: gap.stage }),
    },
    ...EVENTS.map((type, index) => {
      const at = now - (EVENTS.length - index) * 5_000 - (number % 100) * 100;
      const eventId = `${token}-${type}`;
      return {
        ...eventKey(token, eventId, at),
        eventId,
        type,
        eventAt: at,
        receivedAt: at + 200,
        origin: number % 7 === 0 ? "poll" : "webhook",
        route: "progressed",
      };
    }),
  ];
}

async function write(
  client: DynamoDBClient,
  table: string,
  items: readonly object[],
): Promise<void> {
  const requests = items.map((item) => ({ PutRequest: { Item: marshall(item) } }));
  await client.send(new BatchWriteItemCommand({ RequestItems: { [table]: requests } }));
}

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
  await dynamo.fill(
    applicationTableName,
    items.map((item) => marshall(item)),
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

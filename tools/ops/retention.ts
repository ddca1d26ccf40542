import { setTimeout as sleep } from "node:timers/promises";

import { paginateScan } from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import * as v from "valibot";

import { DynamoTable } from "../../lambdas/adapters/dynamo/dynamo-table.ts";
import type { Key } from "../../lambdas/adapters/dynamo/dynamo-table.ts";
import { DynamoUpdate } from "../../lambdas/adapters/dynamo/dynamo-update.ts";
import { RETENTION_ATTRIBUTES, TABLE } from "../../lambdas/settings/names.ts";
import { UsageError } from "./operator-error.ts";
import type { OptionsAt } from "./options.ts";
import type { ResultOf } from "./results.ts";
import type { ConnectedStack } from "./stack.ts";
import { agreed } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** As `retention.eventsMs`: a shorter one is a mistake. */
const LEAST_DAYS = 1;

/** An event as it is stored: no body is read. */
const EventSchema = v.object({
  pk: v.string(),
  sk: v.string(),
  receivedAt: v.number(),
  [TABLE.expiryAttribute]: v.optional(v.number()),
});

/**
 * `retention`: gives events that are stored already the end that new ones get by the stage's `retention.eventsMs`. A
 * time to live is stamped when an event is recorded, so that one that is set later leaves the older events for good.
 *
 * 1. It goes through the whole table once: events alone, without their bodies. States stay.
 * 2. An event that would end later, or never, ends so many days after its receipt; one that is older already, in an hour.
 * 3. Nothing is prolonged, and to do it again changes nothing.
 * 4. Events of an application under a legal hold are left alone. A hold that begins meanwhile comes too late for some.
 *
 * @param given - the days, as the command line has them.
 */
export async function retention(
  stack: ConnectedStack,
  given: string,
  options: OptionsAt<"perSecond" | "dryRun" | "yes">,
  terminal: Terminal,
): Promise<ResultOf<"retention">> {
  const days = Number(given);
  if (!Number.isFinite(days) || days < LEAST_DAYS) {
    throw new UsageError(`"retention" needs a number of days, at least ${LEAST_DAYS}.`);
  }
  if (!options.dryRun && !options.yes) {
    const question = `Let the events of ${stack.stackName} end ${days} days after their receipt? What has ended cannot be brought back.`;
    await agreed(terminal, question, "No event was changed");
  }
  const { perSecond, dryRun, now } = options;
  const held = await heldPartitions(stack);
  let [seen, changed, kept] = [0, 0, 0];
  for await (const page of paginateScan(
    { client: stack.dynamo },
    {
      TableName: stack.applicationTableName,
      FilterExpression: "begins_with(sk, :event)",
      ExpressionAttributeValues: marshall({ ":event": "EVENT#" }),
      ProjectionExpression: RETENTION_ATTRIBUTES.join(", "),
    },
  )) {
    for (const item of page.Items ?? []) {
      seen += 1;
      const event = v.safeParse(EventSchema, unmarshall(item));
      if (!event.success) continue;
      const { pk, sk, receivedAt, [TABLE.expiryAttribute]: ends = Infinity } = event.output;
      // DynamoDB leaves alone what ended more than five years ago, so none is put into the past.
      const wanted = Math.ceil(Math.max(receivedAt + days * DAY_MS, now + HOUR_MS) / 1_000);
      if (ends <= wanted) continue;
      if (held.has(pk)) {
        kept += 1;
        continue;
      }
      if (!dryRun) await end(stack, { pk, sk }, wanted);
      changed += 1;
      if (!dryRun && perSecond !== null) await sleep(1_000 / perSecond);
      terminal.progress(`${changed} of ${seen} events …`);
    }
  }
  if (kept > 0) terminal.print(`${kept} events are under a legal hold, and stay as they are.`);
  terminal.print(
    dryRun
      ? `${changed} of ${seen} events would end ${days} days after their receipt. Nothing was changed.`
      : `${changed} of ${seen} events end ${days} days after their receipt. DynamoDB deletes an event within days of its end.`,
  );
  return { isDryRun: dryRun, changed, seen, held: kept };
}

/** The partitions of applications under a legal hold. */
async function heldPartitions(stack: ConnectedStack): Promise<ReadonlySet<string>> {
  const held = new Set<string>();
  for await (const { Items = [] } of paginateScan(
    { client: stack.dynamo },
    {
      TableName: stack.applicationTableName,
      FilterExpression: "attribute_exists(legalHold)",
      ProjectionExpression: "pk",
    },
  )) {
    for (const { pk } of Items) if (pk?.S !== undefined) held.add(pk.S);
  }
  return held;
}

async function end(stack: ConnectedStack, key: Key, at: number): Promise<void> {
  const update = new DynamoUpdate();
  update.set(TABLE.expiryAttribute, at);
  update.requirePresent("pk");
  const table = new DynamoTable(stack.dynamo, stack.applicationTableName);
  await table.update("Giving an event its end", key, update);
}

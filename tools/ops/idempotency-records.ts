import { BatchGetItemCommand } from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import * as v from "valibot";

import { idempotencyKeyOf } from "../../lambdas/adapters/idempotency-key.ts";
import { IDEMPOTENCY } from "../../lambdas/settings/limits.ts";
import type { IdempotencyRecord } from "./application.ts";
import type { ConnectedStack } from "./stack.ts";

/** `BatchGetItem`'s most. */
const KEYS_PER_CALL = 100;

/** Powertools' layout; the expiration of a completed record is a window after its completion, in epoch seconds. */
const RecordSchema = v.object({
  id: v.string(),
  status: v.string(),
  expiration: v.optional(v.number()),
});

/** The idempotency records of events, by event id. Records end after 40 days, and what publishes nothing has none. */
export async function recordsOf(
  { dynamo, idempotencyTableName }: ConnectedStack,
  eventIds: readonly string[],
): Promise<ReadonlyMap<string, IdempotencyRecord>> {
  const records = new Map<string, IdempotencyRecord>();
  const eventIdOf = new Map(eventIds.map((eventId) => [idempotencyKeyOf(eventId), eventId]));
  let keys = [...eventIdOf.keys()].map((id) => marshall({ id }));
  while (keys.length > 0) {
    const asked = keys.slice(0, KEYS_PER_CALL);
    const { Responses = {}, UnprocessedKeys = {} } = await dynamo.send(
      new BatchGetItemCommand({ RequestItems: { [idempotencyTableName]: { Keys: asked } } }),
    );
    for (const item of Responses[idempotencyTableName] ?? []) {
      const record = v.safeParse(RecordSchema, unmarshall(item));
      if (!record.success) continue;
      const { id, status, expiration } = record.output;
      const eventId = eventIdOf.get(id);
      if (eventId === undefined) continue;
      const isCompleted = status === "COMPLETED";
      const completedAt =
        isCompleted && expiration !== undefined ? expiration * 1_000 - IDEMPOTENCY.windowMs : null;
      records.set(eventId, { isCompleted, completedAt });
    }
    const again = UnprocessedKeys[idempotencyTableName]?.Keys ?? [];
    keys = [...again, ...keys.slice(KEYS_PER_CALL)];
  }
  return records;
}

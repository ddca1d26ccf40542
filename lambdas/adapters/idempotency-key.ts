import { createHash } from "node:crypto";

import { IDEMPOTENCY } from "../settings/limits.ts";

/** The id of an event's record, as Powertools makes it: for who reads records without Powertools. */
export function idempotencyKeyOf(eventId: string): string {
  const hash = createHash("sha256").update(JSON.stringify(eventId)).digest("base64");
  return `${IDEMPOTENCY.keyPrefix}#${hash}`;
}

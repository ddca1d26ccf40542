import { readFileSync } from "node:fs";

import { parseWebhook } from "../../lambdas/domain/event/parse-webhook.ts";
import type { ParsedWebhook } from "../../lambdas/domain/event/parse-webhook.ts";

/** The four fields without which a webhook's `data` is no Journey event. */
export const REQUIRED = {
  journey_application_token: "JA-1",
  journey_token: "J-1",
  type: "pending_review",
  timestamp: 1_760_000_000_000,
};

/** The body of a webhook with these `data`. */
export function webhookWith(data: unknown, type: unknown = "update:journeyapplications:sandbox") {
  return JSON.stringify({ request_token: "r", timestamp: REQUIRED.timestamp + 150, type, data });
}

/** @throws Error when the body is read as something else */
export function asJourneyEvent(body: string): ParsedWebhook & { readonly kind: "journey-event" } {
  const parsed = parseWebhook(body);
  if (parsed.kind !== "journey-event") throw new Error(`no Journey event: ${parsed.kind}`);
  return parsed;
}

/** @param name - of a file in `test/fixtures` */
export function fixtureOf(name: string): string {
  return readFileSync(new URL(`../fixtures/${name}`, import.meta.url), "utf8");
}

/** The same webhook, whose data says so; a field that is undefined is left out. */
export function changedWebhook(body: string, changes: object): string {
  const webhook = JSON.parse(body);
  return JSON.stringify({ ...webhook, data: { ...webhook.data, ...changes } });
}

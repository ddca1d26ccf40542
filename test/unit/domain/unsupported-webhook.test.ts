import { expect, test } from "vitest";

import { eventKey } from "../../../lambdas/adapters/dynamo/application-item.ts";
import { parseWebhook } from "../../../lambdas/domain/event/parse-webhook.ts";

/** One attempt of Alloy's: the envelope is stamped anew, the rest is the same. */
function attempt(number: number, content: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({
    request_token: `attempt-${number}`,
    timestamp: 1_760_000_000_000 + number,
    ...content,
  });
}

function idOf(body: string): string {
  const parsed = parseWebhook(body);
  if (parsed.kind !== "other" && parsed.kind !== "unrecognised") throw new Error(parsed.kind);
  return parsed.webhook.eventId;
}

test.each([
  ["Alloy's test button", { description: "Test" }],
  ["another family's webhook", { type: "create:reviews:is_entity", data: { review_token: "R-1" } }],
])("two attempts of %s are one webhook", (_, content) => {
  const ids = [idOf(attempt(1, content)), idOf(attempt(2, content))];

  expect(ids[1]).toBe(ids[0]);
});

test("two webhooks without data and with different contents are two", () => {
  const ids = [idOf(attempt(1, { note: "one" })), idOf(attempt(1, { note: "other" }))];

  expect(ids[1]).not.toBe(ids[0]);
});

test("a webhook that names no application has one place in the table, whatever time its attempts bear", () => {
  const first = eventKey(null, "0123456789abcdef", 1_760_000_000_001);
  const second = eventKey(null, "0123456789abcdef", 1_760_000_000_002);

  expect(second).toEqual(first);
});

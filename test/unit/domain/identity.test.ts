import { readFileSync } from "node:fs";

import { describe, expect, test } from "vitest";

import { parseWebhook } from "../../../lambdas/domain/event/parse-webhook.ts";

const file = (name: string) =>
  readFileSync(new URL(`../../fixtures/${name}.json`, import.meta.url), "utf8");
const first = file("events/completed_application");

function idOf(body: string): string {
  const parsed = parseWebhook(body);
  if (parsed.kind !== "journey-event") throw new Error(`no Journey event: ${parsed.kind}`);
  return parsed.event.eventId;
}

/** The event with other fields in its `data`; the poller's form when `bare`. */
function changed(fields: Readonly<Record<string, unknown>>, bare = false): string {
  const webhook = JSON.parse(first);
  const data = { ...webhook.data, ...fields };
  return JSON.stringify(bare ? data : { ...webhook, data });
}

describe("the id of an event", () => {
  test("is 32 hexadecimal digits, the same tomorrow as today", () => {
    expect(idOf(first)).toBe("146657c7964330e36a74961129f42620");
  });

  test.each([
    [
      "re-stamped, with its keys in another order, a day later",
      file("other/completed_application-attempt-10"),
    ],
    ["as the poller finds it in Alloy's list", changed({}, true)],
    [
      "with the event token that only one side carries",
      changed({ journey_application_event_token: "22750001" }),
    ],
    ["with fields that nobody knows", changed({ invented: { tomorrow: true } })],
    ["with the entity left out instead of null", changed({ entity_application_token: undefined })],
  ])("is the same %s", (_, other) => {
    expect(idOf(other)).toBe(idOf(first));
  });

  test.each([
    ["application", { journey_application_token: "JA-another" }],
    ["type", { type: "reached_application_outcome" }],
    ["time", { timestamp: 1760000130511 }],
    ["applicant", { entity_application_token: "EA-another" }],
    ["node, in one millisecond even", { _embedded: { node: { id: "1633639581307" } } }],
  ])("is another one for another %s", (_, fields) => {
    expect(idOf(changed(fields))).not.toBe(idOf(first));
  });
});

import { describe, expect, test } from "vitest";

import { asJourneyEvent, fixtureOf } from "../../support/parsed-webhook.ts";

const first = fixtureOf("events/completed_application.json");
const { data, ...envelope } = JSON.parse(first);

const idOf = (body: string) => asJourneyEvent(body).event.eventId;
/** The event with other fields in its `data`. */
const changed = (fields: object) => JSON.stringify({ ...envelope, data: { ...data, ...fields } });

describe("the id of an event", () => {
  test("is 32 hexadecimal digits, the same tomorrow as today", () => {
    expect(idOf(first)).toBe("146657c7964330e36a74961129f42620");
  });

  test.each([
    [
      "re-stamped, with its keys in another order, a day later",
      fixtureOf("other/completed_application-attempt-10.json"),
    ],
    ["as the poller finds it in Alloy's list", JSON.stringify(data)],
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

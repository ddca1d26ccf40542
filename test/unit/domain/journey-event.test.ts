import { describe, expect, test } from "vitest";

import { parseWebhook } from "../../../lambdas/domain/event/parse-webhook.ts";
import type { JourneyEvent } from "../../../lambdas/domain/event/journey-event.ts";

const AT = 1_760_000_000_000;
const required = {
  journey_application_token: "JA-1",
  journey_token: "J-1",
  type: "pending_review",
  timestamp: AT,
};

function webhookOf(data: unknown, type = "update:journeyapplications:sandbox"): string {
  return JSON.stringify({ request_token: "r", timestamp: AT + 150, type, data });
}

function eventOf(data: unknown, type?: string): JourneyEvent {
  const parsed = parseWebhook(webhookOf(data, type));
  if (parsed.kind !== "journey-event") throw new Error(`no Journey event: ${parsed.kind}`);
  return parsed.event;
}

describe("a Journey event", () => {
  test("needs four fields and no more", () => {
    expect(eventOf(required)).toMatchObject({
      applicationToken: "JA-1",
      journeyToken: "J-1",
      type: "pending_review",
      at: AT,
      outcome: null,
      entityApplicationToken: null,
      node: { id: null, type: null },
      isShadow: false,
    });
  });

  test.each(Object.keys(required))(
    "without %s is recorded as unrecognised, with the reason",
    (field) => {
      const { [field]: _, ...rest } = { ...required } as Record<string, unknown>;

      expect(parseWebhook(webhookOf(rest))).toMatchObject({
        kind: "unrecognised",
        webhook: { reason: `the Journey event lacks or mistypes: ${field}` },
      });
    },
  );

  test.each([
    ["null", null],
    ["an object", {}],
    ["a list", []],
    ["true", true],
  ])("takes %s in any other field for nothing", (_, value) => {
    const others = [
      "journey_name",
      "outcome",
      "entity_token",
      "entity_application_token",
      "external_group_id",
      "journey_application_event_token",
      "rerun_journey_application_token",
      "_embedded",
    ];
    const data = { ...required, ...Object.fromEntries(others.map((name) => [name, value])) };

    const { eventId, ...event } = eventOf(data);

    expect(eventId).toBe(eventOf(required).eventId);
    expect(event).toMatchObject({ outcome: null, entityToken: null, node: { id: null } });
  });

  test("takes a number for a text, as an id may come", () => {
    const data = { ...required, _embedded: { node: { id: 1_632_850_500_102 } } };

    expect(eventOf(data).node.id).toBe("1632850500102");
  });

  test("keeps what nobody knows", () => {
    const data = { ...required, invented: { tomorrow: [1, null] } };

    expect(parseWebhook(webhookOf(data))).toMatchObject({ kind: "journey-event" });
  });

  test.each([
    ["update:journeyapplications:sandbox", "sandbox"],
    ["update:journeyapplications:live", "live"],
    ["update:journeyapplications", null],
  ])("of %s is of the environment %s", (type, environment) => {
    expect(eventOf(required, type).environment).toBe(environment);
  });

  test.each(["is_shadow_app", "is_shadow_application"])("is a shadow's by %s", (field) => {
    expect(eventOf({ ...required, [field]: true }).isShadow).toBe(true);
  });

  test("may come bare, as the poller and a replay bring it", () => {
    const parsed = parseWebhook(JSON.stringify(required));

    expect(parsed).toMatchObject({
      kind: "journey-event",
      event: eventOf(required, "update:journeyapplications"),
      sentAt: null,
    });
  });
});

describe("a time that cannot be one", () => {
  test.each([
    ["microseconds", 1_760_000_000_000_000],
    ["zero", 0],
    ["before Alloy", Date.UTC(2014, 11, 31)],
    ["after this century", Date.UTC(2100, 0, 1)],
    ["negative", -1],
    ["a day without a time", "2026-11-23"],
    ["a time without a zone", "2026-11-23T20:00:00"],
    ["a word", "yesterday"],
    ["nothing", null],
  ])("leaves a webhook that is recorded, and a hint to ask Alloy: %s", (_, timestamp) => {
    expect(parseWebhook(webhookOf({ ...required, timestamp }))).toMatchObject({
      kind: "unrecognised",
      webhook: {
        reason: "the Journey event lacks or mistypes: timestamp",
        hint: { applicationToken: "JA-1", journeyToken: "J-1", environment: "sandbox" },
      },
    });
  });

  test.each([
    ["epoch seconds", 1_760_000_000],
    ["a number as text", "1760000000000"],
    ["epoch seconds as text", "1760000000"],
    ["ISO 8601 in UTC", "2025-10-09T08:53:20.000Z"],
    ["ISO 8601 in another zone", "2025-10-09T10:53:20+02:00"],
  ])("is read where there is one way to read it: %s", (_, timestamp) => {
    expect(eventOf({ ...required, timestamp })).toEqual(eventOf(required));
  });
});

describe("a body that is no webhook", () => {
  test.each([
    ["{}", "unrecognised"],
    ["[]", "unrecognised"],
    ["5", "unrecognised"],
    ["null", "unrecognised"],
    ['"text"', "unrecognised"],
    ["true", "unrecognised"],
    ['{"type":"create:reviews:is_entity","data":{}}', "other"],
    ['{"type":5}', "unrecognised"],
    ["", "invalid"],
    ["{", "invalid"],
  ])("is told apart, and never a crash: %s", (body, kind) => {
    expect(parseWebhook(body).kind).toBe(kind);
  });
});

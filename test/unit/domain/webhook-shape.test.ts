import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

import { parseWebhook } from "../../../lambdas/domain/event/parse-webhook.ts";
import { EXTERNAL_INPUT } from "../../../lambdas/settings/limits.ts";

const AT = 1_760_000_000_000;
const data = {
  journey_application_token: "JA-1",
  journey_token: "J-1",
  type: "completed_application",
  timestamp: AT,
  outcome: "Approved",
};
const folder = new URL("../../fixtures/", import.meta.url);

function parsed(envelope: Readonly<Record<string, unknown>>) {
  return parseWebhook(JSON.stringify(envelope));
}

function eventOf(changes: Readonly<Record<string, unknown>>) {
  const read = parsed({ type: "update:journeyapplications:live", data: { ...data, ...changes } });
  if (read.kind !== "journey-event") throw new Error(read.kind);
  return read;
}

describe("a Journey event is known by its data", () => {
  test.each([
    ["update:journey_applications:live", "live"],
    ["update:journey-applications:production", "live"],
    ["UPDATE:JourneyApplications:Sandbox", "sandbox"],
    ["journeyApplications.updated.LIVE", "live"],
    ["notify:onboarding", null],
    ["alive", null],
    ["", null],
    [undefined, null],
    [null, null],
    [5, null],
  ])("whatever the envelope says: %s", (type, environment) => {
    expect(parsed({ type, timestamp: AT, data })).toMatchObject({
      kind: "journey-event",
      event: { applicationToken: "JA-1", outcome: "Approved", environment },
    });
  });

  const events = readdirSync(new URL("events", folder));
  test.each(events)("also without an envelope's type: %s", (file) => {
    const webhook = JSON.parse(readFileSync(new URL(`events/${file}`, folder), "utf8"));

    const spelled = parseWebhook(JSON.stringify({ ...webhook, type: "update:jas:live" }));

    expect(spelled).toMatchObject({ kind: "journey-event", event: { type: webhook.data.type } });
  });

  const others = readdirSync(new URL("other", folder)).filter((file) => file.startsWith("create-"));
  test.each(others)("and another family's webhook is none: %s", (file) => {
    const body = readFileSync(new URL(`other/${file}`, folder), "utf8");

    expect(parseWebhook(body)).toMatchObject({
      kind: "other",
      webhook: { type: JSON.parse(body).type, hint: null },
    });
  });

  test.each([
    ["a review of an application", { review_token: "R-1", timestamp: AT, outcome: "Approved" }],
    [
      "a review that names all that an event names",
      { ...data, review_token: "R-1", type: "completed_application" },
    ],
    [
      "an investigation",
      {
        investigation_token: "I-1",
        status: "closed",
        status_changed_at: AT,
        alert_tokens: ["A-1"],
      },
    ],
    ["an investigation that names an application", { ...data, investigation_token: "I-1" }],
    [
      "an evaluation that names an application",
      { evaluation_token: "L-1", application_token: "wf", journey_application_token: "JA-1" },
    ],
  ])("and another family's is none: %s", (_, content) => {
    const type = "update:investigationevents:live";

    expect(parsed({ type, data: content })).toMatchObject({ kind: "other", webhook: { type } });
  });

  test("and one without a readable time, of whatever family, is a hint", () => {
    expect(parsed({ type: "update:jas:live", data: { ...data, timestamp: "soon" } })).toMatchObject(
      {
        kind: "unrecognised",
        webhook: {
          type: "update:jas:live",
          hint: { applicationToken: "JA-1", journeyToken: "J-1", environment: "live" },
        },
      },
    );
  });
});

describe("a token that is none", () => {
  const bad = ["..", "JA-1/x", "", " ", "JA-1\u0000", "x".repeat(129), 7, null];

  test.each(
    ["journey_application_token", "journey_token"].flatMap((name) =>
      bad.map((token) => [name, token]),
    ),
  )("leaves a webhook unrecognised: %s %j", (name, token) => {
    const webhook = {
      type: "update:journeyapplications:live",
      data: { ...data, [String(name)]: token },
    };

    expect(parsed(webhook)).toMatchObject({
      kind: "unrecognised",
      webhook: { reason: `the Journey event lacks or mistypes: ${name}` },
    });
  });

  test.each(bad.filter((token) => token !== 7))("is absent where it may be: %j", (token) => {
    const { event } = eventOf({
      entity_token: token,
      entity_application_token: token,
      journey_application_event_token: token,
      rerun_journey_application_token: token,
    });

    expect(event).toMatchObject({
      entityToken: null,
      entityApplicationToken: null,
      eventToken: null,
      rerunApplicationToken: null,
    });
    expect(event.eventId).toBe(eventOf({}).event.eventId);
  });
});

describe("the client's own ids", () => {
  test.each(["", " ", null, [], {}])("are absent when they are %j", (id) => {
    const { event } = eventOf({
      external_group_id: id,
      external_entity_id: id,
      external_partner_id: id,
      external_application_id: id,
      journey_name: id,
      outcome: id,
    });

    expect(event).toMatchObject({
      externalIds: { group: null, entity: null, partner: null, application: null },
      journeyName: null,
      outcome: null,
    });
  });

  test("are published as they stood, however many digits they have", () => {
    const body = `{"type":"update:journeyapplications:live","data":{"journey_application_token":"JA-1",
      "journey_token":"J-1","type":"completed_application","timestamp":${AT},
      "external_group_id":12345678901234567890,"external_partner_id":1e21,"external_application_id":1001}}`;

    expect(parseWebhook(body)).toMatchObject({
      kind: "journey-event",
      event: {
        at: AT,
        externalIds: { group: "12345678901234567890", partner: "1e21", application: "1001" },
      },
    });
  });

  test("are kept when they are too long for an index", () => {
    const id = "x".repeat(EXTERNAL_INPUT.indexKeyBytes + 1);

    const { event, cutTexts } = eventOf({ external_group_id: id });

    expect(event.externalIds.group).toBe(id);
    expect(cutTexts).toBe(0);
  });

  test("and names are cut when they are absurdly long, which is counted", () => {
    const long = "ü".repeat(1_000_000);

    const { event, cutTexts } = eventOf({ external_group_id: long, journey_name: long });

    expect(event.externalIds.group).toBe(`${"ü".repeat(EXTERNAL_INPUT.idBytes / 2 - 2)}…`);
    expect(event.journeyName).toBe(`${"ü".repeat(EXTERNAL_INPUT.textBytes / 2 - 2)}…`);
    expect(cutTexts).toBe(2);
  });
});

describe("two webhooks of another family", () => {
  test("that differ in a number above 2^53 alone are two", () => {
    const [one, other] = ["12345678901234567890", "12345678901234567891"].map((id) =>
      parseWebhook(`{"type":"create:reviews:is_entity","data":{"review_token":${id}}}`),
    );

    if (one?.kind !== "other" || other?.kind !== "other") throw new Error("no reviews");
    expect(one.webhook.eventId).not.toBe(other.webhook.eventId);
  });
});

describe("a body that nobody can ever read", () => {
  test.each([
    ["10,000 lists", `{"type":"x","data":${"[".repeat(10_000)}${"]".repeat(10_000)}}`],
    ["objects", `{"data":`.repeat(10_000) + "1" + "}".repeat(10_000)],
    [
      "a Journey event with depth in it",
      JSON.stringify({ data }).replace("1", `1","x":${"[".repeat(999)}${"]".repeat(999)},"y":"`),
    ],
  ])("is refused with its reason, and nothing of it: %s", (_, body) => {
    expect(parseWebhook(body)).toEqual({
      kind: "invalid",
      reason: "the body is nested deeper than 200 levels",
    });
  });

  test("says no word of what it holds, nor does one that is not recognised", () => {
    const bodies = [
      `{"name":"Ada"`,
      JSON.stringify({ type: "Ada", data: {} }),
      JSON.stringify({
        type: "update:journeyapplications:live",
        data: { ...data, timestamp: "Ada" },
      }),
      JSON.stringify({ data: { ...data, journey_token: "Ada L" } }),
    ];

    for (const body of bodies) {
      const read = parseWebhook(body);
      const reason =
        read.kind === "invalid"
          ? read.reason
          : read.kind === "journey-event"
            ? "Ada"
            : read.webhook.reason;
      expect(reason).not.toContain("Ada");
    }
  });
});

import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";

import { eventKey } from "../../../lambdas/adapters/dynamo/application-item.ts";
import { parseWebhook } from "../../../lambdas/domain/event/parse-webhook.ts";
import { fixtureOf, REQUIRED, webhookWith } from "../../support/parsed-webhook.ts";

const AT = REQUIRED.timestamp;
const data = { ...REQUIRED, type: "completed_application", outcome: "Approved" };
const filesIn = (folder: string) => readdirSync(`test/fixtures/${folder}`);

/** @throws Error when the body is read as something else */
function unsupported(body: string) {
  const parsed = parseWebhook(body);
  if (parsed.kind !== "other" && parsed.kind !== "unrecognised") throw new Error(parsed.kind);
  return parsed.webhook;
}

describe("a Journey event is known by its data", () => {
  test.each([
    ["update:journeyapplications", null],
    ["update:journeyapplications:live", "live"],
    ["update:journeyapplications:sandbox", "sandbox"],
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
    expect(parseWebhook(JSON.stringify({ type, timestamp: AT, data }))).toMatchObject({
      kind: "journey-event",
      event: { applicationToken: "JA-1", outcome: "Approved", environment },
    });
  });

  test.each(filesIn("events"))("also without an envelope's type: %s", (file) => {
    const webhook = JSON.parse(fixtureOf(`events/${file}`));

    const spelled = parseWebhook(JSON.stringify({ ...webhook, type: "update:jas:live" }));

    expect(spelled).toMatchObject({ kind: "journey-event", event: { type: webhook.data.type } });
  });

  test.each(filesIn("other").filter((file) => file.startsWith("create-")))(
    "and another family's webhook is none: %s",
    (file) => {
      const body = fixtureOf(`other/${file}`);

      expect(parseWebhook(body)).toMatchObject({
        kind: "other",
        webhook: { type: JSON.parse(body).type, hint: null },
      });
    },
  );

  test.each([
    ["a review of an application", { review_token: "R-1", timestamp: AT, outcome: "Approved" }],
    ["a review that names all that an event names", { ...data, review_token: "R-1" }],
    [
      "an investigation",
      { investigation_token: "I-1", status: "closed", status_changed_at: AT, alert_tokens: ["A"] },
    ],
    ["an investigation that names an application", { ...data, investigation_token: "I-1" }],
    [
      "an evaluation that names an application",
      { evaluation_token: "L-1", application_token: "wf", journey_application_token: "JA-1" },
    ],
  ])("and another family's is none: %s", (_, content) => {
    const type = "update:investigationevents:live";

    expect(parseWebhook(webhookWith(content, type))).toMatchObject({
      kind: "other",
      webhook: { type },
    });
  });
});

describe("a body that is no Journey event", () => {
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

  test.each([
    ["no JSON", `{"name":"Ada"`, "invalid"],
    ["of an unknown type", webhookWith({}, "Ada"), "other"],
    ["without a time", webhookWith({ ...data, timestamp: "Ada" }), "unrecognised"],
    [
      "without a Journey or a type",
      JSON.stringify({ data: { ...data, journey_token: "Ada L" } }),
      "unrecognised",
    ],
  ])("has a reason that says no word of what it holds: %s", (_, body, kind) => {
    const parsed = parseWebhook(body);

    const reason = parsed.kind === "invalid" ? parsed.reason : unsupported(body).reason;
    expect(parsed.kind).toBe(kind);
    expect(reason).not.toContain("Ada");
  });
});

describe("the id of another webhook", () => {
  /** One attempt of Alloy's: the envelope is stamped anew, the rest is the same. */
  const attempt = (number: number, content: object) =>
    JSON.stringify({ request_token: `attempt-${number}`, timestamp: AT + number, ...content });
  const review = (id: string) =>
    `{"type":"create:reviews:is_entity","data":{"review_token":${id}}}`;

  test.each([
    ["Alloy's test button", { description: "Test" }],
    ["another family's webhook", JSON.parse(review(`"R-1"`))],
  ])("is the same for two attempts of %s", (_, content) => {
    const [first, second] = [1, 2].map((number) => unsupported(attempt(number, content)));

    expect(second?.eventId).toBe(first?.eventId);
  });

  test.each([
    ["without data", attempt(1, { note: "one" }), attempt(1, { note: "other" })],
    ["of a number above 2^53", review("12345678901234567890"), review("12345678901234567891")],
  ])("is another one for another content: %s", (_, one, other) => {
    expect(unsupported(other).eventId).not.toBe(unsupported(one).eventId);
  });

  test("has one place in the table when no application is named, whatever time its attempts bear", () => {
    const [first, second] = [AT + 1, AT + 2].map((at) => eventKey(null, "0123456789abcdef", at));

    expect(second).toEqual(first);
  });
});

import { describe, expect, test } from "vitest";

import { parseWebhook } from "../../../lambdas/domain/event/parse-webhook.ts";
import { EXTERNAL_INPUT } from "../../../lambdas/settings/limits.ts";
import { aJourneyEvent } from "../../support/journey-event.ts";
import { asJourneyEvent, REQUIRED, webhookWith } from "../../support/parsed-webhook.ts";

const AT = REQUIRED.timestamp;
const read = (changes: object = {}) => asJourneyEvent(webhookWith({ ...REQUIRED, ...changes }));
const eventOf = (changes?: object) => read(changes).event;

const TOKENS = [
  "entity_token",
  "entity_application_token",
  "journey_application_event_token",
  "rerun_journey_application_token",
];
const TEXTS = [
  "journey_name",
  "outcome",
  "external_group_id",
  "external_entity_id",
  "external_partner_id",
  "external_application_id",
];
const NO_TOKENS = ["..", "JA-1/x", "JA-1\u0000", "x".repeat(129)];
const NO_TEXTS = ["", " ", null, [], {}, true];

const allOf = (names: readonly string[], value: unknown) =>
  Object.fromEntries(names.map((name) => [name, value]));

describe("a Journey event", () => {
  test("needs four fields and no more", () => {
    const { type } = REQUIRED;

    expect(eventOf()).toEqual(aJourneyEvent({ type, at: AT, journeyName: null }));
  });

  test.each<readonly [string, unknown]>([
    ...Object.keys(REQUIRED).map((field) => [field, undefined] as const),
    ...["journey_application_token", "journey_token"].flatMap((field) =>
      [...NO_TOKENS, "", " ", 7, null].map((token) => [field, token] as const),
    ),
    ...[0, AT * 1_000, "2026-11-23", "yesterday", null].map((time) => ["timestamp", time] as const),
  ])("is unrecognised, with the reason, when its %s is %j", (field, value) => {
    expect(parseWebhook(webhookWith({ ...REQUIRED, [field]: value }))).toMatchObject({
      kind: "unrecognised",
      webhook: { reason: `the Journey event lacks or mistypes: ${field}` },
    });
  });

  test.each(["update:journeyapplications:live", "update:jas:live"])(
    "without a readable time is a hint to ask Alloy, whatever its family: %s",
    (type) => {
      const hint = { applicationToken: "JA-1", journeyToken: "J-1", environment: "live" };

      expect(parseWebhook(webhookWith({ ...REQUIRED, timestamp: "soon" }, type))).toMatchObject({
        kind: "unrecognised",
        webhook: { type, hint },
      });
    },
  );

  test.each([
    ["epoch seconds", AT / 1_000],
    ["text", String(AT)],
    ["ISO 8601 in another zone", "2025-10-09T10:53:20+02:00"],
  ])("may name its time as %s", (_, timestamp) => {
    expect(eventOf({ timestamp })).toEqual(eventOf());
  });

  test.each(NO_TEXTS)("takes %j in any other field for nothing", (value) => {
    const others = allOf([...TOKENS, ...TEXTS, "_embedded"], value);

    expect(eventOf(others)).toEqual(eventOf());
  });

  test.each(NO_TOKENS)("takes %j for no token", (value) => {
    expect(eventOf(allOf(TOKENS, value))).toEqual(eventOf());
  });

  test("takes a number for a text, as an id may come", () => {
    expect(eventOf({ _embedded: { node: { id: 1_632_850_500_102 } } }).node.id).toBe(
      "1632850500102",
    );
  });

  test("keeps what nobody knows", () => {
    expect(eventOf({ invented: { tomorrow: [1, null] } })).toEqual(eventOf());
  });

  test.each(["is_shadow_app", "is_shadow_application"])("is a shadow's by %s", (field) => {
    expect(eventOf({ [field]: true }).isShadow).toBe(true);
  });

  test("may come bare, as the poller and a replay bring it", () => {
    expect(parseWebhook(JSON.stringify(REQUIRED))).toMatchObject({
      kind: "journey-event",
      event: { ...eventOf(), environment: null },
      sentAt: null,
    });
  });
});

describe("the client's own ids", () => {
  test("are published as they stood, however many digits they have", () => {
    const ids = `"external_group_id":12345678901234567890,"external_partner_id":1e21,"external_application_id":1001`;
    const body = webhookWith({ ...REQUIRED, ids: 0 }).replace(`"ids":0`, ids);

    expect(asJourneyEvent(body).event).toMatchObject({
      at: AT,
      externalIds: { group: "12345678901234567890", partner: "1e21", application: "1001" },
    });
  });

  test("are kept when they are too long for an index", () => {
    const id = "x".repeat(EXTERNAL_INPUT.indexKeyBytes + 1);

    const { event, cutTexts } = read({ external_group_id: id });

    expect(event.externalIds.group).toBe(id);
    expect(cutTexts).toBe(0);
  });

  test("and names are cut when they are absurdly long, which is counted", () => {
    const long = "ü".repeat(1_000_000);

    const { event, cutTexts } = read({ external_group_id: long, journey_name: long });

    expect(event.externalIds.group).toBe(`${"ü".repeat(EXTERNAL_INPUT.idBytes / 2 - 2)}…`);
    expect(event.journeyName).toBe(`${"ü".repeat(EXTERNAL_INPUT.textBytes / 2 - 2)}…`);
    expect(cutTexts).toBe(2);
  });
});

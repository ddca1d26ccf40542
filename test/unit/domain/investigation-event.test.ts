import { describe, expect, test } from "vitest";

import {
  investigationEventIdOf,
  investigationWebhook,
  parseInvestigationEvent,
  routeOfInvestigation,
} from "../../../lambdas/domain/event/investigation-event.ts";
import { eventIdOf } from "../../../lambdas/domain/event/identity.ts";
import {
  AN_INVESTIGATION_EVENT,
  CREATED_AT,
  investigationWebhookOf,
} from "../../support/investigations.ts";

describe("a webhook of an Investigation", () => {
  test("is read as Alloy's page shows it, without the agent", () => {
    expect(parseInvestigationEvent(investigationWebhookOf())).toEqual({
      event: AN_INVESTIGATION_EVENT,
      sentAt: CREATED_AT + 150,
      cutTexts: 0,
    });
  });

  test.each([
    ["as Alloy's page spells it", "create: investigationevents:investigation_event_type_id"],
    ["with a number", "update:investigationevents:12"],
    ["bare", "update:investigationevents"],
    ["with another mark", "update:investigation_events"],
    ["in other letters", "Update:InvestigationEvents"],
    ["without its verb", "investigations"],
    ["with its environment", "update:investigationevents:live"],
    ["empty", ""],
    ["missing", undefined],
  ])("is known by what it says when its type is %s", (_, type) => {
    expect(parseInvestigationEvent(investigationWebhookOf({}, { type }))?.event.eventId).toBe(
      AN_INVESTIGATION_EVENT.eventId,
    );
  });

  test.each([
    ["another family", "create:reviews:is_entity"],
    ["an Investigation's alerts", "update:investigationalerts:assigned"],
    ["alerts, spelled otherwise", "update:investigation_alerts:unassigned"],
    ["an Investigation's notes", "create:investigationnotes"],
    ["a Journey", "update:journeyapplications:live"],
  ])("is none when its type is that of %s", (_, type) => {
    expect(parseInvestigationEvent(investigationWebhookOf({}, { type }))).toBeNull();
  });

  test.each([
    ["token", { investigation_token: null }],
    ["token that looks like one", { investigation_token: "../INV-1" }],
    ["token that is a text", { investigation_token: 1 }],
    ["status", { status: null }],
    ["status that is a text", { status: 3 }],
    ["time", { status_changed_at: null }],
    ["time of this century", { status_changed_at: 12 }],
  ])("is none without a %s", (_, data) => {
    expect(parseInvestigationEvent(investigationWebhookOf(data))).toBeNull();
  });

  test.each([
    ["its time in seconds", { status_changed_at: CREATED_AT / 1_000 }, { at: CREATED_AT }],
    ["its time as text", { status_changed_at: String(CREATED_AT) }, { at: CREATED_AT }],
    ["Promoted to case", { status: "Promoted to case" }, { status: "promoted_to_case" }],
    ["PROMOTED_TO_CASE", { status: "PROMOTED_TO_CASE" }, { status: "promoted_to_case" }],
    ["promoted-to-case", { status: "promoted-to-case " }, { status: "promoted_to_case" }],
  ])("may name %s", (_, data, event) => {
    expect(parseInvestigationEvent(investigationWebhookOf(data))).toMatchObject({ event });
  });

  test("takes no token that is none, and no more than fifty", () => {
    const alert_tokens = ["JA-1", "", 7, null, "a b", ...Array.from({ length: 99 }, () => "JA-2")];
    const read = parseInvestigationEvent(
      investigationWebhookOf({ alert_tokens, entity_tokens: 1 }),
    );

    expect(read?.event.alertTokens).toHaveLength(50);
    expect(read?.event.alertTokens.slice(0, 3)).toEqual(["JA-1", "7", "JA-2"]);
    expect(read?.event.entityTokens).toEqual([]);
  });

  test("that was healed says the same as the one that is lost", () => {
    const healed = parseInvestigationEvent(investigationWebhook(AN_INVESTIGATION_EVENT));

    expect(healed?.event).toEqual(AN_INVESTIGATION_EVENT);
  });
});

test("a step has the id of contract 2.4, by its token, status and time", () => {
  const step = { investigationToken: "INV-1", status: "closed", at: CREATED_AT };

  expect(investigationEventIdOf(step)).toBe(
    eventIdOf({
      applicationToken: "INV-1",
      type: "closed",
      at: CREATED_AT,
      entityApplicationToken: null,
      nodeId: null,
    }),
  );
});

test.each([
  ["created", "investigation-created"],
  ["promoted_to_case", "investigation-promoted"],
  ["closed", "investigation-closed"],
  ["reopened", "unrecognised"],
  ["constructor", "unrecognised"],
])("the status %s goes to %s", (status, route) => {
  expect(routeOfInvestigation({ status })).toBe(route);
});

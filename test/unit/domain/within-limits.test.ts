import { describe, expect, it } from "vitest";

import { jsonForSqs } from "../../../lambdas/domain/event/envelope.ts";
import type { GapNotice } from "../../../lambdas/domain/routing/gap-notice.ts";
import { publishedUnsupportedWebhook } from "../../../lambdas/domain/routing/published-event.ts";
import type { PublishedEvent } from "../../../lambdas/domain/routing/published-event.ts";
import {
  cutText,
  eventWithinLimits,
  noticeWithinLimits,
} from "../../../lambdas/domain/routing/within-limits.ts";
import { GAP, PUT_EVENTS } from "../../../lambdas/settings/limits.ts";
import { PUBLISHED_TEXT } from "../../../lambdas/settings/routes.ts";
import { A_GAP_NOTICE } from "../../support/gap-notice.ts";
import { aPublishedEvent } from "../../support/records.ts";

/** The same with every text that is not of a closed set as large as it can come, of characters that take most. */
function filled<Value extends PublishedEvent | GapNotice>(value: Value): Value {
  const json = JSON.stringify(value, (key, one: unknown) => {
    if (one === null && !CLOSED.has(key)) return HUGE;
    return typeof one === "string" && one.startsWith("text") ? HUGE : one;
  });
  const event: Value = JSON.parse(json);
  return event;
}

/** Null where it is not known, and otherwise no free text: also a trace is taken over in its one form of 55 characters alone. */
const CLOSED = new Set(["status", "sequence", "eventAt", "closedAt", "durationMs", "traceparent"]);

/** DEL takes six bytes as an escape. */
const HUGE = "\u007f".repeat(300_000);

const anEvent = () =>
  aPublishedEvent({
    type: "text",
    applicationToken: "text",
    journeyToken: "text",
    journeyName: "text",
  });

function anotherWebhook(): PublishedEvent {
  const what = { eventId: "0", type: "text", at: 1, environment: null, reason: "text" };
  const webhook = { ...what, hint: null, cutTexts: 0 };
  const receipt = { receiptId: "receipt", origin: "webhook", receivedAt: 1 } as const;
  const to = { route: "unrecognised", environment: "sandbox" } as const;
  return publishedUnsupportedWebhook({ webhook, receipt, ...to });
}

/** Of a gap with as many missing events as it names. */
function aNotice(): GapNotice {
  const missing = {
    eventId: "0".repeat(32),
    eventType: "text",
    eventAt: A_GAP_NOTICE.since,
    stage: A_GAP_NOTICE.stage,
  };
  const events = Array.from({ length: GAP.mostEvents }, () => missing);
  return { ...A_GAP_NOTICE, applicationToken: "text", evidence: "text", events };
}

describe("a text that is longer than is published", () => {
  it("is cut, and shows it", () => {
    expect(cutText("abcdef", 5)).toBe("abcd…");
    expect(cutText("abcde", 5)).toBe("abcde");
  });

  it("is not cut through a character", () => {
    expect(cutText("abc𝄞ef", 5)).toBe("abc…");
    expect(cutText("ab𝄞def", 5)).toBe("ab𝄞…");
  });
});

describe("what is published", () => {
  it("is the very same as long as nothing in it is long", () => {
    const event = anEvent();

    expect(eventWithinLimits(event)).toBe(event);
    expect(noticeWithinLimits(A_GAP_NOTICE)).toBe(A_GAP_NOTICE);
  });

  it.each([
    ["a Journey event", () => eventWithinLimits(filled(anEvent()))],
    ["another webhook", () => eventWithinLimits(filled(anotherWebhook()))],
    ["a gap", () => noticeWithinLimits(filled(aNotice()))],
  ])("fits one call of the bus, whatever the texts of %s are", (_, published) => {
    expect(Buffer.byteLength(jsonForSqs(published()))).toBeLessThan(PUT_EVENTS.mostBytes);
  });

  it("keeps of an external id and a type as much as is documented", () => {
    const event = anEvent();
    const group = "g".repeat(5_000);

    const cut = eventWithinLimits({
      ...event,
      eventType: "t".repeat(2_000),
      externalIds: { ...event.externalIds, group },
    });

    expect(cut.eventType).toBe(`${"t".repeat(PUBLISHED_TEXT.mostTypeUnits - 1)}…`);
    expect(cut.externalIds.group).toBe(`${"g".repeat(PUBLISHED_TEXT.mostIdUnits - 1)}…`);
  });
});

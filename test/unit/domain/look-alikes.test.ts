import { describe, expect, test } from "vitest";

import { decodeEnvelope } from "../../../lambdas/domain/event/decode-envelope.ts";
import { encodeEnvelope } from "../../../lambdas/domain/event/envelope.ts";
import type { Envelope } from "../../../lambdas/domain/event/envelope.ts";
import type { JourneyEvent } from "../../../lambdas/domain/event/journey-event.ts";
import { reportOf } from "../../../lambdas/domain/reconciliation/reconciliation.ts";
import { aJourneyEvent } from "../../support/journey-event.ts";
import { aPollEnvelope } from "../../support/poll-envelope.ts";
import { aPollerOf, recordOf, START, withRecorded } from "../../support/poller.ts";

const AT = START - 20 * 60_000;
/** As Alloy's answer names its Journey and its environment. */
const REVIEW = { type: "completed_review", at: AT, outcome: "Approved" } as const;

/** What goes along with the events that the poller queues, of those that Alloy has; decoded from the queue. */
async function queued(atAlloy: readonly JourneyEvent[], came: readonly JourneyEvent[]) {
  const started = aJourneyEvent({ at: AT - 60_000 });
  const stored = withRecorded([started, ...came], {
    // Alloy's webhooks bring no token of the event.
    events: [started, ...came].map((event) => recordOf(event, { eventToken: null })),
  });
  const poller = aPollerOf(stored, [started, ...atAlloy]);
  await poller.run();
  return poller.sent.map((envelope) => asReceived(envelope));
}

function asReceived(envelope: Envelope): Envelope {
  const decoded = decodeEnvelope(encodeEnvelope(envelope));
  if ("reason" in decoded || decoded.envelope.kind === "submission") throw new Error("no event");
  return decoded.envelope;
}

describe("what Alloy's list holds beside a healed event", () => {
  test("goes along with it, also where Alloy's tokens tell them apart, with the id of its record", async () => {
    const came = aJourneyEvent({ ...REVIEW, eventToken: "1", node: { id: "node-1", type: null } });
    const lost = aJourneyEvent({ ...REVIEW, at: AT + 900, eventToken: "2" });
    const webhook = aJourneyEvent({ ...REVIEW, at: AT - 30 });

    const [envelope] = await queued([came, lost], [webhook]);

    expect(envelope?.lookAlikes).toEqual([{ ...reportOf(came), recordedAs: webhook.eventId }]);
    expect(envelope?.siblings).toEqual([came.eventId, webhook.eventId]);
  });

  test("is not recorded when it is lost itself", async () => {
    const [one, other] = [aJourneyEvent(REVIEW), aJourneyEvent({ ...REVIEW, at: AT + 900 })];

    const [first, second] = await queued([one, other], []);

    expect(first?.lookAlikes).toEqual([{ ...reportOf(other), recordedAs: null }]);
    expect(second?.lookAlikes).toEqual([{ ...reportOf(one), recordedAs: null }]);
  });

  test.each([
    ["of another type", { type: "pending_review" }],
    ["more than 4 s away, so that no webhook could be either's", { at: AT + 4_001 }],
  ])("is left out when it is %s", async (_, changes) => {
    const [envelope] = await queued(
      [aJourneyEvent(REVIEW), aJourneyEvent({ ...REVIEW, ...changes })],
      [],
    );

    expect(envelope).not.toHaveProperty("lookAlikes");
    expect(envelope).not.toHaveProperty("siblings");
  });

  test("is there while one webhook could be of either: 2 s from both", async () => {
    const far = aJourneyEvent({ ...REVIEW, at: AT + 4_000 });

    const [envelope] = await queued([aJourneyEvent(REVIEW), far], []);

    expect(envelope?.lookAlikes).toHaveLength(1);
  });

  test("is the nearest 16 of many, and takes few bytes of the message", async () => {
    const many = Array.from({ length: 60 }, (_, index) =>
      aJourneyEvent({
        ...REVIEW,
        at: AT + index * 60,
        entityApplicationToken: `EA-${"x".repeat(20)}${index}`,
        entityToken: `P-${"x".repeat(20)}${index}`,
        node: { id: "1632850500102", type: null },
        eventToken: String(22_752_065 + index),
      }),
    );

    const envelopes = await queued(many, []);

    const { lookAlikes = [] } = envelopes[30] ?? {};
    const around = many.filter((_, index) => index >= 22 && index <= 38 && index !== 30);
    expect(lookAlikes.map(({ eventId }) => eventId).toSorted()).toEqual(
      around.map(({ eventId }) => eventId).toSorted(),
    );
    expect(lookAlikes.slice(0, 2).map(({ at }) => at)).toEqual([AT + 29 * 60, AT + 31 * 60]);
    const sizes = envelopes.map((envelope) => encodeEnvelope(envelope).length);
    expect(Math.max(...sizes)).toBeLessThan(8_000);
  });
});

test("an envelope of the version before, which names ids alone, is still read", () => {
  const message = { ...aPollEnvelope("{}"), siblings: ["a", "b"] };

  expect(decodeEnvelope(JSON.stringify(message))).toEqual({ envelope: message });
});

import { describe, expect, test } from "vitest";

import { encodeEnvelope, readBody } from "../../../lambdas/domain/event/envelope.ts";
import type { Envelope } from "../../../lambdas/domain/event/envelope.ts";
import type { JourneyEvent } from "../../../lambdas/domain/event/journey-event.ts";
import type { Refusal } from "../../../lambdas/domain/refusal.ts";
import { POLLER, QUEUE } from "../../../lambdas/settings/limits.ts";
import { METRICS } from "../../../lambdas/settings/metrics.ts";
import { aJourneyEvent } from "../../support/journey-event.ts";
import { aPollerOf, MINUTE, START, withRecorded } from "../../support/poller.ts";

const started = aJourneyEvent({ type: "started_application", at: START - 20 * MINUTE });
const review = aJourneyEvent({ type: "pending_review", at: START - 18 * MINUTE });
/** An event that no message can hold. */
const huge = aJourneyEvent({
  type: "completed_application",
  at: START - 16 * MINUTE,
  outcome: "x".repeat(1_100_000),
});

const waiting = { status: "waiting_review" };

function over(atAlloy: readonly JourneyEvent[], options: Parameters<typeof aPollerOf>[2] = {}) {
  const poller = aPollerOf(withRecorded([started]), atAlloy, { says: waiting, ...options });
  return {
    ...poller,
    async bodyOf(envelope: Envelope | undefined) {
      if (envelope === undefined) return "";
      return new TextDecoder().decode(await readBody(envelope, (key) => poller.payloads.read(key)));
    },
    /** So many checks, each when it is due. @returns how long each of the next ones waited, in minutes. */
    async waits(checks: number) {
      const waits: number[] = [];
      for (let check = 0; check < checks; check += 1) {
        await poller.run();
        const waitMs = (poller.nextCheckAt() ?? 0) - poller.now();
        waits.push(waitMs / MINUTE);
        poller.advance(waitMs);
      }
      return waits;
    },
  };
}

describe("an event of Alloy's list that no message can hold", () => {
  test("is healed through the payload bucket, its neighbours beside it", async () => {
    const poller = over([started, review, huge]);

    const report = await poller.run();

    expect(report).toMatchObject({ checked: 1, failed: 0 });
    expect(poller.sent).toHaveLength(2);
    const [small, large] = poller.sent;
    expect(small).toMatchObject({ payloadKey: null });
    expect(large?.body).toBeNull();
    expect(large?.payloadKey).toMatch(/^polls\/2025-10-09\/poll-.*\/JA-1\/1$/);
    expect(JSON.parse(await poller.bodyOf(large))).toMatchObject({
      data: { outcome: huge.outcome },
    });
    expect(poller.stored().gap).toMatchObject({ stage: "not-delivered", eventCount: 2 });
  });

  test("is small in the queue, as every message of the poller's leaves room for a reason", async () => {
    const poller = over([started, huge]);

    await poller.run();

    for (const envelope of poller.sent) {
      const bytes = Buffer.byteLength(encodeEnvelope(envelope));
      expect(bytes).toBeLessThanOrEqual(QUEUE.maxMessageBytes - QUEUE.reasonRoomBytes);
    }
  });

  test("does not stand in the bucket when its escapes alone make it fit no more, and is healed all the same", async () => {
    // A third of the limit as characters, twice the limit as escapes.
    const escaped = { ...huge, outcome: "\u007f".repeat(350_000) };
    const poller = over([started, escaped]);

    await poller.run();

    const [large] = poller.sent;
    expect(large?.payloadKey).not.toBeNull();
    expect(JSON.parse(await poller.bodyOf(large))).toMatchObject({
      data: { outcome: escaped.outcome },
    });
  });
});

describe("what cannot be queued", () => {
  const refuse = (envelope: Envelope): Refusal | null =>
    envelope.body?.includes("pending_review") === true
      ? { kind: "permanent", reason: "InvalidMessageContents" }
      : null;

  test("holds nothing else: the rest is queued, the gap is told, and the check ends", async () => {
    const poller = over([started, review, huge], { refuse });

    const report = await poller.run();

    expect(report).toMatchObject({ checked: 1, failed: 0 });
    expect(poller.sent).toHaveLength(1);
    expect(poller.notices).toMatchObject([{ change: "opened", eventCount: 2 }]);
    expect(poller.stored().gap).toMatchObject({ eventCount: 2 });
    expect(poller.logs).toContainEqual({
      code: "poller.envelope.refused",
      fields: expect.objectContaining({
        applicationToken: "JA-1",
        kind: "permanent",
        reason: "InvalidMessageContents",
      }),
    });
    expect(poller.metric(METRICS.envelopesRefused)).toBe(1);
  });

  test("is tried again later and later, and not every five minutes", async () => {
    const poller = over([started, review], { refuse });

    const waits = await poller.waits(8);

    expect(waits.toSorted((one, other) => one - other)).toEqual(waits);
    expect(waits.at(-1)).toBe(POLLER.longestGapCheckMs / MINUTE);
  });

  test("is tried again later and later when it is a correction, of which there is no gap", async () => {
    const updated_at = START - 10 * MINUTE;
    const poller = over([started], {
      says: { status: "completed", complete_outcome: "Approved", updated_at },
      refuse: () => ({ kind: "transient", reason: "InternalError" }),
    });

    expect(await poller.waits(4)).toEqual([5, 10, 20, 30]);
    expect(poller.stored().gap).toBeNull();
  });
});

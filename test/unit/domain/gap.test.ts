import { describe, expect, test } from "vitest";

import { findFailures } from "../../../lambdas/domain/reconciliation/failure-finder.ts";
import { stateOfSubmission } from "../../../lambdas/domain/application/observation.ts";
import type {
  AnsweredMinute,
  DeliveryRecord,
} from "../../../lambdas/domain/reconciliation/delivery.ts";
import {
  diagnoseLate,
  diagnoseMissing,
  gapOf,
  submissionGapOf,
} from "../../../lambdas/domain/reconciliation/gap.ts";
import type { Gap } from "../../../lambdas/domain/reconciliation/gap.ts";
import type { RecordedFailure } from "../../../lambdas/domain/reconciliation/reconciliation.ts";
import type { GapStage } from "../../../lambdas/settings/metrics.ts";
import { aJourneyEvent } from "../../support/journey-event.ts";
import { failureOf, recordOf } from "../../support/poller.ts";
import { aSubmission } from "../../support/snapshots.ts";

const MINUTE = 60_000;
/** The beginning of a minute. */
const AT = 1_760_000_040_000;
const NOW = AT + 20 * MINUTE;

const event = { eventId: "e".repeat(32), type: "pending_review", at: AT };
const settings = { graceMs: 2 * MINUTE, thresholdMs: 15 * MINUTE, staleAfterMs: 1e10 };

const healthy: DeliveryRecord = { minutes: [], oldestQueuedAt: null, queued: 0 };

const NOTHING = { accepted: 0, credentials: 0, addresses: 0, faults: 0, alloyRefused: 0 };
const answered = (at: number, counts: Partial<AnsweredMinute>): DeliveryRecord => ({
  ...healthy,
  minutes: [{ at, ...NOTHING, ...counts }],
});

const aFailure = (changes: Partial<RecordedFailure> = {}) =>
  failureOf(event, { failedAt: NOW - MINUTE, deadLettered: false, ...changes });

function stageOf(delivery: DeliveryRecord | null, failures: readonly RecordedFailure[]): GapStage {
  const match = { event: aJourneyEvent(event), record: null };
  const failure = findFailures([match], { events: [], failures }).get(match) ?? null;
  return diagnoseMissing(event, failure, delivery, NOW).event.stage;
}

const refusedAt = (at: number) => answered(at, { credentials: 1 });
const queuedSince = (oldestQueuedAt: number) => ({ ...healthy, queued: 1, oldestQueuedAt });
const another = (failedAt: number) => aFailure({ eventId: "other", failedAt, deadLettered: true });

describe("a missing event", () => {
  test.each<[string, GapStage, DeliveryRecord | null, ...RecordedFailure[]]>([
    ["nothing shows anything", "not-delivered", healthy],
    ["nothing is known", "not-delivered", null],
    ["we refused webhooks at its first attempts", "rejected", refusedAt(AT)],
    ["we failed at its first attempts", "rejected", answered(AT, { faults: 3 })],
    ["we refused webhooks at its third attempt", "rejected", refusedAt(AT + MINUTE)],
    ["we failed at its third attempt", "rejected", answered(AT + MINUTE, { faults: 3 })],
    ["we refused webhooks at its fourth attempt", "rejected", refusedAt(AT + 10 * MINUTE)],
    ["we failed at its fourth attempt", "rejected", answered(AT + 10 * MINUTE, { faults: 3 })],
    ["we refused webhooks before it happened", "not-delivered", refusedAt(AT - MINUTE)],
    ["we refused webhooks between its attempts", "not-delivered", refusedAt(AT + 5 * MINUTE)],
    ["the queue is older", "in-flight", queuedSince(AT - MINUTE)],
    ["the queue is hardly younger", "in-flight", queuedSince(AT + 500)],
    ["all that is in the queue came later", "not-delivered", queuedSince(NOW - 5_000)],
    [
      "none of its attempts got as far as the queue",
      "rejected",
      { ...refusedAt(AT), queued: 1, oldestQueuedAt: AT - MINUTE },
    ],
    ["its failure is retried", "failed-processing", healthy, aFailure()],
    ["it is dead-lettered", "dead-lettered", healthy, aFailure({ deadLettered: true })],
    [
      "its failure is retried no more",
      "dead-lettered",
      healthy,
      aFailure({ failedAt: NOW - 36 * MINUTE }),
    ],
    [
      "one of its type failed that the webhook named a little differently",
      "failed-processing",
      healthy,
      aFailure({ eventId: "other" }),
    ],
    [
      "one of another type failed",
      "not-delivered",
      healthy,
      aFailure({ eventId: "other", eventType: "error" }),
    ],
    [
      "the list dates it a little later than it failed",
      "dead-lettered",
      healthy,
      another(AT - 500),
    ],
    ["one of its type failed before it", "not-delivered", healthy, another(AT - MINUTE)],
  ])("when %s is %s", (_, stage, delivery, ...failures) => {
    expect(stageOf(delivery, failures)).toBe(stage);
  });

  test("says what shows where it stopped", () => {
    const delivery = answered(AT, { credentials: 2, faults: 1 });
    const { evidence } = diagnoseMissing(event, null, delivery, NOW);

    expect(evidence).toBe("we refused webhooks when Alloy tried to deliver it: 2 as 401, 1 as 5xx");
  });

  test("is named in a gap, and nothing else of it is kept there: its outcome and ids are no metadata", () => {
    const whole = aJourneyEvent({ ...event, outcome: "Denied" });
    const missing = diagnoseMissing(whole, null, healthy, NOW);
    const failed = diagnoseMissing(whole, aFailure(), healthy, NOW);

    for (const { event: named } of [missing, failed]) {
      expect(Object.keys(named).toSorted()).toEqual(["at", "eventId", "stage", "type"]);
    }
  });
});

describe("a gap", () => {
  const diagnosis = (stage: GapStage, at: number) => ({
    event: { ...event, at, stage },
    evidence: `because of ${stage}`,
  });
  const application = { applicationToken: "JA-1", before: null };

  test("is none when nothing is missing", () => {
    expect(gapOf([], application, NOW)).toBeNull();
  });

  test("stands at the stage that wants a person most, since its oldest event", () => {
    const missing = [diagnosis("not-delivered", AT), diagnosis("dead-lettered", AT + MINUTE)];

    const gap = gapOf(missing, application, NOW);

    expect(gap).toMatchObject({
      stage: "dead-lettered",
      since: AT,
      detectedAt: NOW,
      eventCount: 2,
      evidence: "because of dead-lettered",
    });
  });

  test("stays the same gap while it lasts", () => {
    const before = gapOf([diagnosis("in-flight", AT)], application, NOW);
    const later = [diagnosis("rejected", AT + MINUTE)];

    const gap = gapOf(later, { ...application, before }, NOW + MINUTE);

    expect(gap).toMatchObject({ gapId: before?.gapId, since: AT, detectedAt: NOW });
  });

  test("has the same id when the check that found it was cut off and is done again", () => {
    const ids = [NOW, NOW + MINUTE].map(
      (now) => gapOf([diagnosis("rejected", AT)], application, now)?.gapId,
    );

    expect(new Set(ids).size).toBe(1);
  });

  test("keeps 50 events and counts all", () => {
    const missing = Array.from({ length: 80 }, (_, index) => diagnosis("rejected", AT + index));

    const gap: Gap | null = gapOf(missing, application, NOW);

    expect(gap?.events).toHaveLength(50);
    expect(gap?.eventCount).toBe(80);
  });
});

const state = stateOfSubmission(aSubmission({ submittedAt: AT }));
const refused = answered(AT, { addresses: 1 });

test.each([
  ["is a gap when no webhook has come within the grace", null, healthy, 3, "not-delivered"],
  ["says when it was refused", null, refused, 20, "rejected"],
  ["is none within the grace", null, healthy, 1, undefined],
  ["is none once a webhook has come", AT, healthy, 20, undefined],
])("a submission: %s", (_, lastEventAt, delivery, minutes, stage) => {
  const now = AT + minutes * MINUTE;

  const gap = submissionGapOf({ ...state, lastEventAt }, settings, delivery, now);

  expect(gap && [gap.stage, gap.since, gap.eventCount]).toEqual(stage ? [stage, AT, 0] : null);
});

const receivedAt = AT + 10 * MINUTE;

test.each([
  ["after the grace is late", { receivedAt }, ["late", "its webhook came 10 min after it"]],
  ["within the grace is not late", { receivedAt: AT + MINUTE }, null],
  ["by the poller is not late", { receivedAt, origin: "poll" }, null],
] as const)("a webhook that came: %s", (_, changes, found) => {
  const diagnosis = diagnoseLate(recordOf(aJourneyEvent(event), changes), settings);

  expect(diagnosis && [diagnosis.event.stage, diagnosis.evidence]).toEqual(found);
});

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
import { failureOf } from "../../support/poller.ts";
import { aSubmission } from "../../support/snapshots.ts";

const MINUTE = 60_000;
/** The beginning of a minute. */
const AT = 1_760_000_040_000;
const NOW = AT + 20 * MINUTE;

const event = { eventId: "e".repeat(32), type: "pending_review", at: AT };
const settings = { graceMs: 2 * MINUTE, thresholdMs: 15 * MINUTE, staleAfterMs: 1e10 };

const healthy: DeliveryRecord = { minutes: [], oldestQueuedAt: null, queued: 0 };

function answered(at: number, counts: Partial<AnsweredMinute>): DeliveryRecord {
  const minute = {
    at,
    accepted: 0,
    credentials: 0,
    addresses: 0,
    faults: 0,
    alloyRefused: 0,
    ...counts,
  };
  return { ...healthy, minutes: [minute] };
}

const aFailure = (changes: Partial<RecordedFailure> = {}) =>
  failureOf(event, { failedAt: NOW - MINUTE, deadLettered: false, ...changes });

function stageOf(
  delivery: DeliveryRecord | null,
  failures: readonly RecordedFailure[] = [],
): GapStage {
  const match = { event: aJourneyEvent(event), record: null };
  const failure = findFailures([match], { events: [], failures }).get(match) ?? null;
  return diagnoseMissing(event, failure, delivery, NOW).event.stage;
}

describe("a missing event", () => {
  test("was not delivered when nothing shows anything", () => {
    expect(stageOf(healthy)).toBe("not-delivered");
    expect(stageOf(null)).toBe("not-delivered");
  });

  test.each([
    ["its first attempts", AT],
    ["its third attempt", AT + MINUTE],
    ["its fourth attempt", AT + 10 * MINUTE],
  ])("was rejected when we refused webhooks at %s", (_, at) => {
    expect(stageOf(answered(at, { credentials: 1 }))).toBe("rejected");
    expect(stageOf(answered(at, { faults: 3 }))).toBe("rejected");
  });

  test.each([
    ["before it happened", AT - MINUTE],
    ["between Alloy's attempts", AT + 5 * MINUTE],
  ])("was not rejected when we refused webhooks %s", (_, at) => {
    expect(stageOf(answered(at, { credentials: 1 }))).toBe("not-delivered");
  });

  test("is in flight when the queue is older", () => {
    expect(stageOf({ ...healthy, queued: 1, oldestQueuedAt: AT - MINUTE })).toBe("in-flight");
    expect(stageOf({ ...healthy, queued: 1, oldestQueuedAt: AT + 500 })).toBe("in-flight");
  });

  test("is not in flight when all that is in the queue came later", () => {
    const delivery = { ...healthy, queued: 5, oldestQueuedAt: NOW - 5_000 };

    expect(stageOf(delivery)).toBe("not-delivered");
  });

  test("is not in flight when none of its attempts got as far as the queue", () => {
    const refused = answered(AT, { credentials: 4 });

    expect(stageOf({ ...refused, queued: 1, oldestQueuedAt: AT - MINUTE })).toBe("rejected");
  });

  test("is in processing while its failure is retried, and dead-lettered afterwards", () => {
    expect(stageOf(healthy, [aFailure()])).toBe("failed-processing");
    expect(stageOf(healthy, [aFailure({ deadLettered: true })])).toBe("dead-lettered");
    expect(stageOf(healthy, [aFailure({ failedAt: NOW - 36 * MINUTE })])).toBe("dead-lettered");
  });

  test("is known by its type when the failed webhook named it a little differently", () => {
    expect(stageOf(healthy, [aFailure({ eventId: "other" })])).toBe("failed-processing");
    expect(stageOf(healthy, [aFailure({ eventId: "other", eventType: "error" })])).toBe(
      "not-delivered",
    );
  });

  test("is known by its type when the list dates it a little later than it failed", () => {
    const earlier = aFailure({ eventId: "other", failedAt: AT - 500, deadLettered: true });
    const before = aFailure({ eventId: "other", failedAt: AT - MINUTE, deadLettered: true });

    expect(stageOf(healthy, [earlier])).toBe("dead-lettered");
    expect(stageOf(healthy, [before])).toBe("not-delivered");
  });

  test("says what shows where it stopped", () => {
    const { evidence } = diagnoseMissing(
      event,
      null,
      answered(AT, { credentials: 2, faults: 1 }),
      NOW,
    );

    expect(evidence).toBe("we refused webhooks when Alloy tried to deliver it: 2 as 401, 1 as 5xx");
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
    const first = gapOf([diagnosis("in-flight", AT)], application, NOW);

    const second = gapOf(
      [diagnosis("rejected", AT + MINUTE)],
      { ...application, before: first },
      NOW + MINUTE,
    );

    expect(second).toMatchObject({ gapId: first?.gapId, since: AT, detectedAt: NOW });
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

describe("a submission", () => {
  const state = stateOfSubmission(aSubmission({ submittedAt: AT }));

  test("is a gap when no webhook has come within the grace", () => {
    expect(submissionGapOf(state, settings, healthy, AT + 3 * MINUTE)).toMatchObject({
      stage: "not-delivered",
      since: AT,
      eventCount: 0,
    });
  });

  test("is none within the grace, nor once a webhook has come", () => {
    expect(submissionGapOf(state, settings, healthy, AT + MINUTE)).toBeNull();
    expect(submissionGapOf({ ...state, lastEventAt: AT }, settings, healthy, NOW)).toBeNull();
  });

  test("says when it was refused", () => {
    const delivery = answered(AT, { addresses: 1 });

    expect(submissionGapOf(state, settings, delivery, NOW)?.stage).toBe("rejected");
  });
});

describe("a webhook that came", () => {
  const record = {
    ...event,
    entityApplicationToken: null,
    entityToken: null,
    nodeId: null,
    eventToken: null,
    outcome: null,
    receivedAt: AT + 10 * MINUTE,
    origin: "webhook",
    isWithheld: false,
  } as const;

  test("is late when it came after the grace", () => {
    expect(diagnoseLate(record, settings)).toMatchObject({
      event: { stage: "late" },
      evidence: "its webhook came 10 min after it",
    });
  });

  test("is not late within the grace, nor when it was the poller that brought it", () => {
    expect(diagnoseLate({ ...record, receivedAt: AT + MINUTE }, settings)).toBeNull();
    expect(diagnoseLate({ ...record, origin: "poll" }, settings)).toBeNull();
  });
});

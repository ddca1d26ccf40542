import { describe, expect, test } from "vitest";

import { findFailures } from "../../../lambdas/domain/reconciliation/failure-finder.ts";
import type { JourneyEvent } from "../../../lambdas/domain/event/journey-event.ts";
import type {
  RecordedEvent,
  RecordedFailure,
} from "../../../lambdas/domain/reconciliation/reconciliation.ts";
import { aJourneyEvent } from "../../support/journey-event.ts";
import { recordOf } from "../../support/poller.ts";

const AT = 1_760_000_000_000;
const MINUTE = 60_000;

const review = (at: number) => aJourneyEvent({ type: "pending_review", at });

function failed(eventId: string, failedAt: number): RecordedFailure {
  const rest = { reason: "the bus is down", deadLettered: true };
  return { eventId, eventType: "pending_review", failedAt, ...rest };
}

/** The ids of the failures of these events, in their order; of those that are recorded here, the record is matched. */
function failuresOf(
  events: readonly JourneyEvent[],
  failures: readonly RecordedFailure[],
  records: readonly RecordedEvent[] = [],
) {
  const matches = events.map((event) => ({
    event,
    record: records.find(({ at }) => Math.abs(at - event.at) < 10) ?? null,
  }));
  const found = findFailures(matches, { events: records, failures });
  return matches.map((match) => found.get(match)?.eventId ?? null);
}

describe("the failure of a missing event", () => {
  test("is the one under its id, whatever failed beside it", () => {
    const event = review(AT);
    const failures = [failed("another", AT + 10), failed(event.eventId, AT + MINUTE)];

    expect(failuresOf([event], failures)).toEqual([event.eventId]);
  });

  test("is the one of its type when the webhook named it differently", () => {
    expect(failuresOf([review(AT)], [failed("as the webhook named it", AT + 10)])).toEqual([
      "as the webhook named it",
    ]);
  });

  test("does not hold back another event that was lost: one failure is of one event", () => {
    const [lost, dead] = [review(AT), review(AT + 10 * MINUTE)];

    expect(failuresOf([lost, dead], [failed("dead", dead.at + 10)])).toEqual([null, "dead"]);
  });

  test("is its own when each of two failed", () => {
    const [one, other] = [review(AT), review(AT + 10 * MINUTE)];
    const failures = [failed("other", other.at + 10), failed("one", AT + 10)];

    expect(failuresOf([one, other], failures)).toEqual(["one", "other"]);
  });

  test("is not that of an event that is recorded, and is in Alloy's list", () => {
    const [lost, recorded] = [review(AT), review(AT + 10 * MINUTE)];
    const record = recordOf(review(recorded.at + 1));

    expect(
      failuresOf([lost, recorded], [failed(record.eventId, AT + 20 * MINUTE)], [record]),
    ).toEqual([null, record.eventId]);
  });

  test("is not that of an event that is recorded, and is not in Alloy's list", () => {
    const record = recordOf(review(AT + 10 * MINUTE));

    expect(failuresOf([review(AT)], [failed(record.eventId, AT + 20 * MINUTE)], [record])).toEqual([
      null,
    ]);
  });
});

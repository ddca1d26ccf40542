import { describe, expect, test } from "vitest";

import { attemptOf, failuresInARow } from "../../../lambdas/domain/reconciliation/delivery.ts";
import type { AnsweredMinute } from "../../../lambdas/domain/reconciliation/delivery.ts";
import { ALLOY_ATTEMPTS_MS } from "../../../lambdas/settings/limits.ts";
import { asJourneyEvent, fixtureOf } from "../../support/parsed-webhook.ts";

const MINUTE = 60_000;

/** A minute so many minutes after the first, in which nothing was answered unless said otherwise. */
function minute(index: number, counts: Partial<AnsweredMinute> = {}): AnsweredMinute {
  const at = 1_760_000_000_000 + index * MINUTE;
  return { at, accepted: 0, credentials: 0, addresses: 0, faults: 0, alloyRefused: 0, ...counts };
}

test.each([
  ["are none when nothing was refused", [minute(0, { accepted: 7 })], 0],
  ["are none when nothing came at all", [], 0],
  [
    "are counted whatever the reason, back to the last 200",
    [
      minute(0, { alloyRefused: 50 }),
      minute(1, { accepted: 1 }),
      minute(2, { alloyRefused: 20 }),
      minute(200, { alloyRefused: 7 }),
    ],
    27,
  ],
  [
    "include those of the minute of the last 200, whose order nobody knows",
    [minute(0, { accepted: 10, alloyRefused: 5 }), minute(1, { alloyRefused: 5 })],
    10,
  ],
  [
    "end with the first 200 after them",
    [minute(0, { alloyRefused: 99 }), minute(1, { accepted: 1 })],
    0,
  ],
  [
    "are Alloy's alone: 80 forged requests in a quiet night are none",
    [minute(0, { credentials: 80 }), minute(5, { addresses: 80, faults: 1 })],
    0,
  ],
])("failures in a row: %s", (_, minutes, failures) => {
  expect(failuresInARow({ minutes, oldestQueuedAt: null, queued: 0 })).toBe(failures);
});

describe("the attempt of a webhook", () => {
  test.each(ALLOY_ATTEMPTS_MS.map((elapsed, index) => [index + 1, elapsed]))(
    "is the %ith when it was sent %i ms after the event",
    (attempt, elapsed) => {
      expect(attemptOf(elapsed)).toBe(attempt);
      // Alloy's schedule slips at peak times.
      expect(attemptOf(elapsed * 1.1 + 90)).toBe(attempt);
    },
  );

  test.each([
    ["events/completed_application.json", 1],
    ["other/completed_application-attempt-10.json", 10],
  ])("is read off the envelope of %s", (name, attempt) => {
    const { sentAt, event } = asJourneyEvent(fixtureOf(name));

    expect(attemptOf((sentAt ?? Number.NaN) - event.at)).toBe(attempt);
  });

  test("is the tenth, however late", () => {
    expect(attemptOf(40 * 24 * 60 * MINUTE)).toBe(10);
  });
});

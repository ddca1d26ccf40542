import { readFileSync } from "node:fs";

import { describe, expect, test } from "vitest";

import { attemptOf, failuresInARow } from "../../../lambdas/domain/reconciliation/delivery.ts";
import type { AnsweredMinute } from "../../../lambdas/domain/reconciliation/delivery.ts";
import { parseWebhook } from "../../../lambdas/domain/event/parse-webhook.ts";
import { ALLOY_ATTEMPTS_MS } from "../../../lambdas/settings/limits.ts";

const MINUTE = 60_000;

/** A minute so many minutes after the first, in which nothing was answered unless said otherwise. */
function minute(index: number, counts: Partial<AnsweredMinute> = {}): AnsweredMinute {
  const at = 1_760_000_000_000 + index * MINUTE;
  return { at, accepted: 0, credentials: 0, addresses: 0, faults: 0, alloyRefused: 0, ...counts };
}

const inARow = (...minutes: AnsweredMinute[]) =>
  failuresInARow({ minutes, oldestQueuedAt: null, queued: 0 });

describe("failures in a row", () => {
  test("are none when nothing was refused, or nothing came at all", () => {
    expect(inARow(minute(0, { accepted: 7 }))).toBe(0);
    expect(inARow()).toBe(0);
  });

  test("are counted whatever the reason, back to the last 200", () => {
    const failures = inARow(
      minute(0, { alloyRefused: 50 }),
      minute(1, { accepted: 1 }),
      minute(2, { alloyRefused: 20 }),
      minute(200, { alloyRefused: 7 }),
    );

    expect(failures).toBe(27);
  });

  test("include those of the minute of the last 200, whose order nobody knows", () => {
    expect(
      inARow(minute(0, { accepted: 10, alloyRefused: 5 }), minute(1, { alloyRefused: 5 })),
    ).toBe(10);
  });

  test("end with the first 200 after them", () => {
    expect(inARow(minute(0, { alloyRefused: 99 }), minute(1, { accepted: 1 }))).toBe(0);
  });

  test("are Alloy's alone: 80 forged requests in a quiet night are none", () => {
    expect(inARow(minute(0, { credentials: 80 }), minute(5, { addresses: 80, faults: 1 }))).toBe(0);
  });
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
    const body = readFileSync(new URL(`../../fixtures/${name}`, import.meta.url), "utf8");

    const parsed = parseWebhook(body);

    const after =
      parsed.kind === "journey-event"
        ? (parsed.sentAt ?? Number.NaN) - parsed.event.at
        : Number.NaN;
    expect(attemptOf(after)).toBe(attempt);
  });

  test("is the tenth, however late", () => {
    expect(attemptOf(40 * 24 * 60 * MINUTE)).toBe(10);
  });
});

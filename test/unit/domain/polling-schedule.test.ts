import { assert, double, integer, property } from "fast-check";
import { describe, expect, test } from "vitest";

import { mergeState } from "../../../lambdas/domain/application/application-state.ts";
import { stateOfEvent } from "../../../lambdas/domain/application/observation.ts";
import { NEVER_CHECKED } from "../../../lambdas/domain/polling/polling-ports.ts";
import {
  checkAfterAgreement,
  checkAfterFailure,
  checkAfterGap,
  nextCheckAt,
  rescheduledTo,
} from "../../../lambdas/domain/polling/polling-schedule.ts";
import { aJourneyEvent } from "../../support/journey-event.ts";
import { SECOND, MINUTE, HOUR, DAY } from "../../../tools/cloud-in-memory/clock.ts";

const START = 1_760_000_000_000;

const settings = {
  rateMs: 5 * MINUTE,
  firstCheckMs: 10 * MINUTE,
  secondCheckMs: 15 * MINUTE,
  growth: 2,
  capMs: DAY,
  finalCheckMs: 25 * HOUR,
  rerunCheckMs: null,
  requestsPerSecond: 5,
  callsPerRun: 200,
  runMs: 45 * SECOND,
};

const memory = NEVER_CHECKED;

const at = (now: number, random = 0) => ({ settings, now, random });
const open = stateOfEvent(aJourneyEvent({ type: "started_application", at: START }));
const approved = mergeState(
  open,
  stateOfEvent(aJourneyEvent({ type: "completed_application", at: START, outcome: "Approved" })),
);

describe("an open application", () => {
  test("is checked less and less often, and then daily", () => {
    const waits: number[] = [];
    let now = START;
    for (let checks = 0; checks < 11; checks += 1) {
      const next = nextCheckAt(START, at(now));
      waits.push((next - now) / MINUTE);
      now = next;
    }

    expect(waits).toEqual([10, 15, 30, 60, 120, 240, 480, 960, 1_440, 1_440, 1_440]);
  });

  test("is checked in the run that is nearest to the time", () => {
    const first = START + 10 * MINUTE;
    const later = mergeState(open, approved);

    for (const early of [0, 1 * MINUTE, 2.5 * MINUTE]) {
      expect(rescheduledTo(open, memory, START, at(first - early))).toBeNull();
      expect(nextCheckAt(START, at(first - early))).toBe(START + 25 * MINUTE);
      expect(checkAfterAgreement(later, at(first - early))).toBe(START + 25 * HOUR);
    }
    const before = first - 2.5 * MINUTE - 1;
    expect(rescheduledTo(open, memory, START, at(before))).toBe(first);
    expect(checkAfterAgreement(later, at(before))).toBe(first);
  });

  test("is still checked after years, within a day", () => {
    const now = START + 1_000 * DAY;

    expect(nextCheckAt(START, at(now)) - now).toBeLessThanOrEqual(DAY);
  });

  test("is never checked in the past, nor later than the longest wait and its jitter", () => {
    const ages = integer({ min: 0, max: 400 * DAY });
    const jitters = double({ min: 0, max: 1, noNaN: true });
    // A run that comes half a rate too early is the nearest one to a check, and the next check is a day after that time.
    const longest = Math.ceil(1.1 * (DAY + settings.rateMs / 2));
    const law = property(ages, jitters, (age, random) => {
      const wait = nextCheckAt(START, at(START + age, random)) - (START + age);
      expect(wait).toBeGreaterThan(0);
      expect(wait).toBeLessThanOrEqual(longest);
    });

    assert(law, {
      examples: [
        [32_428_350_000, 0.9809359329726087],
        [32_428_350_000, 1],
      ],
    });
  });

  test("is checked as ever when Alloy dates its last event in the future", () => {
    const dated = stateOfEvent(aJourneyEvent({ at: START + 1_000 * DAY }));
    const now = START + HOUR;

    expect(nextCheckAt(START + 1_000 * DAY, at(now))).toBe(now + 10 * MINUTE);
    expect(checkAfterAgreement(dated, at(now))).toBe(now + 10 * MINUTE);
    expect(rescheduledTo(dated, memory, now, at(now))).toBe(now + 10 * MINUTE);
    expect(rescheduledTo(dated, { ...memory, reschedules: 6 }, now, at(now))).toBeNull();
  });

  test("is not checked at the same moment as all that were submitted with it", () => {
    const times = [0, 0.5, 0.99].map((random) => nextCheckAt(START, at(START, random)));

    expect(new Set(times).size).toBe(3);
  });
});

const moved = stateOfEvent(aJourneyEvent({ at: START + 9 * MINUTE }));
const ended = stateOfEvent(aJourneyEvent({ type: "completed_application", at: START }));
const asked = { requestedAt: START + 1 };

test.each([
  ["put off while webhooks are coming in", moved, {}, 10 * MINUTE, 19 * MINUTE],
  ["not put off when nothing has happened for the shortest wait", open, {}, 10 * MINUTE, null],
  ["not put off for ever", open, { reschedules: 6 }, MINUTE, null],
  ["not put off when a person has asked for it", open, asked, MINUTE, null],
  [
    "put off when a check has answered who asked for it",
    open,
    { ...asked, checkedAt: START + 2 },
    MINUTE,
    10 * MINUTE,
  ],
  ["not put off when an end without an outcome is to be confirmed", ended, {}, 1, null],
  ["put off when that was confirmed", ended, { checkedAt: START + 1 }, 2, 10 * MINUTE],
])("a due check is %s", (_, state, changes, after, until) => {
  const putOffTo = rescheduledTo(state, { ...memory, ...changes }, START, at(START + after));

  expect(putOffTo && putOffTo - START).toBe(until);
});

describe("after a check that found nothing amiss", () => {
  test.each([
    ["a final application is checked once more when retries are over", 10 * MINUTE, 25 * HOUR],
    ["a final application is settled by that last check", 25 * HOUR, null],
    ["an end that was checked at once is checked again at the usual time", SECOND, 10 * MINUTE],
  ])("%s", (_, after, next) => {
    const checkedAt = checkAfterAgreement(approved, at(START + after));

    expect(checkedAt && checkedAt - START).toBe(next);
  });

  test("an open application is never settled", () => {
    expect(checkAfterAgreement(open, at(START + 1_000 * DAY))).not.toBeNull();
  });
});

describe("after a check that did not go well", () => {
  test("what is missing is looked for soon, then as long after as it has been missing", () => {
    const wait = (age: number) => checkAfterGap(START, 2 * MINUTE, 30 * MINUTE, START + age) - age;

    expect(wait(MINUTE) - START).toBe(2 * MINUTE);
    expect(wait(10 * MINUTE) - START).toBe(10 * MINUTE);
    expect(wait(3 * DAY) - START).toBe(30 * MINUTE);
  });

  test("an application that Alloy does not answer for waits twice as long each time", () => {
    const waits = [1, 2, 3, 20].map((failed) => checkAfterFailure(failed, at(START)) - START);

    expect(waits.map((wait) => wait / MINUTE)).toEqual([5, 10, 20, 60]);
  });
});

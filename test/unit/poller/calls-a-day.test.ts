import { describe, expect, test } from "vitest";

import type { AlloyAnswer } from "../../../lambdas/domain/polling/polling-ports.ts";
import { afterCall, mayBeCheckedAt } from "../../../lambdas/domain/polling/asking-share.ts";
import { POLLER } from "../../../lambdas/settings/limits.ts";
import { METRICS } from "../../../lambdas/settings/metrics.ts";
import { aJourneyEvent } from "../../support/journey-event.ts";
import {
  aPoller,
  aPollerOf,
  DAY,
  HOUR,
  MINUTE,
  START,
  withRecorded,
} from "../../support/poller.ts";
import { alloyAnswer } from "../../../tools/cloud-in-memory/builders.ts";
import { POLLER_SETTINGS } from "../../../tools/cloud-in-memory/runtime.ts";
import type { StoredApplication } from "../../support/poller.ts";

const DAYS = 4;
const { rateMs } = POLLER_SETTINGS.polling;

const started = aJourneyEvent({ type: "started_application", at: START - 20 * MINUTE });
const lost = aJourneyEvent({ type: "pending_review", at: START - 18 * MINUTE });
const failed: AlloyAnswer = { kind: "failed", cause: "server-error", retryAfterMs: null };
const unknown: AlloyAnswer = { kind: "unknown", status: 404, minorCode: 4041 };

interface World {
  readonly now: number;
  readonly call: number;
}

interface State {
  readonly name: string;
  readonly answer: (world: World) => AlloyAnswer;
  readonly isQueueOut?: () => boolean;
  readonly isBusOut?: () => boolean;
}

/** An answer in which something happened every so many minutes of which no webhook came. */
const busy = (everyMs: number, now: number) => {
  const events = Array.from({ length: 40 }, (_, index) => {
    const at = now - ((now - START) % everyMs) - index * everyMs;
    return aJourneyEvent({ type: "pending_review", at });
  });
  return alloyAnswer("JA-1", [started, ...events], { updated_at: now });
};

/** States that no check ends. */
const STATES: readonly State[] = [
  { name: "a gap", answer: () => alloyAnswer("JA-1", [started, lost]) },
  {
    name: "a gap that the queue does not take",
    answer: () => alloyAnswer("JA-1", [started, lost]),
    isQueueOut: () => true,
  },
  {
    name: "a gap that the bus does not take",
    answer: () => alloyAnswer("JA-1", [started, lost]),
    isBusOut: () => true,
  },
  {
    name: "a correction that does not help",
    answer: () => alloyAnswer("JA-1", [started], { status: "waiting_review" }),
  },
  {
    name: "a correction that says something else each time",
    answer: ({ call }) =>
      alloyAnswer("JA-1", [started], {
        status: call % 2 === 0 ? "waiting_review" : "pending_documents",
        updated_at: START + call,
      }),
  },
  { name: "an unknown application", answer: () => unknown },
  { name: "500", answer: () => failed },
  { name: "401", answer: () => ({ kind: "unauthorized" }) },
  { name: "429", answer: () => ({ kind: "rate-limited", retryAfterMs: 1_000 }) },
  { name: "garbage", answer: () => ({ ...failed, cause: "not-an-application" }) },
  { name: "a page", answer: () => ({ ...failed, cause: "refused" }) },
  {
    name: "an answer that breaks our code",
    answer: () => {
      throw new Error("a bug");
    },
  },
  { name: "something in flight at each check", answer: ({ now }) => busy(MINUTE, now) },
  { name: "something lost every seven minutes", answer: ({ now }) => busy(7 * MINUTE, now) },
  {
    name: "a gap and a failure by turns",
    answer: ({ call }) => (call % 4 === 0 ? alloyAnswer("JA-1", [started, lost]) : failed),
  },
  {
    name: "an unknown one and a gap by turns",
    answer: ({ call }) => (call % 2 === 0 ? unknown : alloyAnswer("JA-1", [started, lost])),
  },
  {
    name: "events that cannot be read",
    answer: () => {
      const answer = alloyAnswer("JA-1", [started]);
      if (answer.kind !== "application") throw new Error("no application");
      return { ...answer, application: { ...answer.application, unreadableEvents: 40 } };
    },
  },
  {
    name: "a status that nobody knows",
    answer: () => alloyAnswer("JA-1", [started], { status: "withdrawn" }),
  },
  {
    name: "another environment's application",
    answer: () => alloyAnswer("JA-1", [started], { sandbox: false }),
  },
];

/** Most calls in any day, of all days that begin with a call. */
function mostInADay(calls: readonly number[]): number {
  return Math.max(
    ...calls.map((from) => calls.filter((at) => at >= from && at < from + DAY).length),
  );
}

describe(`an application is asked for at most ${POLLER.callsPerApplicationPerDay} times a day`, () => {
  test.each(STATES)("in $name, and not forgotten", async ({ answer, ...outages }) => {
    const other = aJourneyEvent({ applicationToken: "JA-2", at: START - 20 * MINUTE });
    const applications = new Map<string, StoredApplication>([
      ["JA-1", withRecorded([started])],
      ["JA-2", withRecorded([other])],
    ]);
    let call = 0;
    const poller = aPoller(applications, {
      ...outages,
      answer(token) {
        if (token !== "JA-1") return alloyAnswer(token, [other]);
        call += 1;
        return answer({ now: poller.now(), call });
      },
    });

    await poller.runs((DAYS * DAY) / rateMs);

    const calls = poller.calls
      .filter(({ applicationToken }) => applicationToken === "JA-1")
      .map(({ at }) => at);
    expect(mostInADay(calls)).toBeLessThanOrEqual(POLLER.callsPerApplicationPerDay);
    expect(calls.filter((at) => at >= START + (DAYS - 1) * DAY).length).toBeGreaterThan(0);
    expect(applications.get("JA-1")?.dueAt).not.toBeNull();
  });

  test("and yet is healed when the queue takes the missing event again", async () => {
    let isQueueOut = true;
    const poller = aPollerOf(withRecorded([started]), [started, lost], {
      isQueueOut: () => isQueueOut,
    });
    await poller.runs(DAY / rateMs);
    const gaps = poller.metric(METRICS.deliveryGaps);
    isQueueOut = false;

    poller.advance(rateMs);
    await poller.runs(HOUR / rateMs);

    expect(gaps).toBeGreaterThan(0);
    expect(poller.sent.length).toBeGreaterThan(0);
  });

  test("its own ones and those as a witness", () => {
    const asWitness = DAY / POLLER.witnessMs;

    expect(POLLER.callsPerApplicationPerDay).toBe(POLLER.ownCallsPerDay + asWitness);
  });

  test("whatever the times of the calls are", () => {
    const { polling } = POLLER_SETTINGS;
    let usedTo: number | null = null;
    const calls: number[] = [];
    // As often as it is let, for a week.
    for (let now = START; now < START + 7 * DAY; now += MINUTE) {
      if (mayBeCheckedAt(usedTo, polling) > now) continue;
      usedTo = afterCall(usedTo, now, polling);
      calls.push(now);
    }

    expect(mostInADay(calls)).toBeLessThanOrEqual(POLLER.ownCallsPerDay);
    expect(calls.filter((at) => at < START + MINUTE * 30)).toHaveLength(POLLER.ownCallsAtOnce);
    expect(calls.length).toBeGreaterThan(7 * 48);
  });
});

import { describe, expect, test } from "vitest";

import { mergeState } from "../../../lambdas/domain/application-state.ts";
import { stateOfEvent } from "../../../lambdas/domain/observation.ts";
import { parseWebhook } from "../../../lambdas/domain/journey-event.ts";
import type { JourneyEvent } from "../../../lambdas/domain/journey-event.ts";
import { METRICS } from "../../../lambdas/settings.ts";
import { aJourneyEvent } from "../../support/journey-event.ts";
import {
  aPoller,
  alloyAnswer,
  NEW_MEMORY,
  POLLER_SETTINGS,
  recordOf,
  START,
} from "../../support/poller.ts";
import type { StoredApplication } from "../../support/poller.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const started = aJourneyEvent({ type: "started_application", at: START - 20 * MINUTE });
const review = aJourneyEvent({ type: "pending_review", at: START - 18 * MINUTE });
const completed = aJourneyEvent({
  type: "completed_application",
  at: START - 16 * MINUTE,
  outcome: "Approved",
});

/** An application of which these events are recorded, and applied; due now. */
function withRecorded(
  events: readonly JourneyEvent[],
  changes: Partial<StoredApplication> = {},
): StoredApplication {
  return {
    state: events.map((event) => stateOfEvent(event)).reduce(mergeState),
    memory: NEW_MEMORY,
    dueAt: START,
    events: events.map((event) => recordOf(event)),
    failures: [],
    ...changes,
  };
}

function one(stored: StoredApplication): Map<string, StoredApplication> {
  return new Map([["JA-1", stored]]);
}

describe("the poller", () => {
  test("queues exactly what Alloy has and we have not", async () => {
    const applications = one(withRecorded([started]));
    const poller = aPoller(applications, {
      answer: (token) => alloyAnswer(token, [started, review, completed]),
    });

    await poller.run();

    const queued = poller.sent.map(({ body }) => parseWebhook(body ?? ""));
    expect(queued).toMatchObject([
      { kind: "journey-event", event: { eventId: review.eventId, environment: "sandbox" } },
      { kind: "journey-event", event: { eventId: completed.eventId, outcome: "Approved" } },
    ]);
    expect(poller.sent.every(({ kind }) => kind === "poll")).toBe(true);
    expect(poller.metric(METRICS.eventsMissing)).toBe(2);
    expect(poller.metric(METRICS.deliveryGaps)).toBe(1);
  });

  test("queues nothing that configuration asks to drop", async () => {
    const visited = aJourneyEvent({ type: "visited_node", at: START - 19 * MINUTE });
    const poller = aPoller(one(withRecorded([started])), {
      answer: (token) => alloyAnswer(token, [started, visited]),
    });

    await poller.run();

    expect(poller.sent).toEqual([]);
    expect(poller.metric(METRICS.eventsMissing)).toBe(0);
  });

  test("leaves alone what may still be in flight, and looks again when it no longer may", async () => {
    const fresh = aJourneyEvent({ type: "pending_review", at: START - 1 * MINUTE });
    const applications = one(withRecorded([started]));
    const poller = aPoller(applications, {
      answer: (token) => alloyAnswer(token, [started, fresh]),
    });

    await poller.run();

    expect(poller.sent).toEqual([]);
    expect(applications.get("JA-1")?.dueAt).toBe(fresh.at + POLLER_SETTINGS.gaps.graceMs);
  });

  test("puts a check off while webhooks are coming in, without a call", async () => {
    const fresh = aJourneyEvent({ type: "pending_review", at: START - 1 * MINUTE });
    const applications = one(withRecorded([started, fresh]));
    const poller = aPoller(applications, { answer: (token) => alloyAnswer(token, []) });

    await poller.run();

    expect(poller.calls).toEqual([]);
    expect(applications.get("JA-1")).toMatchObject({
      dueAt: START + 9 * MINUTE,
      memory: { pushes: 1 },
    });
  });

  test("settles a final application by its last check", async () => {
    const applications = one(withRecorded([started, completed]));
    const poller = aPoller(applications, {
      answer: (token) => alloyAnswer(token, [started, completed], { status: "completed" }),
    });

    await poller.run();
    const { dueAt } = applications.get("JA-1") ?? {};
    poller.advance(25 * HOUR);
    await poller.run();

    expect(dueAt).toBe(completed.at + 25 * HOUR);
    expect(applications.get("JA-1")?.dueAt).toBeNull();
    expect(poller.sent).toEqual([]);
  });

  test("counts a run that found nothing to do, and every metric of an alarm with it", async () => {
    const poller = aPoller(new Map(), { answer: (token) => alloyAnswer(token, []) });

    await poller.run();

    expect(poller.metric(METRICS.pollerRuns)).toBe(1);
    expect(poller.metric(METRICS.deliveryGaps)).toBe(0);
    expect(poller.metric(METRICS.transitionsSeen)).toBe(0);
    expect(poller.metric(METRICS.applicationsBehind)).toBe(0);
    expect(poller.flushes()).toBe(1);
  });

  test("counts as unheard what no webhook has told of, once", async () => {
    const applications = one(
      withRecorded([started, review], {
        events: [recordOf(started), recordOf(review, { origin: "poll" })],
      }),
    );
    const poller = aPoller(applications, {
      answer: (token) => alloyAnswer(token, [started, review]),
    });

    await poller.run();
    poller.advance(24 * HOUR);
    await poller.run();

    expect(poller.calls).toHaveLength(2);
    expect(poller.metric(METRICS.transitionsSeen)).toBe(1);
  });

  test("goes on with the others when one application cannot be checked", async () => {
    const applications = new Map(
      ["JA-1", "JA-2", "JA-3"].map((token, index) => {
        const event = aJourneyEvent({ applicationToken: token, at: START - 20 * MINUTE });
        return [token, withRecorded([event], { dueAt: START - 3 + index })];
      }),
    );
    const poller = aPoller(applications, {
      answer(token) {
        if (token === "JA-1") throw new Error("a bug");
        return alloyAnswer(token, []);
      },
    });

    const report = await poller.run();

    expect(report).toMatchObject({ due: 3, checked: 2, failed: 1 });
    expect(poller.metric(METRICS.pollerRuns)).toBe(1);
  });
});

describe("when Alloy is not well", () => {
  /** So many open applications, all due, the first the longest. */
  function many(count: number): Map<string, StoredApplication> {
    return new Map(
      Array.from({ length: count }, (_, index) => {
        const applicationToken = `JA-${String(index).padStart(4, "0")}`;
        const event = aJourneyEvent({ applicationToken, at: START - 20 * MINUTE });
        return [applicationToken, withRecorded([event], { dueAt: START - count + index })];
      }),
    );
  }

  const failed = { kind: "failed", cause: "server-error", retryAfterMs: null } as const;

  test("an outage costs five calls a run, whatever is due", async () => {
    const applications = many(500);
    const poller = aPoller(applications, { answer: () => failed });

    const report = await poller.run();

    expect(poller.calls).toHaveLength(5);
    expect(report).toMatchObject({ due: 200, unanswered: 2, left: 198 });
    expect(poller.metric(METRICS.alloyCallsFailed)).toBe(5);
    expect(poller.metric(METRICS.pollerRuns)).toBe(1);
  });

  test("applications that Alloy never answers for do not keep the others from their turn", async () => {
    const applications = many(20);
    const isBroken = (token: string) => token < "JA-0004";
    const poller = aPoller(applications, {
      answer: (token) => (isBroken(token) ? failed : alloyAnswer(token, [])),
    });

    for (let runs = 0; runs < 3; runs += 1) {
      await poller.run();
      poller.advance(5 * MINUTE - 45_000);
    }

    const checked = [...applications].filter(([, { memory }]) => memory.checkedAt !== null);
    expect(checked).toHaveLength(16);
  });

  test("a rate limit of one a second is kept, and nobody is called failed for it", async () => {
    const applications = many(30);
    let nextAllowed = 0;
    const poller = aPoller(applications, {
      callMs: 10,
      answer(token) {
        if (poller.now() < nextAllowed) return { kind: "rate-limited", retryAfterMs: 1_000 };
        nextAllowed = poller.now() + 1_000;
        return alloyAnswer(token, []);
      },
    });

    const report = await poller.run();

    expect(report).toMatchObject({ due: 30, checked: 30, unanswered: 0 });
    // 30 that were let through, and those by which the limit was found out.
    expect(poller.calls.length).toBeLessThan(45);
  });

  test("wrong credentials are read again once, and then end the run", async () => {
    const poller = aPoller(many(10), { answer: () => ({ kind: "unauthorized" }) });

    const report = await poller.run();

    expect(poller.calls).toHaveLength(2);
    expect(poller.renewals()).toBe(1);
    expect(report.left).toBe(10);
  });

  test("a rotated key costs one call", async () => {
    const poller = aPoller(many(3), {
      answer: (token) =>
        poller.renewals() === 0 ? { kind: "unauthorized" } : alloyAnswer(token, []),
    });

    const report = await poller.run();

    expect(report.checked).toBe(3);
    expect(poller.calls).toHaveLength(4);
  });

  test("an application that Alloy does not know is asked for less and less, and given up after a week", async () => {
    const applications = many(1);
    const poller = aPoller(applications, {
      answer: () => ({ kind: "unknown", status: 404, minorCode: 4041 }),
    });

    let calls = 0;
    for (let hours = 0; hours < 24 * 30; hours += 1) {
      await poller.run();
      calls = poller.calls.length;
      poller.advance(HOUR);
    }

    expect(applications.get("JA-0000")?.dueAt).toBeNull();
    expect(calls).toBeLessThan(20);
    expect(poller.metric(METRICS.applicationsUnknown)).toBe(calls);
  });

  test("a run makes no more calls than it may, and what is left comes first in the next", async () => {
    const applications = many(60);
    const settings = {
      ...POLLER_SETTINGS,
      polling: { ...POLLER_SETTINGS.polling, callsPerRun: 20 },
    };
    const poller = aPoller(applications, { settings, answer: (token) => alloyAnswer(token, []) });

    const checked: number[] = [];
    for (let runs = 0; runs < 3; runs += 1) {
      checked.push((await poller.run()).checked);
      poller.advance(MINUTE);
    }

    expect(checked).toEqual([20, 20, 20]);
    expect(new Set(poller.calls.map(({ applicationToken }) => applicationToken)).size).toBe(60);
  });

  test("a run ends in time when every call is slow", async () => {
    const poller = aPoller(many(200), {
      callMs: 4_000,
      answer: (token) => alloyAnswer(token, []),
    });

    const report = await poller.run();

    expect(poller.now() - START).toBeLessThan(55_000);
    expect(report.left).toBeGreaterThan(0);
  });
});

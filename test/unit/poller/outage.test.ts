import { describe, expect, test } from "vitest";

import { METRICS } from "../../../lambdas/settings/metrics.ts";
import { aPoller, HOUR, MINUTE, numbered, openApplications, START } from "../../support/poller.ts";
import { alloyAnswer } from "../../../tools/cloud-in-memory/builders.ts";
import { POLLER_SETTINGS } from "../../../tools/cloud-in-memory/runtime.ts";

describe("when Alloy is not well", () => {
  const many = (count: number) => openApplications(...numbered("JA", count));

  const failed = { kind: "failed", cause: "server-error", retryAfterMs: null } as const;
  const unknown = { kind: "unknown", status: 404, minorCode: 4041 } as const;

  test("an outage costs five calls a run, whatever is due", async () => {
    const poller = aPoller(many(500), { answer: () => failed });

    const report = await poller.run();

    expect(poller.calls).toHaveLength(5);
    expect(report).toMatchObject({ due: 500, unanswered: 5, left: 495 });
    expect(poller.metric(METRICS.alloyCallsFailed)).toBe(5);
    expect(poller.metric(METRICS.pollerRuns)).toBe(1);
  });

  test("a rate limit of one a second is kept, and nobody is called failed for it", async () => {
    let nextAllowed = 0;
    const poller = aPoller(many(30), {
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
    expect(report).toMatchObject({ unanswered: 2, left: 8 });
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
    const applications = many(2);
    const poller = aPoller(applications, {
      answer: (token) =>
        token === "JA-0000" ? unknown : alloyAnswer(token, [], { updated_at: poller.now() }),
    });

    await poller.runs(30 * 24, HOUR);

    const calls = poller.calls.filter(({ applicationToken }) => applicationToken === "JA-0000");
    expect(applications.get("JA-0000")?.dueAt).toBeNull();
    expect(applications.get("JA-0001")?.dueAt).not.toBeNull();
    expect(calls.length).toBeLessThan(20);
    expect(poller.metric(METRICS.applicationsUnknown)).toBe(calls.length);
    expect(poller.metric(METRICS.runsKnowingNone)).toBeUndefined();
  });

  test("a run makes no more calls than it may, and what is left comes first in the next", async () => {
    const changes = { polling: { ...POLLER_SETTINGS.polling, callsPerRun: 20 } };
    const poller = aPoller(many(60), { changes, answer: (token) => alloyAnswer(token, []) });

    const checked: number[] = [];
    for (let runs = 0; runs < 3; runs += 1) {
      checked.push((await poller.runAfter(MINUTE)).checked);
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
    // Five a second, and no fewer because each takes four.
    expect(report.checked).toBeGreaterThan(150);
  });
});

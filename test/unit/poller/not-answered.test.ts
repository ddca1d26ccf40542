import { describe, expect, test } from "vitest";

import type { AlloyAnswer } from "../../../lambdas/domain/polling/polling-ports.ts";
import { POLLER } from "../../../lambdas/settings/limits.ts";
import { METRICS } from "../../../lambdas/settings/metrics.ts";
import { aJourneyEvent } from "../../support/journey-event.ts";
import {
  aPoller,
  DAY,
  HOUR,
  MINUTE,
  numbered,
  openApplications,
  START,
  withRecorded,
} from "../../support/poller.ts";
import { alloyAnswer } from "../../../tools/cloud-in-memory/builders.ts";
import { POLLER_SETTINGS } from "../../../tools/cloud-in-memory/runtime.ts";
import type { StoredApplication } from "../../support/poller.ts";

const { rateMs } = POLLER_SETTINGS.polling;

const failed: AlloyAnswer = { kind: "failed", cause: "server-error", retryAfterMs: null };
const garbage: AlloyAnswer = { kind: "failed", cause: "not-an-application", retryAfterMs: null };
const page: AlloyAnswer = { kind: "failed", cause: "refused", retryAfterMs: null };
const refused: AlloyAnswer = { kind: "unauthorized" };
const unknown: AlloyAnswer = { kind: "unknown", status: 404, minorCode: 4041 };

/** So many bad applications and so many healthy ones, all open and due, in this order. */
const aMix = (bad: number, healthy: number) =>
  openApplications(...numbered("JA-bad", bad), ...numbered("JA-good", healthy));

const isBad = (token: string) => token.startsWith("JA-bad");

/** What Alloy says of a healthy one: that it is as it was. */
function healthyAnswer(applicationToken: string): AlloyAnswer {
  const event = aJourneyEvent({ applicationToken, at: START - 20 * MINUTE });
  return alloyAnswer(applicationToken, [event]);
}

function checkedOf(applications: ReadonlyMap<string, StoredApplication>): number {
  return [...applications].filter(
    ([token, { memory }]) => !isBad(token) && memory.checkedAt !== null,
  ).length;
}

/** A poller to which Alloy answers so of the bad ones, and as it should of the others. */
const aPollerBeside = (applications: Map<string, StoredApplication>, trouble: () => AlloyAnswer) =>
  aPoller(applications, { answer: (token) => (isBad(token) ? trouble() : healthyAnswer(token)) });

describe("applications that Alloy does not answer for", () => {
  const throwing = (): AlloyAnswer => {
    throw new Error("a bug of ours");
  };
  const TROUBLES: readonly (readonly [string, () => AlloyAnswer])[] = [
    ["500", () => failed],
    ["garbage", () => garbage],
    ["a page of a proxy", () => page],
    ["401", () => refused],
    ["a wait of an hour", () => ({ ...failed, retryAfterMs: HOUR })],
    ["an answer that breaks our code", throwing],
  ];

  test.each(TROUBLES)(
    "200 of them by %s do not keep 40 healthy ones that are due after them for two periods",
    async (_, trouble) => {
      const applications = aMix(200, 40);
      const poller = aPollerBeside(applications, trouble);

      await poller.runs(3);

      expect(checkedOf(applications)).toBe(40);
      expect([...applications.values()].every(({ dueAt }) => dueAt !== null)).toBe(true);
    },
  );

  test("200 of them that hang do not keep 40 healthy ones from it either", async () => {
    const applications = aMix(200, 40);
    const poller = aPoller(applications, {
      callMs: (token) => (isBad(token) ? 60_000 : 100),
      answer: healthyAnswer,
    });

    await poller.runs(3);

    expect(checkedOf(applications)).toBe(40);
  });

  test.each([7, 11, 13, 17, 19, 23, 29, 31])(
    "200 of them among 40 healthy ones, in every %dth place, are no outage",
    async (apart) => {
      const applications = aMix(0, 1);
      let begun = false;
      const poller = aPoller(applications, {
        answer: (token) => (begun && isBad(token) ? failed : healthyAnswer(token)),
      });
      // Somebody was known before it began.
      await poller.run();
      begun = true;
      for (const [index, [token, stored]] of [...aMix(200, 40)].entries()) {
        const dueAt = START + DAY - 1_000 + ((index * apart) % 240);
        applications.set(token, { ...stored, dueAt });
      }
      poller.advance(DAY);

      await poller.runs(3);

      expect(checkedOf(applications)).toBe(40);
    },
  );

  test("what failed before is asked for behind what has not", async () => {
    const applications = aMix(1, 30);
    const poller = aPollerBeside(applications, () => failed);
    await poller.runs(1);
    for (const [token, stored] of applications) {
      applications.set(token, { ...stored, dueAt: isBad(token) ? START : START + 1 });
    }

    const before = poller.calls.length;
    await poller.runAfter(DAY);

    const asked = poller.calls.slice(before).map(({ applicationToken }) => applicationToken);
    expect(asked.indexOf("JA-bad-0000")).toBe(30);
  });

  test("one of them is asked for three times, then once an hour", async () => {
    const applications = aMix(1, 1);
    const poller = aPollerBeside(applications, () => failed);

    await poller.runs(DAY / rateMs);

    const asked = poller.calls.filter(({ applicationToken }) => isBad(applicationToken));
    expect(asked.length).toBeGreaterThan(24);
    expect(asked.length).toBeLessThan(36);
  });

  test("one of them is told of after five checks, and while others are answered", async () => {
    const applications = aMix(1, 1);
    const poller = aPollerBeside(applications, () => failed);

    await poller.runs(8);
    const before = poller.metric(METRICS.applicationsUnchecked);
    await poller.runs(12);

    expect(before).toBeUndefined();
    expect(poller.metric(METRICS.applicationsUnchecked)).toBeGreaterThan(0);
  });

  test("nobody is told of single ones while nobody is answered at all", async () => {
    const poller = aPoller(aMix(4, 0), { answer: () => failed });

    await poller.runs(DAY / rateMs);

    expect(poller.metric(METRICS.applicationsUnchecked)).toBeUndefined();
    expect(poller.metric(METRICS.runsKnowingNone)).toBeUndefined();
  });

  test("an application whose check was cut off comes behind the others, later each time", async () => {
    const applications = aMix(1, 5);
    const [token = ""] = applications.keys();
    const stored = applications.get(token) ?? withRecorded([aJourneyEvent()]);
    const memory = { ...stored.memory, failedChecks: 4 };
    applications.set(token, { ...stored, memory, hasFailed: true, claimedUntil: START - 1 });
    const poller = aPoller(applications, { answer: healthyAnswer });

    await poller.run();

    expect(poller.calls.map(({ applicationToken }) => applicationToken).at(-1)).toBe(token);
    expect(applications.get(token)).toMatchObject({ memory: { failedChecks: 0 } });
  });
});

describe("a run in which Alloy knows nobody", () => {
  const EIGHT_WEEKS = 56;

  test.each([
    ["another account's key", () => unknown],
    ["a firewall's page", () => page],
    ["somebody else's answers", () => garbage],
    ["nothing but 500", () => failed],
    ["nothing but 401", () => refused],
  ] as const)("gives nothing up for eight weeks of %s", async (_, trouble) => {
    const applications = aMix(0, 20);
    const poller = aPoller(applications, { answer: () => trouble() });

    await poller.runs(EIGHT_WEEKS * 6, 4 * HOUR);

    expect([...applications.values()].every(({ dueAt }) => dueAt !== null)).toBe(true);
    expect(poller.notices.filter(({ change }) => change === "given-up")).toEqual([]);
  });

  test("is counted, from the first one on", async () => {
    const poller = aPoller(aMix(0, 20), { answer: () => unknown });

    await poller.run();

    expect(poller.metric(METRICS.runsKnowingNone)).toBe(1);
    expect(poller.logs.map(({ code }) => code)).toContain("poller.run.knows-nobody");
  });

  test("is counted when a page comes instead of Alloy, and not in an outage", async () => {
    const [blocked, out] = [
      aPoller(aMix(0, 20), { answer: () => page }),
      aPoller(aMix(0, 20), { answer: () => failed }),
    ];

    await blocked.run();
    await out.run();

    expect(blocked.metric(METRICS.runsKnowingNone)).toBe(1);
    expect(out.metric(METRICS.runsKnowingNone)).toBeUndefined();
  });

  test("asks for six applications at most, once it has known one", async () => {
    const applications = aMix(0, 100);
    let isOurs = true;
    const poller = aPoller(applications, {
      answer: (token) => (isOurs ? healthyAnswer(token) : unknown),
    });
    await poller.run();
    isOurs = false;
    for (const [token, stored] of applications)
      applications.set(token, { ...stored, dueAt: START });

    const before = poller.calls.length;
    const report = await poller.runAfter(DAY);

    expect(poller.calls.length - before).toBe(POLLER.failuresToStop + 1);
    expect(report.left).toBe(100 - POLLER.failuresToStop);
    expect(poller.metric(METRICS.runsKnowingNone)).toBe(1);
  });

  test("lets everything go on when the right key is back, within an hour", async () => {
    const applications = aMix(0, 20);
    let isOurs = false;
    const poller = aPoller(applications, {
      answer: (token) => (isOurs ? healthyAnswer(token) : unknown),
    });
    await poller.runs(30 * 24, HOUR);
    isOurs = true;

    await poller.runs(13);

    expect(checkedOf(applications)).toBe(20);
    expect([...applications.values()].every(({ memory }) => memory.unknownSince === null)).toBe(
      true,
    );
  });

  test("is over for what failed before, although its own call finds the bearer expired each time", async () => {
    const applications = aMix(0, 2);
    let [isOut, renewals, renewedAt] = [false, 0, Number.NEGATIVE_INFINITY];
    const poller = aPoller(applications, {
      answer(token) {
        if (poller.renewals() > renewals) renewedAt = poller.now();
        renewals = poller.renewals();
        if (isOut) return failed;
        return poller.now() - renewedAt >= HOUR ? refused : healthyAnswer(token);
      },
    });
    await poller.runs(1);
    isOut = true;
    await poller.runs(100);
    isOut = false;

    await poller.runs(48);

    const failedChecks = [...applications.values()].map(({ memory }) => memory.failedChecks);
    expect(failedChecks).toEqual([0, 0]);
  });

  test("is not one in which a deleted application is due alone, for others are known", async () => {
    const applications = aMix(1, 1);
    const poller = aPollerBeside(applications, () => unknown);
    await poller.run();
    const asked = poller.calls.length;
    // From here on the healthy one is due years later.
    applications.set("JA-good-0000", {
      ...(applications.get("JA-good-0000") ?? withRecorded([aJourneyEvent()])),
      dueAt: START + 1_000 * DAY,
    });

    await poller.runs(30 * 24, HOUR);

    expect(applications.get("JA-bad-0000")?.dueAt).toBeNull();
    expect(poller.metric(METRICS.runsKnowingNone)).toBeUndefined();
    expect(poller.calls.length - asked).toBeLessThan(40);
  });

  test("begins the week of an unknown application anew", async () => {
    const applications = aMix(1, 1);
    let isOurs = true;
    const poller = aPoller(applications, {
      answer: (token) => (isOurs && !isBad(token) ? healthyAnswer(token) : unknown),
    });
    await poller.runs(6 * 24, HOUR);
    isOurs = false;
    await poller.runs(10 * 24, HOUR);
    isOurs = true;
    await poller.runs(5 * 24, HOUR);
    const early = applications.get("JA-bad-0000")?.dueAt;
    await poller.runs(5 * 24, HOUR);

    expect(early).not.toBeNull();
    expect(applications.get("JA-bad-0000")?.dueAt).toBeNull();
  });
});

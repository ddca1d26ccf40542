import { describe, expect, test } from "vitest";

import type { AlloyAnswer } from "../../lambdas/domain/polling/polling-ports.ts";
import { timeOfCheck } from "../../lambdas/domain/polling/polling-schedule.ts";
import { POLLER } from "../../lambdas/settings/limits.ts";
import { METRICS } from "../../lambdas/settings/metrics.ts";
import { pollerSettings } from "../../lib/config/function-settings.ts";
import { evaluate } from "../../tools/cloudwatch/evaluate.ts";
import { seriesOf } from "../../tools/cloudwatch/series.ts";
import { alarmsOf, templateOf } from "../support/template.ts";
import { aJourneyEvent } from "../support/journey-event.ts";
import { aPoller, START, withRecorded } from "../support/poller.ts";
import { alloyAnswer } from "../../tools/cloud-in-memory/builders.ts";
import type { StoredApplication } from "../support/poller.ts";
import { healthyWorld, POLL_MINUTES } from "./cloudwatch/world.ts";
import { sandbox } from "../../tools/template/variants.ts";

const MINUTE = 60_000;
const HOURS = 12;
/** The trouble begins when the alarms have seen two good hours. */
const TROUBLE_FROM = 2 * 60;

const alarms = alarmsOf(templateOf(sandbox));
const series = seriesOf(sandbox.stage);
const settings = pollerSettings(sandbox);

const failed: AlloyAnswer = { kind: "failed", cause: "server-error", retryAfterMs: null };
const page: AlloyAnswer = { kind: "failed", cause: "refused", retryAfterMs: null };
const unknown: AlloyAnswer = { kind: "unknown", status: 400, minorCode: 4013 };

/** Of the bad applications alone Alloy gives this answer. */
const ofBad = (answer: AlloyAnswer) => (token: string) => (isBad(token) ? answer : null);

const isBad = (token: string) => token.startsWith("JA-bad");
/** When the check of an application is to be made, which may wait in its place of the index. */
const dueOf = ({ dueAt, memory: { wait } }: StoredApplication) =>
  timeOfCheck(dueAt, wait) ?? Number.POSITIVE_INFINITY;
const startedOf = (applicationToken: string) =>
  aJourneyEvent({ applicationToken, at: START - 20 * MINUTE });

/**
 * Lets the real poller run for half a day, while Alloy gives these answers of the bad applications or of all, and
 * evaluates the alarms of the real template over what it measured.
 */
async function halfADay(trouble: {
  readonly bad: number;
  /** Null: Alloy answers as it should. */
  readonly answer: (token: string) => AlloyAnswer | null;
  /** After so many hours it does again. @default - it does not */
  readonly hours?: number;
}) {
  const tokens = [
    ...Array.from({ length: trouble.bad }, (_, index) => `JA-bad-${index}`),
    ...Array.from({ length: 40 }, (_, index) => `JA-good-${index}`),
  ];
  const begun = START + TROUBLE_FROM * MINUTE;
  const ended = begun + (trouble.hours ?? HOURS) * 60 * MINUTE;
  const isTroubled = () => poller.now() >= begun && poller.now() < ended;
  const applications = new Map<string, StoredApplication>(
    tokens.map((token, index) => {
      // The healthy ones are due all the time, the bad ones before them when the trouble begins.
      const dueAt = isBad(token) ? begun - 1_000 + index : START + index * MINUTE;
      return [token, withRecorded([startedOf(token)], { dueAt })];
    }),
  );
  const poller = aPoller(applications, {
    changes: settings,
    answer(token) {
      const answer = isTroubled() ? trouble.answer(token) : null;
      return answer ?? alloyAnswer(token, [startedOf(token)], { updated_at: poller.now() });
    },
  });

  const minutes = HOURS * 60;
  const world = healthyWorld(series, minutes, 2);
  const before = new Map<string, number>();
  let checkedLate = 0;
  let checkedLateAfter = 0;
  for (let minute = 0; minute < minutes; minute += POLL_MINUTES) {
    poller.advance(START + minute * MINUTE - poller.now());
    const due = [...applications].filter(
      ([token, stored]) => !isBad(token) && dueOf(stored) <= poller.now(),
    );
    await poller.run();
    const behindSince = poller.now() - 2 * POLL_MINUTES * MINUTE;
    const late = due.filter(([token, stored]) => {
      const now = applications.get(token);
      return now !== undefined && dueOf(now) === dueOf(stored) && dueOf(now) < behindSince;
    }).length;
    checkedLate += late;
    if (poller.now() >= ended) checkedLateAfter += late;
    for (const [key, total] of poller.metrics) {
      const metric = Object.values(METRICS).find((one) => one === key);
      if (metric === undefined) continue;
      const name = series.ours(metric);
      world.forget(name, minute, minute + POLL_MINUTES);
      world.put(name, minute, total - (before.get(key) ?? 0));
      before.set(key, total);
    }
    // The healthy ones are due again, a few in each run, as in a stage where something always is.
    for (const [index, [token, stored]] of [...applications].entries()) {
      if (isBad(token) || stored.memory.failedChecks > 0 || stored.dueAt === null) continue;
      const next = START + (minute + POLL_MINUTES * (1 + (index % 4))) * MINUTE;
      if (stored.dueAt > next) applications.set(token, { ...stored, dueAt: next });
    }
  }
  const { rang } = evaluate(alarms, world, { from: 60, to: minutes });
  const quiet = new Set(["integration-unhealthy", "delivery-gap"]);
  return {
    rang: [...rang.keys()].filter((id) => !quiet.has(id)).toSorted(),
    firstAt: (id: string) => (rang.get(id)?.[0] ?? Number.POSITIVE_INFINITY) - TROUBLE_FROM,
    integrationTold: rang.has("integration-unhealthy"),
    givenUp: [...applications.values()].filter(({ dueAt }) => dueAt === null).length,
    checkedLate,
    checkedLateAfter,
    uncheckedAfter: [...applications.values()].filter(
      ({ memory }) => (memory.checkedAt ?? 0) < ended,
    ).length,
    calls: poller.calls,
  };
}

/** Two questions are about each of these days. */
const daysOfFailures = new Map<number, ReturnType<typeof halfADay>>();

/** Half a day in which so many applications err. */
async function aDayOfFailures(bad: number) {
  const day = daysOfFailures.get(bad) ?? halfADay({ bad, answer: ofBad(failed) });
  daysOfFailures.set(bad, day);
  return day;
}

/** Once Alloy answers as it should, each is checked within two periods of the poller of when it is due. */
const CHECKED_AGAIN = { checkedLateAfter: 0, uncheckedAfter: 0 };

describe("half a day of the real poller, under the alarms of the real template", () => {
  test("in which nothing is wrong rings nothing", async () => {
    const { rang, givenUp, checkedLate } = await halfADay({ bad: 0, answer: () => null });

    expect({ rang, givenUp, checkedLate }).toEqual({ rang: [], givenUp: 0, checkedLate: 0 });
  });

  test("in which one application errs alone rings for that, and the others are checked within two periods", async () => {
    const day = await aDayOfFailures(1);

    expect(day).toMatchObject({ rang: ["applications-unchecked"], givenUp: 0, checkedLate: 0 });
    expect(day.firstAt("applications-unchecked")).toBeLessThan(3 * 60);
  });

  test("in which 200 err rings for that, and the healthy ones are checked within two periods", async () => {
    const day = await aDayOfFailures(200);

    expect(day.rang).toEqual(["alloy-api-failing", "applications-unchecked"]);
    expect(day).toMatchObject({ givenUp: 0, checkedLate: 0, integrationTold: false });
  });

  test("in which an answer breaks our code rings for that", async () => {
    const answer = (token: string) => {
      if (isBad(token)) throw new Error("a bug of ours");
      return null;
    };

    const day = await halfADay({ bad: 200, answer });

    expect(day).toMatchObject({ rang: ["applications-unchecked"], givenUp: 0, checkedLate: 0 });
  });

  test("with the key of another account pages for that, and all are checked within two periods of its end", async () => {
    const day = await halfADay({ bad: 0, answer: () => unknown, hours: 6 });

    // A run asks for six, so that most are left.
    expect(day.rang).toEqual(["applications-unknown", "poller-behind"]);
    expect(day).toMatchObject({ givenUp: 0, integrationTold: true, ...CHECKED_AGAIN });
    expect(day.firstAt("applications-unknown")).toBeLessThan(15);
  });

  test("with a page in the place of Alloy pages for that, and all are checked within two periods of its end", async () => {
    const day = await halfADay({ bad: 0, answer: () => page, hours: 6 });

    expect(day.rang).toContain("applications-unknown");
    expect(day.rang).toContain("alloy-api-failing");
    expect(day).toMatchObject({ givenUp: 0, integrationTold: true, ...CHECKED_AGAIN });
    expect(day.firstAt("applications-unknown")).toBeLessThan(15);
  });

  test("in which one deleted application is due pages for nothing", async () => {
    const day = await halfADay({ bad: 1, answer: ofBad(unknown) });

    expect(day).toMatchObject({ rang: [], givenUp: 0, checkedLate: 0 });
  });

  test.each([
    ["one", 1],
    ["200", 200],
  ])("in which %s err asks for none of them more than the day's calls", async (_, bad) => {
    const { calls } = await aDayOfFailures(bad);

    const counts = new Map<string, number>();
    for (const { applicationToken: token } of calls) {
      if (isBad(token)) counts.set(token, (counts.get(token) ?? 0) + 1);
    }
    expect(Math.max(...counts.values())).toBeLessThanOrEqual(POLLER.ownCallsPerDay);
  });
});

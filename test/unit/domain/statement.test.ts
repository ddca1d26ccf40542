import { describe, expect, it } from "vitest";

import {
  bareState,
  forgottenState,
} from "../../../lambdas/domain/application/application-state.ts";
import { NEVER_CHECKED } from "../../../lambdas/domain/polling/polling-ports.ts";
import type { KnownApplication } from "../../../lambdas/domain/polling/polling-ports.ts";
import {
  alarmingBurn,
  boundsOf,
  dayBefore,
  makeStatement,
  standingOf,
} from "../../../lambdas/domain/statement/statement.ts";
import type { Standing, Statement } from "../../../lambdas/domain/statement/statement.ts";

const HOUR = 3_600_000;
const DAY = "2026-11-23";
const { from, until } = boundsOf(DAY);
const MADE_AT = until + 10 * 60_000;

const GAP = {
  gapId: "g",
  stage: "not-delivered",
  detectedAt: 0,
  eventCount: 1,
  events: [],
  evidence: "",
} as const;

/** An application that moved at noon and was compared after it, but for what differs. */
function known(
  differing: {
    readonly lastEventAt?: number;
    readonly checkedAt?: number | null;
    readonly unsettledSince?: number;
    readonly unknownSince?: number;
    readonly gapSince?: number;
    readonly healedUntil?: number;
  } = {},
): KnownApplication {
  const noon = from + 12 * HOUR;
  const { lastEventAt = noon, checkedAt = noon + HOUR, gapSince, healedUntil = null } = differing;
  const { unsettledSince = null, unknownSince = null } = differing;
  return {
    state: { ...bareState("JA-1"), lastEventAt, healedUntil },
    memory: { ...NEVER_CHECKED, checkedAt, unsettledSince, unknownSince },
    gap: gapSince === undefined ? null : { ...GAP, since: gapSince },
    tally: null,
  };
}

const standing = (one: KnownApplication) => standingOf(one, { from, madeAt: MADE_AT });

describe("an application in the statement of a day", () => {
  it("agrees when the last comparison is younger than its last event, and nothing is open", () => {
    expect(standing(known())).toEqual({
      moved: true,
      compared: true,
      agreeing: true,
      healed: false,
      inGap: false,
      differing: false,
      unknown: false,
      overdue: false,
    });
  });

  it.each<[string, Parameters<typeof known>[0], Partial<Standing>]>([
    ["moved after its last comparison", { checkedAt: from }, { agreeing: false, overdue: false }],
    ["was never compared", { checkedAt: null }, { compared: false, overdue: false }],
    [
      "moved two days ago and was never compared",
      { lastEventAt: MADE_AT - 48 * HOUR, checkedAt: null },
      { moved: false, overdue: true },
    ],
    ["is in gap since the morning", { gapSince: from + 9 * HOUR }, { inGap: true, overdue: false }],
    ["is in gap since two days", { gapSince: from - 24 * HOUR }, { inGap: true, overdue: true }],
    [
      "differs since two days",
      { unsettledSince: from - 24 * HOUR },
      { differing: true, overdue: true },
    ],
    [
      "is unknown since two days",
      { unknownSince: from - 24 * HOUR },
      { unknown: true, overdue: true },
    ],
    ["was healed", { healedUntil: from + 1 }, { healed: true, agreeing: true }],
    ["was healed before", { healedUntil: from - 1 }, { healed: false }],
    [
      "moved a week ago and was compared within a day",
      { lastEventAt: from - 168 * HOUR, checkedAt: MADE_AT - 20 * HOUR },
      { moved: false, agreeing: true },
    ],
    [
      "agreed two days ago, and no poller ran since",
      { lastEventAt: from - 168 * HOUR, checkedAt: MADE_AT - 48 * HOUR },
      { agreeing: false, overdue: true },
    ],
  ])("%s", (_, differing, expected) => {
    expect(standing(known(differing))).toMatchObject(expected);
  });

  it("is in none once it is forgotten", () => {
    expect(standing({ ...known(), state: forgottenState("JA-1", from) })).toBeNull();
  });
});

/** The statement of so many applications, of which some are overdue. */
function statementOf(
  day: string,
  seen: number,
  overdue: number,
  previous: Statement | null = null,
) {
  const agreeing = standing(known());
  const late = standing(known({ gapSince: from - 24 * HOUR }));
  if (agreeing === null || late === null) throw new Error("They are forgotten.");
  return makeStatement({
    stage: "production",
    day,
    madeAt: MADE_AT,
    isWhole: true,
    seen: Array.from({ length: seen }, (_, index) => ({
      standing: index < overdue ? late : agreeing,
      effects: { published: 2, unfinished: index < overdue ? 1 : 0 },
    })),
    previous: previous === null ? null : { statement: previous, digest: "d" },
  });
}

describe("the statement of a day", () => {
  it("sums applications and effects, and confirms only effects of those that agree", () => {
    const { applications, effects, completeness } = statementOf(DAY, 10, 1);

    expect(applications).toMatchObject({ seen: 10, agreeing: 9, overdue: 1, inGap: 1, waiting: 0 });
    expect(effects).toEqual({ published: 20, confirmed: 18, unfinished: 1 });
    expect(completeness).toBe(90);
  });

  it("is complete, and burns nothing, on a day without applications", () => {
    const { completeness, objective } = statementOf(DAY, 0, 0);

    expect(completeness).toBe(100);
    expect(objective).toEqual({ percent: 99.99, burn: { day: 0, week: 0, month: 0 } });
  });

  it("alarms at a third of the month's budget in a day, and not below", () => {
    expect(alarmingBurn(statementOf(DAY, 1_000, 1))).toBeGreaterThanOrEqual(1);
    expect(alarmingBurn(statementOf(DAY, 1_001, 1))).toBeLessThan(1);
  });

  it("alarms at half of it in a week, which no day by itself does", () => {
    let statement = statementOf("2026-11-17", 5_000, 1);
    expect(alarmingBurn(statement)).toBeLessThan(1);
    for (let day = 18; day <= 23; day += 1) {
      statement = statementOf(`2026-11-${day}`, 5_000, day % 2 === 0 ? 2 : 0, statement);
    }

    expect(statement.objective.burn.day).toBe(0);
    expect(statement.objective.burn.week).toBe(2);
    expect(alarmingBurn(statement)).toBe(1);
  });

  it("carries thirty days, this one last, and names the one before", () => {
    let statement: Statement | null = null;
    for (let day = 0; day < 40; day += 1) {
      statement = statementOf(dayBefore(from + day * 24 * HOUR), day, 0, statement);
    }

    expect(statement?.days).toHaveLength(30);
    expect(statement?.days.at(-1)).toEqual({ day: statement?.day, seen: 39, overdue: 0 });
    expect(statement?.previous).toEqual({ day: statement?.days.at(-2)?.day, digest: "d" });
  });
});

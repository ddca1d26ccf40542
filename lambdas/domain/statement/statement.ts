import type { KnownApplication } from "../polling/polling-ports.ts";

const HOUR = 3_600_000;

/** 24 hours of a day of UTC. */
export const DAY_MS = 24 * HOUR;

/** Of the applications that a statement sees, so many per cent are verified in time. */
export const OBJECTIVE_PERCENT = 99.99;

/** An application has so long to be verified. */
const IN_TIME_MS = 24 * HOUR;

/** An open application is compared once a day at least (`polling.capMs`); a run may be late. */
const FRESH_MS = 25 * HOUR;

/** Days that a statement carries, so that the next one can say what the error budget of a month has lost. */
const MOST_DAYS = 30;

/**
 * How much of the month's error budget may be gone at which rate: a day at ten times the rate takes a third of it, a week
 * at twice the rate takes half.
 */
const FAST = { days: 1, rate: 10 } as const;
const SLOW = { days: 7, rate: 2 } as const;

/** How an application stands when the statement is made. */
export interface Standing {
  /** Something happened to it on the day, or since. */
  readonly moved: boolean;
  /** The poller's last comparison is younger than its last event, and not older than a day. */
  readonly compared: boolean;
  /** It was compared, and had every event and the same status and outcome as Alloy's answer. */
  readonly agreeing: boolean;
  /** The poller brought an event of the day, or of later. */
  readonly healed: boolean;
  readonly inGap: boolean;
  /** Something was missing at the last comparison, and the next one has not confirmed it yet. */
  readonly differing: boolean;
  /** Alloy does not know it. */
  readonly unknown: boolean;
  /** It does not agree, and had 24 hours to. */
  readonly overdue: boolean;
}

type Count = Readonly<Record<keyof Standing, number>>;

/** Events of the day that had an effect. */
export interface Effects {
  /** The bus took them, and their records are completed. */
  readonly published: number;
  /** Their records are begun and not completed. */
  readonly unfinished: number;
}

interface DayOfBudget {
  /** `2026-11-23`, of UTC. */
  readonly day: string;
  readonly seen: number;
  readonly overdue: number;
}

/** What is signed: each day, of one stage. It names no application and no person. */
export interface Statement {
  readonly version: 1;
  readonly stage: string;
  readonly day: string;
  /** ISO 8601. */
  readonly madeAt: string;
  /**
   * Whether it was made before an application of the day could be settled and leave the view: within an hour of the
   * day's end. A later one has fewer applications, and all of those that do not agree.
   */
  readonly isWhole: boolean;
  readonly applications: Count & {
    readonly seen: number;
    /** They do not agree yet, and have time left. */
    readonly waiting: number;
  };
  readonly effects: Effects & {
    /** Those of them whose application agrees with Alloy: no other end of it is missing here. */
    readonly confirmed: number;
  };
  /** Per cent of the applications seen that are not overdue; 100 where there was none. */
  readonly completeness: number;
  readonly objective: {
    readonly percent: number;
    /** 1: at this rate the month's error budget is used up in a month. */
    readonly burn: { readonly day: number; readonly week: number; readonly month: number };
  };
  /** The last 30 days, this one last. */
  readonly days: readonly DayOfBudget[];
  /** The statement before; null: this is the first. */
  readonly previous: { readonly day: string; readonly digest: string } | null;
}

/** A day of UTC by the time at which it ends. */
export function dayBefore(end: number): string {
  return new Date(end - 1).toISOString().slice(0, 10);
}

/** @returns epoch milliseconds of the day's first moment, and of the first one after it. */
export function boundsOf(day: string): { readonly from: number; readonly until: number } {
  const from = Date.parse(`${day}T00:00:00.000Z`);
  return { from, until: from + DAY_MS };
}

/** Null for an application that is forgotten: nothing is compared any more. */
export function standingOf(
  { state, memory, gap }: KnownApplication,
  { from, madeAt }: { readonly from: number; readonly madeAt: number },
): Standing | null {
  if (state.forgottenAt !== null) return null;
  const { checkedAt, unknownSince, unsettledSince } = memory;
  const movedAt = Math.max(state.lastEventAt ?? 0, state.startedAt ?? 0, state.submittedAt ?? 0);
  const isFresh = checkedAt !== null && checkedAt >= madeAt - FRESH_MS;
  const compared = isFresh && checkedAt >= movedAt;
  const faults = [gap?.since ?? null, unknownSince, unsettledSince].filter((at) => at !== null);
  const agreeing = compared && faults.length === 0;
  // What is not compared waits since it moved, or since the check that should have had a next one.
  const waitsSince = Math.min(...faults, compared ? madeAt : Math.max(movedAt, checkedAt ?? 0));
  return {
    moved: movedAt >= from,
    compared,
    agreeing,
    healed: (state.healedUntil ?? 0) >= from,
    inGap: gap !== null,
    differing: unsettledSince !== null,
    unknown: unknownSince !== null,
    overdue: !agreeing && waitsSince < madeAt - IN_TIME_MS,
  };
}

/** The sum over all applications. */
export function makeStatement(given: {
  readonly stage: string;
  readonly day: string;
  /** Epoch milliseconds. */
  readonly madeAt: number;
  readonly isWhole: boolean;
  readonly seen: readonly { readonly standing: Standing; readonly effects: Effects }[];
  readonly previous: { readonly statement: Statement; readonly digest: string } | null;
}): Statement {
  const { stage, day, madeAt, isWhole, seen, previous } = given;
  const count = (name: keyof Standing) => seen.filter(({ standing }) => standing[name]).length;
  const sum = (name: keyof Effects, of = seen) =>
    of.reduce((total, { effects }) => total + effects[name], 0);
  const agreeing = count("agreeing");
  const overdue = count("overdue");
  const days = [
    ...(previous?.statement.days ?? []).filter((one) => one.day < day),
    { day, seen: seen.length, overdue },
  ].slice(-MOST_DAYS);
  return {
    version: 1,
    stage,
    day,
    madeAt: new Date(madeAt).toISOString(),
    isWhole,
    applications: {
      seen: seen.length,
      moved: count("moved"),
      compared: count("compared"),
      agreeing,
      waiting: seen.length - agreeing - overdue,
      healed: count("healed"),
      inGap: count("inGap"),
      differing: count("differing"),
      unknown: count("unknown"),
      overdue,
    },
    effects: {
      published: sum("published"),
      unfinished: sum("unfinished"),
      confirmed: sum(
        "published",
        seen.filter(({ standing }) => standing.agreeing),
      ),
    },
    completeness: completenessOf(seen.length, overdue),
    objective: {
      percent: OBJECTIVE_PERCENT,
      burn: {
        day: burnOf(days, FAST.days),
        week: burnOf(days, SLOW.days),
        month: burnOf(days, MOST_DAYS),
      },
    },
    days,
    previous: previous === null ? null : { day: previous.statement.day, digest: previous.digest },
  };
}

/** From 1 a person must know: the error budget of the month is going too fast. */
export function alarmingBurn({ days, objective: { burn } }: Statement): number {
  // The first days are no whole week, and have taken less of the budget than one at the same rate.
  const ofWeek = Math.min(days.length, SLOW.days) / SLOW.days;
  return Math.max(burn.day / FAST.rate, (burn.week * ofWeek) / SLOW.rate);
}

function completenessOf(seen: number, overdue: number): number {
  return seen === 0 ? 100 : rounded((100 * (seen - overdue)) / seen);
}

function burnOf(days: readonly DayOfBudget[], most: number): number {
  const last = days.slice(-most);
  const seen = last.reduce((sum, one) => sum + one.seen, 0);
  const overdue = last.reduce((sum, one) => sum + one.overdue, 0);
  const allowed = 1 - OBJECTIVE_PERCENT / 100;
  return seen === 0 ? 0 : rounded(overdue / seen / allowed);
}

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

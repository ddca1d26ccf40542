import { describe, expect, test } from "vitest";

import { assign } from "../../../lambdas/domain/reconciliation/assignment.ts";
import type { Candidate } from "../../../lambdas/domain/reconciliation/candidate.ts";
import { makeWorkMeter } from "../../support/work-meter.ts";

const START = 1_760_000_000_000;
const MOST_APART_MS = 2_000;

interface Spoken {
  readonly at: number;
  /** Null: this side does not say it. */
  readonly applicant?: string | null;
  readonly node?: string | null;
}

const candidatesOf = (reports: readonly Spoken[]) =>
  reports.map(({ at, applicant = null, node = null }, number): Candidate<number> => ({
    report: number,
    kind: "pending_review",
    order: String(number).padStart(6, "0"),
    at: START + at,
    values: [applicant, node],
  }));

/** The pairs, and how often somebody looks at a candidate for it, per report. */
function run(events: readonly Spoken[], records: readonly Spoken[]) {
  const meter = makeWorkMeter();
  const [list, here] = [events, records].map((reports) =>
    candidatesOf(reports).map((candidate) => meter.watch(candidate)),
  );
  let pairs: ReturnType<typeof assign<number, number>> = [];
  const looks = meter.count(() => {
    pairs = assign(list ?? [], here ?? [], MOST_APART_MS);
  });
  return { pairs, perReport: looks / (events.length + records.length) };
}

const range = (count: number) => Array.from({ length: count }, (_, number) => number);
const each = (count: number, says: (number: number) => Spoken) => range(count).map(says);
const applicantOf = (number: number) => `EA-${number}`;

/** Both sides of as many alike events as asked for. */
const WORLDS = {
  "of many applicants, whom both sides name": (count) => [
    each(count, (number) => ({ at: number, applicant: applicantOf(number) })),
    each(count, (number) => ({ at: number + 1, applicant: applicantOf(number) })),
  ],
  "of many applicants in one millisecond, whom one side names": (count) => [
    each(count, () => ({ at: 0 })),
    each(count, (number) => ({ at: 0, applicant: applicantOf(number) })),
  ],
  "a millisecond apart, of which one side names the applicant": (count) => [
    each(count, (number) => ({ at: number })),
    each(count, (number) => ({ at: number, applicant: applicantOf(number) })),
  ],
  "a second apart, all of them a second late on one side": (count) => [
    each(count, (number) => ({ at: number * 1_000 })),
    each(count, (number) => ({ at: number * 1_000 + 1_000 })),
  ],
  "of which each side names every second applicant": (count) => [
    each(count, (number) => ({ at: number, applicant: number % 2 ? applicantOf(number) : null })),
    each(count, (number) => ({ at: number, applicant: number % 3 ? applicantOf(number) : null })),
  ],
  "of which one side names the applicant and the other the node": (count) => [
    each(count, (number) => ({ at: number, applicant: applicantOf(number) })),
    each(count, (number) => ({ at: number, node: "node-1" })),
  ],
} satisfies Readonly<
  Record<string, (count: number) => readonly [readonly Spoken[], readonly Spoken[]]>
>;

describe.each(Object.entries(WORLDS))("3,000 alike events %s", (_, world) => {
  const [events, records] = world(3_000);

  test("have a record each, and are not compared each with each", () => {
    const { pairs, perReport } = run(events, records);

    expect(pairs).toHaveLength(3_000);
    // Each with each would be 1,500 and more.
    expect(perReport).toBeLessThan(400);
    expect(perReport).toBeLessThan(1.5 * run(...world(1_500)).perReport);
  });

  test("leave exactly the lost one alone", () => {
    const lost = 1_234;
    const { pairs } = run(events, records.toSpliced(lost, 1));

    expect(pairs).toHaveLength(2_999);
    expect(new Set(pairs.map(([event]) => event)).size).toBe(2_999);
    expect(new Set(pairs.map(([, record]) => record)).size).toBe(2_999);
  });
});

test("where one side names no applicant, time says which of 3,000 is lost", () => {
  const lost = 1_234;
  const events = each(3_000, (number) => ({ at: number * 5 }));
  const records = each(3_000, (number) => ({ at: number * 5 + 1, applicant: applicantOf(number) }));

  const { pairs } = run(events, records.toSpliced(lost, 1));

  const found = new Set(pairs.map(([event]) => event));
  expect(range(3_000).filter((number) => !found.has(number))).toEqual([lost]);
});

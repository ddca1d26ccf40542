import { assert, property, shuffledSubarray } from "fast-check";
import { describe, expect, test } from "vitest";

import { joinReport } from "../../../lambdas/domain/reconciliation/investigation.ts";
import type { InvestigationReport } from "../../../lambdas/domain/reconciliation/investigation.ts";
import { anInvestigationEvent, CREATED_AT } from "../../support/investigations.ts";

const HOUR = 3_600_000;

type Said = Parameters<typeof anInvestigationEvent>[0] & { readonly by?: "webhook" | "poll" };

/** The ids under which these are known, told in this order. */
function idsOf(...said: readonly Said[]): readonly string[] {
  let reports: readonly InvestigationReport[] = [];
  return said.map(({ by = "webhook", ...changes }) => {
    const joined = joinReport({ reports }, anInvestigationEvent(changes), by);
    ({ reports } = joined);
    return joined.report.eventId;
  });
}

const promoted = { status: "promoted_to_case", at: CREATED_AT + HOUR };
/** Alloy's list knows that it was by then. */
const listedPromotion = {
  status: "promoted_to_case",
  at: CREATED_AT + 3 * HOUR,
  isTimeLatest: true,
  by: "poll",
} as const;

test.each([
  ["a promotion and the list's", promoted, listedPromotion],
  ["the list's and the promotion that comes late", listedPromotion, promoted],
  [
    "a closing, and the list's two seconds off",
    { status: "closed", at: CREATED_AT },
    { status: "closed", at: CREATED_AT + 2_000, by: "poll" },
  ],
  [
    "two creations, whatever their times",
    { status: "created", at: CREATED_AT },
    { status: "created", at: CREATED_AT - HOUR, by: "poll" },
  ],
] satisfies readonly (readonly [string, Said, Said])[])(
  "two reports of one step are known as one: %s",
  (_, first, second) => {
    const [one, other] = idsOf(first, second);

    expect(other).toBe(one);
  },
);

describe("two steps", () => {
  test.each([
    [
      "closings by two webhooks, a second apart",
      { status: "closed", at: CREATED_AT },
      { status: "closed", at: CREATED_AT + 1_000 },
    ],
    [
      "closings by a webhook and by the list, three seconds apart",
      { status: "closed", at: CREATED_AT },
      { status: "closed", at: CREATED_AT + 3_000, by: "poll" },
    ],
    ["of two statuses", { status: "closed" }, { status: "promoted_to_case" }],
    [
      "a promotion that came after the latest time of another",
      listedPromotion,
      { status: "promoted_to_case", at: CREATED_AT + 4 * HOUR },
    ],
  ] satisfies readonly (readonly [string, Said, Said])[])("stay two: %s", (_, first, second) => {
    const [one, other] = idsOf(first, second);

    expect(other).not.toBe(one);
  });

  test("stay two when the Investigation was closed between two promotions", () => {
    const closed = { status: "closed", at: CREATED_AT + 2 * HOUR };
    const [one, , other] = idsOf(promoted, closed, listedPromotion);

    expect(other).not.toBe(one);
  });
});

test("a step that comes after a newer one is late, and stays so", () => {
  const closed = anInvestigationEvent({ status: "closed", at: CREATED_AT + HOUR });
  const created = anInvestigationEvent();
  const { reports } = joinReport({ reports: [] }, closed, "webhook");
  const first = joinReport({ reports }, created, "webhook");

  expect(first.report.late).toBe(true);
  expect(joinReport(first, created, "webhook").report.late).toBe(true);
  expect(joinReport(first, closed, "webhook").report.late).toBe(false);
});

test("told in any order, however often, a life has as many steps as it had", () => {
  const life: readonly Said[] = [
    { status: "created" },
    promoted,
    { status: "closed", at: CREATED_AT + 3 * HOUR },
    { status: "created", by: "poll" },
    listedPromotion,
    { status: "closed", at: CREATED_AT + 3 * HOUR + 900, by: "poll" },
  ];
  assert(
    property(shuffledSubarray([...life, ...life], { minLength: 12 }), (told) => {
      expect(new Set(idsOf(...told)).size).toBe(3);
    }),
  );
});

test("an Investigation that is opened and closed without end keeps a hundred steps", () => {
  let reports: readonly InvestigationReport[] = [];
  for (let hour = 0; hour < 300; hour += 1) {
    const event = anInvestigationEvent({ status: "closed", at: CREATED_AT + hour * HOUR });
    ({ reports } = joinReport({ reports }, event, "webhook"));
  }

  expect(reports).toHaveLength(100);
  expect(reports.at(-1)?.at).toBe(CREATED_AT + 299 * HOUR);
});

import { describe, expect, test } from "vitest";

import {
  missingSteps,
  parseInvestigationPage,
} from "../../../lambdas/domain/reconciliation/investigation-list.ts";
import { joinReport } from "../../../lambdas/domain/reconciliation/investigation.ts";
import type { InvestigationReport } from "../../../lambdas/domain/reconciliation/investigation.ts";
import {
  anInvestigationEvent,
  CREATED_AT,
  investigationListOf,
  listedInvestigation,
} from "../../support/investigations.ts";

const HOUR = 3_600_000;
const iso = (at: number) => new Date(at).toISOString();

function listed(changes: Readonly<Record<string, unknown>>) {
  const page = parseInvestigationPage(investigationListOf([listedInvestigation(changes)]), 1);
  const [one] = page?.investigations ?? [];
  if (one === undefined) throw new Error("the page is empty");
  return one;
}

function reported(...events: readonly Parameters<typeof anInvestigationEvent>[0][]) {
  let reports: readonly InvestigationReport[] = [];
  for (const event of events) {
    ({ reports } = joinReport({ reports }, anInvestigationEvent(event), "webhook"));
  }
  return reports;
}

const context = { since: CREATED_AT - HOUR, now: CREATED_AT + 24 * HOUR, graceMs: 120_000 };

function missing(
  changes: Readonly<Record<string, unknown>>,
  reports: readonly InvestigationReport[] = [],
  changed: Partial<typeof context> = {},
) {
  return missingSteps(listed(changes), reports, { ...context, ...changed }).map(
    ({ status, at, isTimeLatest }) => [status, at - CREATED_AT, isTimeLatest],
  );
}

const asCase = { state: "case_review", updated_at: iso(CREATED_AT + 3 * HOUR) };
const closed = {
  state: "alert_review_closed",
  updated_at: iso(CREATED_AT + 5 * HOUR),
  closed_at: iso(CREATED_AT + 2 * HOUR),
  outcome: "Dismissed",
};
const created = { status: "created" };
const closing = { status: "closed", at: CREATED_AT + 2 * HOUR };
const promoted = { status: "promoted_to_case", at: CREATED_AT + HOUR };

describe("what Alloy's list has, and no report has", () => {
  test.each([
    ["a new one", {}, [], [["created", 0, false]]],
    ["a new one that was reported", {}, reported(created), []],
    [
      "its creation, as its promotion was reported",
      asCase,
      reported(promoted),
      [["created", 0, false]],
    ],
    ["a promotion", asCase, reported(created), [["promoted_to_case", 3 * HOUR, true]]],
    ["a promotion that was reported", asCase, reported(created, promoted), []],
    ["a closing", closed, reported(created), [["closed", 2 * HOUR, false]]],
    [
      "a closing that was reported",
      closed,
      reported(created, { status: "closed", at: CREATED_AT + 2 * HOUR + 1 }),
      [],
    ],
    [
      "a second closing, though the first was reported",
      { ...closed, closed_at: iso(CREATED_AT + 4 * HOUR) },
      reported(created, closing),
      [["closed", 4 * HOUR, false]],
    ],
    [
      "a promotion behind its closing",
      { ...closed, state: "case_review_closed" },
      reported(created, closing),
      [["promoted_to_case", 2 * HOUR, true]],
    ],
    [
      "no second promotion of one that was closed again",
      { ...closed, state: "case_review_closed", closed_at: iso(CREATED_AT + 4 * HOUR) },
      reported(created, promoted, closing),
      [["closed", 4 * HOUR, false]],
    ],
    [
      "a promotion after a closing, since it is a case again",
      { ...asCase, updated_at: iso(CREATED_AT + 6 * HOUR) },
      reported(created, promoted, closing),
      [["promoted_to_case", 6 * HOUR, true]],
    ],
    [
      "nothing by an answer that is older than what was reported",
      asCase,
      reported(created, promoted, { status: "closed", at: CREATED_AT + 4 * HOUR }),
      [],
    ],
    [
      "a closing whose time the list does not say",
      { ...closed, closed_at: null },
      reported(created),
      [["closed", 5 * HOUR, true]],
    ],
    ["its creation, whatever its state is", { state: "filing" }, [], [["created", 0, false]]],
    ["nothing, without any time", { created_at: null, updated_at: "soon" }, [], []],
  ] as const)("%s", (_, changes, reports, steps) => {
    expect(missing(changes, reports)).toEqual(steps);
  });

  test("is not what may be on its way", () => {
    expect(missing({}, [], { now: CREATED_AT + 120_000 })).toEqual([]);
  });

  test("is not what was before we began to look", () => {
    expect(missing(closed, [], { since: CREATED_AT + HOUR })).toEqual([
      ["closed", 2 * HOUR, false],
    ]);
    expect(missing(asCase, [], { since: CREATED_AT + HOUR })).toEqual([]);
  });

  test("is what was before we began to look, of an Investigation of which a webhook had told", () => {
    const since = CREATED_AT + 3 * HOUR;

    expect(missing(closed, reported(created), { since })).toEqual([["closed", 2 * HOUR, false]]);
    expect(missing(closed, reported(closing), { since })).toEqual([]);
  });
});

describe("a page of Alloy's list", () => {
  test.each([
    ["a page of something else", "<html>"],
    ["no object", "[]"],
    ["an error", '{"error":{"minor_code":4011}}'],
    ["investigations that are no list", '{"investigations":{}}'],
  ])("is none when it is %s", (_, body) => {
    expect(parseInvestigationPage(body, 1)).toBeNull();
  });

  test("counts the elements that name no Investigation, and reads the others", () => {
    const elements = [null, 7, {}, { investigation_token: "a b" }, listedInvestigation()];
    const page = parseInvestigationPage(investigationListOf(elements), 1);

    expect(page).toMatchObject({
      unreadable: 4,
      investigations: [{ investigationToken: "INV-1" }],
    });
  });

  test.each([
    ["not the last: it is the first of three", investigationListOf([{}], { pages: 3 }), 1, false],
    ["the last: it is the third of three", investigationListOf([{}], { pages: 3 }), 3, true],
    ["not the last: it is not empty", '{"investigations":[{}]}', 1, false],
    ["the last: it is empty", '{"investigations":[]}', 2, true],
  ])("is %s", (_, body, page, isLast) => {
    expect(parseInvestigationPage(body, page)?.isLast).toBe(isLast);
  });
});

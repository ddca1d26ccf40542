import * as fc from "fast-check";
import { expect, test } from "vitest";

import { matchReports } from "../../../lambdas/domain/reconciliation/reconciliation.ts";
import {
  cameOf,
  countsAreRight,
  DECIDABLE,
  eachHasItsOwn,
  isPutToTheTest,
  shuffled,
  TOLD_APART,
} from "../../support/views-of-one-history.ts";
import type { Seen } from "../../support/views-of-one-history.ts";

const RUNS = 20_000;

test("whatever each side leaves out, no event that came is missing, and none that is lost is found", () => {
  let alike = 0;
  fc.assert(
    fc.property(DECIDABLE, (views) => {
      if (isPutToTheTest(views)) alike += 1;
      return countsAreRight(views, matchReports);
    }),
    { numRuns: RUNS },
  );
  // Else nothing would have been put to the test.
  expect(alike).toBeGreaterThan(RUNS / 4);
});

test("each event that its own report is most like has its own record, and what is lost is missing", () => {
  let alike = 0;
  fc.assert(
    fc.property(TOLD_APART, (views) => {
      if (isPutToTheTest(views)) alike += 1;
      return eachHasItsOwn(views, matchReports);
    }),
    { numRuns: RUNS },
  );
  expect(alike).toBeGreaterThan(RUNS / 16);
});

test("the order of either side decides nothing", () => {
  fc.assert(
    fc.property(DECIDABLE, fc.nat(1_000), (views, order) => {
      const came = cameOf(views);
      const pairs = (events: readonly Seen[], recorded: readonly Seen[]) =>
        matchReports(events, recorded)
          .map(({ event, record }) => `${event.number} ${record?.number ?? "none"}`)
          .toSorted();

      expect(pairs(shuffled(views.list, order), shuffled(came, order + 1))).toEqual(
        pairs(views.list, came),
      );
    }),
    { numRuns: 2_000 },
  );
});

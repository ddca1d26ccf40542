import * as fc from "fast-check";
import { expect, test } from "vitest";

import { matchReports } from "../../../lambdas/domain/reconciliation/reconciliation.ts";
import {
  cameOf,
  countsAreRight,
  DECIDABLE,
  eachHasItsOwn,
  isPutToTheTest,
  isToldApart,
  shuffled,
} from "../../support/views-of-one-history.ts";
import type { Seen } from "../../support/views-of-one-history.ts";

/** Of so many, every fourth is told apart too little to say whose a record is. */
const RUNS = 13_000;

test("whatever each side leaves out, no event that came is missing, none that is lost is found, and each that its own report is most like has its own record", () => {
  let alike = 0;
  let alikeAndToldApart = 0;
  fc.assert(
    fc.property(DECIDABLE, (views) => {
      const isApart = isToldApart(views);
      if (isPutToTheTest(views)) {
        alike += 1;
        if (isApart) alikeAndToldApart += 1;
      }
      if (!countsAreRight(views, matchReports)) {
        throw new Error("an event that came is missing, or a lost one is found");
      }
      if (isApart && !eachHasItsOwn(views, matchReports)) {
        throw new Error("an event has another one's record");
      }
    }),
    { numRuns: RUNS },
  );
  // Else nothing would have been put to the test.
  expect(alike).toBeGreaterThan(RUNS / 4);
  expect(alikeAndToldApart).toBeGreaterThan(RUNS / 16);
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

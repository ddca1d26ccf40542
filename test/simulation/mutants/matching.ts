import * as fc from "fast-check";

import { compare } from "../../../lambdas/domain/reconciliation/comparison.ts";
import { stateOfEvent } from "../../../lambdas/domain/application/observation.ts";
import {
  matchReports,
  mayBeOneEvent,
} from "../../../lambdas/domain/reconciliation/reconciliation.ts";
import type { EventReport } from "../../../lambdas/domain/event/event-report.ts";
import { aJourneyEvent } from "../../support/journey-event.ts";
import { recordOf } from "../../support/poller.ts";
import { aReport } from "../../support/reports.ts";
import {
  countsAreRight,
  DECIDABLE,
  eachHasItsOwn,
  TOLD_APART,
} from "../../support/views-of-one-history.ts";
import type { Match, Seen } from "../../support/views-of-one-history.ts";
import type { CheckedBug, Mutants } from "./mutant.ts";
import { MINUTE } from "../../../tools/cloud-in-memory/clock.ts";

const NOW = Date.UTC(2026, 10, 23, 20);

/** Drawn anew in each run of the tests; here the same views hunt every bug. */
const DRAWN = { seed: 20_261_126, numRuns: 3_000 };

/** @returns what the laws of matching say of this way to match. */
function brokenLaw(match: Match): string | null {
  const counts = fc.property(DECIDABLE, (views) => countsAreRight(views, match));
  if (fc.check(counts, DRAWN).failed)
    return "an event that came is missing, or a lost one is found";
  const own = fc.property(TOLD_APART, (views) => eachHasItsOwn(views, match));
  return fc.check(own, DRAWN).failed ? "an event has another one's record" : null;
}

/** Matches right, but after each report was changed so. */
function afterChanging(change: (report: Seen) => EventReport): Match {
  const changed = (seen: Seen) => ({ ...change(seen), seen });
  return (list, records) =>
    matchReports(list.map(changed), records.map(changed)).map(({ event, record }) => ({
      event: event.seen,
      record: record?.seen ?? null,
    }));
}

/** Each event in turn takes the nearest record that it may have. */
function nearestInTurn(isTakenOnce: boolean): Match {
  return (list, records) => {
    const taken = new Set<Seen>();
    return list.map((event) => {
      const [record = null] = records
        .filter((one) => mayBeOneEvent(event, one) && !taken.has(one))
        .toSorted((one, other) => Math.abs(one.at - event.at) - Math.abs(other.at - event.at));
      if (record !== null && isTakenOnce) taken.add(record);
      return { event, record };
    });
  };
}

const matching = (what: string, wrong: Match): CheckedBug => ({
  what,
  hunt: async (isPlanted) => brokenLaw(isPlanted ? wrong : matchReports),
});

/** How one event that two sides report differently can be taken for two, or two for one. */
export const MATCHING_MUTANTS: Mutants = {
  "absent-taken-for-different": matching(
    "an applicant's token that one side leaves out makes two events of one",
    afterChanging((seen) => ({
      ...seen,
      entityApplicationToken: seen.entityApplicationToken ?? "none",
    })),
  ),
  "fields-not-compared": matching(
    "type and time alone decide: an applicant's event is taken for the application's",
    afterChanging(({ eventId, type, at }) => ({ ...aReport({ type, at }), eventId })),
  ),
  "nearest-record-in-turn": matching(
    "each event takes the nearest record in turn, and leaves another one without any",
    nearestInTurn(true),
  ),
  "one-record-for-two-events": matching(
    "a record stands for every event that it may be of: the lost one of two is not missed",
    nearestInTurn(false),
  ),
  "matched-by-id-alone": matching(
    "only what has the same id is matched",
    afterChanging((seen) => ({ ...seen, type: seen.eventId })),
  ),
  "outcome-compared-as-text": {
    what: "`Approved` and `approved ` are two outcomes, and so two events",
    async hunt(isPlanted) {
      const listed = aReport({ type: "completed_application", outcome: "Approved" });
      const came = { ...listed, eventId: "another", at: listed.at + 1, outcome: "approved " };
      const isOne = isPlanted
        ? mayBeOneEvent(listed, came) && listed.outcome === came.outcome
        : mayBeOneEvent(listed, came);
      return isOne ? null : "an end that came is missing";
    },
  },
  "rest-of-a-check-forgotten": {
    what: "of more missing events than a check queues, the rest counts as healed",
    async hunt(isPlanted) {
      const started = aJourneyEvent({ at: NOW - 60 * MINUTE });
      const reviews = Array.from({ length: 700 }, (_, index) =>
        aJourneyEvent({ type: "completed_review", at: NOW - 30 * MINUTE + index }),
      );
      const { missing, toHeal, leftToHeal } = compare(
        {
          applicationToken: "JA-1",
          snapshot: null,
          events: [started, ...reviews].map((event) => ({ event, webhook: {} })),
          reruns: [],
          unrecognisedStatus: null,
          ended: null,
          unreadableEvents: 0,
        },
        {
          state: stateOfEvent(started),
          events: [recordOf(started)],
          failures: [],
          checkedAt: null,
          gap: null,
        },
        {
          ignoredEventTypes: [],
          eventRetentionMs: null,
          gaps: { graceMs: 2 * MINUTE, thresholdMs: 15 * MINUTE, staleAfterMs: 1e12 },
          decision: null,
          delivery: null,
          now: NOW,
        },
      );
      const accounted = toHeal.length + (isPlanted ? 0 : leftToHeal);
      return accounted === missing.length
        ? null
        : `${missing.length - accounted} missing events are neither queued nor counted`;
    },
  },
};

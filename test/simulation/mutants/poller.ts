import { tallyOf } from "../../../lambdas/domain/reconciliation/tally.ts";
import { alloyAnswer } from "../../../tools/cloud-in-memory/builders.ts";
import { withMethods } from "../../../tools/cloud-in-memory/faults.ts";
import { answeredBy, inPoller, queuedBy } from "./plant.ts";
import { aJourneyEvent } from "../../support/journey-event.ts";
import { afterRun, aPoller, failureOf, MINUTE, START, withRecorded } from "../../support/poller.ts";
import { playPollers } from "../../support/several-pollers.ts";
import type { Mutants } from "./mutant.ts";

const STARTED = aJourneyEvent({ type: "started_application", at: START - 14 * MINUTE });
const REVIEW = aJourneyEvent({ type: "pending_review", at: START - 13 * MINUTE });

const FIVE_POLLERS = { rateMs: 60_000, callsPerRun: 4_200, requestsPerSecond: 100, pollers: 5 };

/** What goes wrong with the fallback. */
export const POLLER_MUTANTS: Mutants = {
  "poller-heals-nothing": {
    what: "what is missing is found, and not queued",
    plant: () => queuedBy(() => null),
  },
  "poller-does-not-match-aliases": {
    what: "a record that differs from Alloy's list by a node or a millisecond is taken for missing",
    plant: () =>
      inPoller(({ applications }) => ({
        applications: withMethods(applications, {
          async history(token) {
            const { events, failures } = await applications.history(token);
            // Only the id is left to match by.
            return { failures, events: events.map((event) => ({ ...event, type: "" })) };
          },
        }),
      })),
  },
  "poller-settles-at-once": {
    what: "an ended application is never looked at again, whatever is missing of it",
    plant: () =>
      inPoller(({ applications }) => ({
        applications: withMethods(applications, {
          plan: (claimed, plan) => applications.plan(claimed, { ...plan, dueAt: null, gap: null }),
        }),
      })),
  },
  "poller-waits-for-ever": {
    what: "a check that waits in its place of the index is never made",
    plant: () =>
      inPoller(({ applications }) => ({
        applications: withMethods(applications, {
          plan(claimed, plan) {
            const { wait } = plan.memory;
            const forEver = wait === null ? null : { ...wait, until: Number.MAX_SAFE_INTEGER };
            return applications.plan(claimed, {
              ...plan,
              memory: { ...plan.memory, wait: forEver },
            });
          },
        }),
      })),
  },
  "poller-waits-though-asked": {
    what: "a check that was asked for waits as long as the one before it was to",
    async hunt(isPlanted) {
      const poller = await afterRun(withRecorded([REVIEW]), [REVIEW], {
        says: { status: "waiting_review" },
      });
      const { wait } = poller.stored().memory;
      const asked = START + 1;
      const memory = { ...poller.stored().memory, wait: wait && { ...wait, dueAt: asked } };
      poller.change({ dueAt: asked, ...(isPlanted && { memory }) });
      const { checked } = await poller.run();
      return checked === 1 ? null : "nobody was asked about the application";
    },
  },
  "poller-believes-any-tally": {
    what: "the tally is taken for that of Alloy's list, whatever was merged: no record is ever read where all looks well",
    plant: () =>
      inPoller(({ applications, alloy, settings }) => {
        const listed = new Map<string, number>();
        return {
          alloy: withMethods(alloy, {
            async getApplication(asked, timeoutMs) {
              const answer = await alloy.getApplication(asked, timeoutMs);
              if (answer.kind !== "application") return answer;
              const { ignoredEventTypes } = settings;
              const handled = answer.application.events
                .map(({ event }) => event)
                .filter(({ type }) => !ignoredEventTypes.includes(type));
              const total = handled.reduce((sum, event) => sum + tallyOf(event), 0);
              listed.set(asked.applicationToken, total);
              return answer;
            },
          }),
          applications: withMethods(applications, {
            async take(due) {
              const taken = await applications.take(due);
              if (taken === null || taken === "claimed") return taken;
              const { tally: _, ...others } = taken;
              return {
                ...others,
                get tally() {
                  return listed.get(due.applicationToken) ?? null;
                },
              };
            },
          }),
        };
      }),
  },
  "poller-overlooks-failures-beside-a-tally": {
    what: "the tally says that all is recorded, and a failure that stands beside the state is not looked at",
    async hunt(isPlanted) {
      const events = [STARTED, REVIEW];
      const tally = events.reduce((sum, event) => sum + tallyOf(event), 0);
      const failures = [failureOf(REVIEW)];
      const table = new Map([["JA-1", withRecorded(events, { tally, failures })]]);
      const poller = aPoller(table, {
        answer: () => alloyAnswer("JA-1", events, { status: "waiting_review" }),
        ...(isPlanted && { isAlone: () => true }),
      });
      await poller.run();
      const stage = table.get("JA-1")?.gap?.stage;
      return stage === "dead-lettered" ? null : `the gap is ${stage ?? "none"}`;
    },
  },
  "pollers-list-all-shards": {
    what: "each of several pollers lists the due applications of all of them",
    async hunt(isPlanted) {
      const { calls } = await playPollers(200, FIVE_POLLERS, {
        applications: (right) =>
          isPlanted ? withMethods(right, { list: (now, limit) => right.list(now, limit) }) : right,
      });
      const more = calls.length - 200;
      return more === 0 ? null : `${more} calls were made for nothing`;
    },
  },
  "pollers-share-one-lease": {
    what: "all pollers take the lease of the first, so that one at a time checks",
    async hunt(isPlanted) {
      const { calls } = await playPollers(1_000, FIVE_POLLERS, {
        applications: (right) =>
          isPlanted
            ? withMethods(right, {
                begin: (lease) => right.begin({ ...lease, part: 0 }),
                end: (lease) => right.end({ ...lease, part: 0 }),
              })
            : right,
      });
      const times = calls.map(({ at }) => at);
      const seconds = (Math.max(...times) - Math.min(...times)) / 1_000;
      return seconds < 15
        ? null
        : `1,000 checks at 100 calls a second took ${Math.round(seconds)} s`;
    },
  },
  "poller-does-not-confirm": {
    what: "an end without an outcome is believed: Alloy's own word is not taken",
    plant: () => answeredBy((said) => ({ ...said, snapshot: null })),
  },
};

import { inPoller } from "./plant.ts";
import type { WorldMutant } from "./mutant.ts";

/** What goes wrong with the fallback. */
export const POLLER_MUTANTS: readonly WorldMutant[] = [
  {
    id: "poller-heals-nothing",
    what: "what is missing is found, and not queued",
    plant: () =>
      inPoller(() => ({
        queue: { send: async (envelopes) => envelopes.map(() => null) },
      })),
  },
  {
    id: "poller-does-not-match-aliases",
    what: "a record that differs from Alloy's list by a node or a millisecond is taken for missing",
    plant: () =>
      inPoller((right) => ({
        applications: {
          ...right.applications,
          async history(token) {
            const { events, failures } = await right.applications.history(token);
            // Only the id is left to match by.
            return { failures, events: events.map((event) => ({ ...event, type: "" })) };
          },
        },
      })),
  },
  {
    id: "poller-settles-at-once",
    what: "an ended application is never looked at again, whatever is missing of it",
    plant: () =>
      inPoller((right) => ({
        applications: {
          ...right.applications,
          plan: (claimed, plan) =>
            right.applications.plan(claimed, { ...plan, dueAt: null, gap: null }),
        },
      })),
  },
  {
    id: "poller-does-not-confirm",
    what: "an end without an outcome is believed: Alloy's own word is not taken",
    plant: () =>
      inPoller((right) => ({
        alloy: {
          ...right.alloy,
          async getApplication(asked, timeoutMs) {
            const answer = await right.alloy.getApplication(asked, timeoutMs);
            if (answer.kind !== "application") return answer;
            return { ...answer, application: { ...answer.application, snapshot: null } };
          },
        },
      })),
  },
];

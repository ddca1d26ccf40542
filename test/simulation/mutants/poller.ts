import { withMethods } from "../../../tools/cloud-in-memory/faults.ts";
import { answeredBy, inPoller, queuedBy } from "./plant.ts";
import type { Mutants } from "./mutant.ts";

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
  "poller-does-not-confirm": {
    what: "an end without an outcome is believed: Alloy's own word is not taken",
    plant: () => answeredBy((said) => ({ ...said, snapshot: null })),
  },
};

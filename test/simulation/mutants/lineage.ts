import { answeredBy, inTable, publishing } from "./plant.ts";
import type { Mutants } from "./mutant.ts";

/** What goes wrong with the numbers of effects, and with chains of reruns. */
export const LINEAGE_MUTANTS: Mutants = {
  "number-of-each-publication": {
    what: "an effect gets its number when it is published: one that is tried again has two",
    plant: () => {
      const counts = new Map<string | null, number>();
      return publishing((right) => (events) => {
        const numbered = events.map((event) => {
          const sequence = (counts.get(event.applicationToken) ?? 0) + 1;
          counts.set(event.applicationToken, sequence);
          return { ...event, sequence };
        });
        return right(numbered);
      });
    },
  },
  "numbers-of-the-newest": {
    what: "an application keeps the newest of its effects, and does not count those that it drops",
    plant: () =>
      inTable((right, { applications: { applications } }) => ({
        async mergeState(observation, check) {
          const merged = await right.mergeState(observation, check);
          const kept = applications.get(observation.applicationToken);
          if (kept === undefined || merged.after.effects.ids.length <= 3) return merged;
          const effects = { apart: 0, ids: merged.after.effects.ids.slice(-3) };
          const state = { ...merged.after, effects };
          applications.set(observation.applicationToken, { ...kept, state });
          return { ...merged, after: state };
        },
      })),
  },
  "chain-by-events-alone": {
    what: "what Alloy's answer says of a rerun is not taken over",
    plant: () =>
      answeredBy(({ snapshot, ...rest }) => ({
        ...rest,
        snapshot:
          snapshot === null ? null : { ...snapshot, chain: { ...snapshot.chain, ...NOBODY } },
      })),
  },
};

const NOBODY = { previous: null, root: null, rerunBy: null };

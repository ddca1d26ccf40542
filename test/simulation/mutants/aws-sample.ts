import { withBatches } from "./batch.ts";
import { inIdempotency } from "./plant.ts";
import type { Mutants } from "./mutant.ts";

/**
 * AWS's own sample of a webhook receiver (`aws-samples/webhooks`) looks for the event, then puts it without a
 * condition, and takes the time of arrival for the id of an event that has none.
 */
export const AWS_SAMPLE_MUTANTS: Mutants = {
  "aws-sample-looks-then-puts": {
    what: "AWS's sample: it looks whether the event is known, and then takes it, without a condition",
    within: 1_200,
    plant: () => {
      const known = new Set<string>();
      return inIdempotency((_, sandbox) => ({
        async begin(eventId) {
          if (known.has(eventId)) return "duplicate";
          await sandbox.sleep(20);
          return "begun";
        },
        async complete(eventId) {
          known.add(eventId);
        },
        async release() {},
      }));
    },
  },
  "aws-sample-arrival-time-as-id": {
    what: "AWS's sample: an event without an id is known by the second of its arrival",
    plant: () =>
      withBatches((right, recordOf, sandbox) => {
        const keys = new Map<string, string>();
        return {
          begin(eventId, remainingMs) {
            const isEvent = recordOf(eventId) !== null;
            const key = isEvent ? String(Math.floor(sandbox.now() / 1_000)) : eventId;
            keys.set(eventId, key);
            return right.begin(key, remainingMs);
          },
          complete: (eventId) => right.complete(keys.get(eventId) ?? eventId),
          release: (eventId) => right.release(keys.get(eventId) ?? eventId),
        };
      }),
  },
};

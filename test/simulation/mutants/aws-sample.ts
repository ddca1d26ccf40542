import { watchBatches } from "./batch.ts";
import type { WorldMutant } from "./mutant.ts";

/**
 * AWS's own sample of a webhook receiver (`aws-samples/webhooks`) looks for the event, then puts it without a
 * condition, and takes the time of arrival for the id of an event that has none.
 */
export const AWS_SAMPLE_MUTANTS: readonly WorldMutant[] = [
  {
    id: "aws-sample-looks-then-puts",
    what: "AWS's sample: it looks whether the event is known, and then takes it, without a condition",
    within: 1_200,
    plant: () => {
      const known = new Set<string>();
      return {
        consumerDependencies: (right, { sandbox }) => ({
          ...right,
          idempotency: {
            async begin(eventId) {
              if (known.has(eventId)) return "duplicate";
              await sandbox.sleep(20);
              return "begun";
            },
            async complete(eventId) {
              known.add(eventId);
            },
            async release() {},
          },
        }),
      };
    },
  },
  {
    id: "aws-sample-arrival-time-as-id",
    what: "AWS's sample: an event without an id is known by the second of its arrival",
    plant: () => {
      const { consumer, recordOf } = watchBatches();
      return {
        consumer,
        consumerDependencies: (right, { sandbox }) => {
          const { idempotency } = right;
          const keys = new Map<string, string>();
          return {
            ...right,
            idempotency: {
              begin(eventId, remainingMs) {
                const isEvent = recordOf(sandbox, eventId) !== null;
                const key = isEvent ? String(Math.floor(sandbox.now() / 1_000)) : eventId;
                keys.set(eventId, key);
                return idempotency.begin(key, remainingMs);
              },
              complete: (eventId) => idempotency.complete(keys.get(eventId) ?? eventId),
              release: (eventId) => idempotency.release(keys.get(eventId) ?? eventId),
            },
          };
        },
      };
    },
  },
];

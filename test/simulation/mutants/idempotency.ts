import type { Idempotency } from "../../../lambdas/domain/ports.ts";
import { IDEMPOTENCY } from "../../../lambdas/settings/limits.ts";
import type { FaultPoints } from "../faults/fault-points.ts";
import type { Sandbox } from "../faults/sandbox.ts";
import { watchBatches } from "./batch.ts";
import type { RecordFacts } from "./batch.ts";
import type { WorldMutant } from "./mutant.ts";

const HOUR = 3_600_000;

/** Keys the idempotency by something else than the event. */
function keyedBy(keyOf: (eventId: string, record: RecordFacts | null) => string): FaultPoints {
  const { consumer, recordOf } = watchBatches();
  return {
    consumer,
    consumerDependencies: (right, { sandbox }) => ({
      ...right,
      idempotency: {
        begin: (eventId, remainingMs) =>
          right.idempotency.begin(keyOf(eventId, recordOf(sandbox, eventId)), remainingMs),
        complete: (eventId) =>
          right.idempotency.complete(keyOf(eventId, recordOf(sandbox, eventId))),
        release: (eventId) => right.idempotency.release(keyOf(eventId, recordOf(sandbox, eventId))),
      },
    }),
  };
}

function withIdempotency(
  change: (right: Idempotency, sandbox: Sandbox) => Partial<Idempotency>,
): FaultPoints {
  return {
    consumerDependencies: (right, { sandbox }) => {
      const { idempotency } = right;
      return {
        ...right,
        idempotency: {
          begin: (eventId, remainingMs) => idempotency.begin(eventId, remainingMs),
          complete: (eventId) => idempotency.complete(eventId),
          release: (eventId) => idempotency.release(eventId),
          ...change(idempotency, sandbox),
        },
      };
    },
  };
}

/** No event is locked, and none is known to have had its effect. */
const NO_IDEMPOTENCY: Idempotency = {
  begin: async () => "begun",
  async complete() {},
  async release() {},
};

/** Pitfalls 1: what goes wrong with Powertools idempotency. */
export const IDEMPOTENCY_MUTANTS: readonly WorldMutant[] = [
  {
    id: "ttl-of-an-hour",
    what: "an idempotency record is forgotten after an hour, Powertools' default",
    plant: () => ({
      idempotencyRecords: (right) => ({
        ...right,
        lock: (key, record, now) => right.lock(key, { ...record, expiresAt: now + HOUR }, now),
        complete: (key, expiresAt) => right.complete(key, expiresAt - IDEMPOTENCY.windowMs + HOUR),
        remove: (key) => right.remove(key),
      }),
    }),
  },
  {
    id: "key-is-the-message-id",
    what: "the idempotency key is SQS's message id, as the batch documentation shows it",
    plant: () => keyedBy((eventId, record) => record?.messageId ?? eventId),
  },
  {
    id: "key-is-the-body",
    what: "the idempotency key is a hash of the body, which each attempt of Alloy's stamps anew",
    plant: () => keyedBy((eventId, record) => record?.body ?? eventId),
  },
  {
    id: "key-of-missing-members",
    what: "a composite key with all members missing: every event has the key [null,null]",
    plant: () => keyedBy(() => "[null,null]"),
  },
  {
    id: "key-without-the-event",
    what: "a composite key with a member missing: all events of an application have one key",
    plant: () => keyedBy((eventId, record) => record?.applicationToken ?? eventId),
  },
  {
    id: "no-key-no-idempotency",
    what: "a key that is not found turns idempotency off, with a warning that nobody reads",
    plant: () => withIdempotency(() => NO_IDEMPOTENCY),
  },
  {
    id: "no-lock-in-progress",
    what: "only finished events are remembered: two invocations work on one at the same time",
    plant: () => ({
      idempotencyRecords: (right, cloud) => ({
        async lock(key, record, now) {
          const standing = await right.lock(key, record, now);
          if (standing?.status !== "in-progress") return standing;
          cloud.idempotency.records.set(key, record);
          return null;
        },
        complete: (key, expiresAt) => right.complete(key, expiresAt),
        remove: (key) => right.remove(key),
      }),
    }),
  },
  {
    id: "context-not-registered",
    what: "a killed invocation locks its events for the whole window",
    plant: () => withIdempotency((right) => ({ begin: (eventId) => right.begin(eventId, 0) })),
  },
  {
    id: "one-store-for-two-keys",
    what: "two operations share a persistence store: a result is saved under the other's key",
    plant: () => {
      let last = "";
      return {
        idempotencyRecords: (right) => ({
          lock(key, record, now) {
            last = key;
            return right.lock(key, record, now);
          },
          complete: (_, expiresAt) => right.complete(last, expiresAt),
          remove: (key) => right.remove(key),
        }),
      };
    },
  },
  {
    id: "prefix-of-the-function-name",
    what: "the key prefix contains the function's name: its replacement forgets every record",
    plant: () => {
      let since = 0;
      return {
        idempotencyRecords: (right, cloud) => ({
          lock(key, record, now) {
            since ||= now;
            if (now - since > HOUR) {
              since = Number.POSITIVE_INFINITY;
              cloud.idempotency.records.clear();
            }
            return right.lock(key, record, now);
          },
          complete: (key, expiresAt) => right.complete(key, expiresAt),
          remove: (key) => right.remove(key),
        }),
      };
    },
  },
  {
    id: "remembered-before-the-effect",
    what: "the event is marked as done before its effect",
    plant: () =>
      withIdempotency((right) => ({
        ...NO_IDEMPOTENCY,
        async begin(eventId, remainingMs) {
          const answer = await right.begin(eventId, remainingMs);
          if (answer === "begun") await right.complete(eventId);
          return answer;
        },
      })),
  },
  {
    id: "failure-remembered-as-done",
    what: "an effect that failed is remembered as had",
    plant: () => withIdempotency((right) => ({ release: (eventId) => right.complete(eventId) })),
  },
  {
    id: "healed-without-idempotency",
    what: "what the poller brings has its effect without asking whether it had it",
    plant: () => {
      const { consumer, recordOf } = watchBatches();
      const faultPoints = withIdempotency((right, sandbox) => {
        const of = (eventId: string) =>
          recordOf(sandbox, eventId)?.kind === "poll" ? NO_IDEMPOTENCY : right;
        return {
          begin: (eventId, remainingMs) => of(eventId).begin(eventId, remainingMs),
          complete: (eventId) => of(eventId).complete(eventId),
          release: (eventId) => of(eventId).release(eventId),
        };
      });
      return { ...faultPoints, consumer };
    },
  },
];

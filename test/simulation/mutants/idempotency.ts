import type { Idempotency } from "../../../lambdas/domain/ports.ts";
import { IDEMPOTENCY } from "../../../lambdas/settings/limits.ts";
import type { FaultPoints } from "../faults/fault-points.ts";
import { inIdempotency, inRecords } from "./plant.ts";
import { withBatches } from "./batch.ts";
import type { RecordFacts } from "./batch.ts";
import type { Mutants } from "./mutant.ts";
import { HOUR } from "../../../tools/cloud-in-memory/clock.ts";

/** Keys the idempotency by something else than the event. */
function keyedBy(keyOf: (eventId: string, record: RecordFacts | null) => string): FaultPoints {
  return withBatches((right, recordOf) => {
    const key = (eventId: string) => keyOf(eventId, recordOf(eventId));
    return {
      begin: (eventId, remainingMs) => right.begin(key(eventId), remainingMs),
      complete: (eventId) => right.complete(key(eventId)),
      release: (eventId) => right.release(key(eventId)),
    };
  });
}

/** No event is locked, and none is known to have had its effect. */
const NO_IDEMPOTENCY: Idempotency = {
  begin: async () => "begun",
  async complete() {},
  async release() {},
};

/** Pitfalls 1: what goes wrong with Powertools idempotency. */
export const IDEMPOTENCY_MUTANTS: Mutants = {
  "ttl-of-an-hour": {
    what: "an idempotency record is forgotten after an hour, Powertools' default",
    plant: () =>
      inRecords((right) => ({
        lock: (key, record, now) => right.lock(key, { ...record, expiresAt: now + HOUR }, now),
        complete: (key, expiresAt) => right.complete(key, expiresAt - IDEMPOTENCY.windowMs + HOUR),
      })),
  },
  "key-is-the-message-id": {
    what: "the idempotency key is SQS's message id, as the batch documentation shows it",
    plant: () => keyedBy((eventId, record) => record?.messageId ?? eventId),
  },
  "key-is-the-body": {
    what: "the idempotency key is a hash of the body, which each attempt of Alloy's stamps anew",
    plant: () => keyedBy((eventId, record) => record?.body ?? eventId),
  },
  "key-of-missing-members": {
    what: "a composite key with all members missing: every event has the key [null,null]",
    plant: () => keyedBy(() => "[null,null]"),
  },
  "key-without-the-event": {
    what: "a composite key with a member missing: all events of an application have one key",
    plant: () => keyedBy((eventId, record) => record?.applicationToken ?? eventId),
  },
  "no-key-no-idempotency": {
    what: "a key that is not found turns idempotency off, with a warning that nobody reads",
    plant: () => inIdempotency(() => NO_IDEMPOTENCY),
  },
  "no-lock-in-progress": {
    what: "only finished events are remembered: two invocations work on one at the same time",
    plant: () =>
      inRecords((right, { idempotency }) => ({
        async lock(key, record, now) {
          const standing = await right.lock(key, record, now);
          if (standing?.status !== "in-progress") return standing;
          idempotency.records.set(key, record);
          return null;
        },
      })),
  },
  "context-not-registered": {
    what: "a killed invocation locks its events for the whole window",
    plant: () => inIdempotency((right) => ({ begin: (eventId) => right.begin(eventId, 0) })),
  },
  "one-store-for-two-keys": {
    what: "two operations share a persistence store: a result is saved under the other's key",
    plant: () => {
      let last = "";
      return inRecords((right) => ({
        lock(key, record, now) {
          last = key;
          return right.lock(key, record, now);
        },
        complete: (_, expiresAt) => right.complete(last, expiresAt),
      }));
    },
  },
  "prefix-of-the-function-name": {
    what: "the key prefix contains the function's name: its replacement forgets every record",
    plant: () => {
      let since = 0;
      return inRecords((right, { idempotency }) => ({
        lock(key, record, now) {
          since ||= now;
          if (now - since > HOUR) {
            since = Number.POSITIVE_INFINITY;
            idempotency.records.clear();
          }
          return right.lock(key, record, now);
        },
      }));
    },
  },
  "remembered-before-the-effect": {
    what: "the event is marked as done before its effect",
    plant: () =>
      inIdempotency((right) => ({
        ...NO_IDEMPOTENCY,
        async begin(eventId, remainingMs) {
          const answer = await right.begin(eventId, remainingMs);
          if (answer === "begun") await right.complete(eventId);
          return answer;
        },
      })),
  },
  "failure-remembered-as-done": {
    what: "an effect that failed is remembered as had",
    plant: () => inIdempotency((right) => ({ release: (eventId) => right.complete(eventId) })),
  },
  "healed-without-idempotency": {
    what: "what the poller brings has its effect without asking whether it had it",
    plant: () =>
      withBatches((right, recordOf) => {
        const of = (eventId: string) =>
          recordOf(eventId)?.kind === "poll" ? NO_IDEMPOTENCY : right;
        return {
          begin: (eventId, remainingMs) => of(eventId).begin(eventId, remainingMs),
          complete: (eventId) => of(eventId).complete(eventId),
          release: (eventId) => of(eventId).release(eventId),
        };
      }),
  },
};

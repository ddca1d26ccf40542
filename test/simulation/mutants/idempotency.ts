import type { SQSEvent } from "aws-lambda";

import type { Idempotency } from "../../../lambdas/domain/ports.ts";
import { IDEMPOTENCY } from "../../../lambdas/settings/limits.ts";
import type { FaultPoints } from "../faults/fault-points.ts";
import type { Sandbox } from "../faults/sandbox.ts";
import { identityOf } from "../scenario/views.ts";
import { inIdempotency, inRecords } from "./plant.ts";
import type { Mutants } from "./mutant.ts";
import { HOUR } from "../../../tools/cloud-in-memory/clock.ts";

/** Keys the idempotency by something else than the event. */
function keyedBy(keyOf: (eventId: string, record: RecordFacts | null) => string): FaultPoints {
  return withBatches((right, recordOf) => {
    const key = (eventId: string) => keyOf(eventId, recordOf(eventId));
    return {
      begin: (eventId, remainingMs) => right.begin(key(eventId), remainingMs),
      isCompleted: (eventId) => right.isCompleted(key(eventId)),
      complete: (eventId) => right.complete(key(eventId)),
      release: (eventId) => right.release(key(eventId)),
    };
  });
}

/** No event is locked, and none is known to have had its effect. */
const NO_IDEMPOTENCY: Idempotency = {
  begin: async () => "begun",
  isCompleted: async () => false,
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
          isCompleted: (eventId) => of(eventId).isCompleted(eventId),
          complete: (eventId) => of(eventId).complete(eventId),
          release: (eventId) => of(eventId).release(eventId),
        };
      }),
  },
  // AWS's own sample of a webhook receiver (`aws-samples/webhooks`).
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
          isCompleted: (eventId) => right.isCompleted(keys.get(eventId) ?? eventId),
          complete: (eventId) => right.complete(keys.get(eventId) ?? eventId),
          release: (eventId) => right.release(keys.get(eventId) ?? eventId),
        };
      }),
  },
};

/** What a queue record says of itself, for bugs that look at the wrong thing. */
interface RecordFacts {
  readonly messageId: string;
  readonly kind: string;
  readonly body: string;
  readonly applicationToken: string;
}

/** Finds the record of the batch that brings an event; null: none of Alloy's events has this id. */
type RecordOf = (eventId: string) => RecordFacts | null;

/** A consumer whose idempotency looks at the batch that its sandbox works on. */
function withBatches(
  wrong: (right: Idempotency, recordOf: RecordOf, sandbox: Sandbox) => Idempotency,
): FaultPoints {
  const batches = new WeakMap<Sandbox, SQSEvent>();
  return {
    ...inIdempotency((right, sandbox) =>
      wrong(right, (eventId) => recordIn(batches.get(sandbox), eventId), sandbox),
    ),
    consumer:
      (handle, { sandbox }) =>
      (event, context) => {
        batches.set(sandbox, event);
        return handle(event, context);
      },
  };
}

function recordIn(batch: SQSEvent | undefined, eventId: string): RecordFacts | null {
  for (const { messageId, body: message } of batch?.Records ?? []) {
    const { kind, body }: { kind: string; body?: string | null } = JSON.parse(message);
    if (typeof body !== "string" || !body.includes("journey_application_token")) continue;
    const { data }: { data: Readonly<Record<string, unknown>> } = JSON.parse(body);
    if (identityOf(data) !== eventId) continue;
    const applicationToken = String(data["journey_application_token"]);
    return { messageId, kind, body, applicationToken };
  }
  return null;
}

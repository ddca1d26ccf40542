import { createHash } from "node:crypto";

import { mayHaveNumber, numberOf } from "../domain/application/effect-numbers.ts";
import type { EventPlace, Merged, Recording, RecordLock } from "../domain/ports.ts";
import type { EffectDependencies } from "./effect.ts";
import type { Message } from "./message.ts";

/*
 * The lock of an event that is processed for the first time is part of its record (docs/decisions/0079): one write records
 * and locks it. Whoever comes to the event in any other way locks an idempotency record, as before, and then looks
 * whether the first message is still at work.
 *
 * Two messages can both believe that they are the first where the event is not recorded yet: a webhook, and an answer of
 * Alloy's that is published in its place. The merge of the application decides between them, since it numbers an effect
 * once: only the message whose merge numbered it goes on without an idempotency record.
 */

/** What keeps an effect from being had twice. `record`: the lock is in the event's record. */
export type Guard = "record" | "idempotency-record" | "none";

/** What a message may do with an event. */
export type Admission = "begun" | "duplicate" | "in-conflict";

/** The lock with which a message records its event. @param until - when its invocation is over, epoch milliseconds. */
export function lockFor({ records: [record] }: Message, until: number): RecordLock {
  // A receipt handle is new with each delivery; it is some hundred characters long.
  const digest = createHash("sha256").update(record?.receiptHandle ?? "");
  return { by: digest.digest("base64url").slice(0, 8), until };
}

/** Whether the record says that this very delivery recorded and locked it: the answer to its write may have been lost. */
export function isHeldBy(lock: RecordLock, recording: Recording): boolean {
  return recording.lock?.by === lock.by && recording.lock.until === lock.until;
}

/**
 * Admits a message that would have recorded and locked its event, and found it recorded.
 *
 * @param isLateNow - whether the event is late and nobody publishes it any more: its first message finishes it, and leaves no
 *   completion that would say so.
 */
export async function admitSecond(
  key: string,
  { lock }: Recording,
  isLateNow: () => Promise<boolean>,
  dependencies: Pick<EffectDependencies, "begin" | "isCompleted" | "now">,
): Promise<Admission> {
  if (lock !== undefined) {
    if (await dependencies.isCompleted(key)) return "duplicate";
    if (lock.until > dependencies.now()) {
      return (await isLateNow()) ? "duplicate" : "in-conflict";
    }
  }
  return dependencies.begin(key);
}

/**
 * Looks at the lock in an event's record, once its idempotency record is locked: the event's first message may be at work,
 * or may have ended since.
 *
 * @param lock - as it is in the record; undefined or null: none.
 */
export async function besideFirst(
  key: string,
  lock: RecordLock | undefined | null,
  { isCompleted, now }: Pick<EffectDependencies, "isCompleted" | "now">,
): Promise<Admission> {
  if (lock === undefined || lock === null) return "begun";
  if (await isCompleted(key)) return "duplicate";
  return lock.until > now() ? "in-conflict" : "begun";
}

/** The same for an event that is recorded elsewhere than in what the message has read. */
export async function besideFirstOf(
  event: EventPlace,
  { store, ...dependencies }: Pick<EffectDependencies, "store" | "isCompleted" | "now">,
): Promise<Admission> {
  return besideFirst(event.eventId, await store.lockOf(event), dependencies);
}

/** Whether this merge gave the effect its number: nobody else has published it, or is about to. */
export function isNumberedBy({ before, after }: Merged, eventId: string): boolean {
  const had = before !== null && mayHaveNumber(before.effects, eventId);
  return !had && numberOf(after.effects, [eventId]) !== null;
}

import type { Idempotency } from "../../lambdas/domain/ports.ts";
import { IDEMPOTENCY } from "../../lambdas/settings/limits.ts";

/** One idempotency record; times in epoch milliseconds. */
export interface IdempotencyRecord {
  readonly status: "in-progress" | "completed";
  readonly expiresAt: number;
  /** When the invocation that holds the lock is over; null: not known, and the lock lasts as the record does. */
  readonly lockedUntil: number | null;
}

/** The calls of the table. */
export interface IdempotencyRecords {
  /** Locks the key, unless somebody has. @returns null when it is locked now, or the record that stands against it. */
  lock(key: string, record: IdempotencyRecord, now: number): Promise<IdempotencyRecord | null>;
  read(key: string): Promise<IdempotencyRecord | null>;
  complete(key: string, expiresAt: number): Promise<void>;
  /** Removes what is in progress, also somebody else's. */
  remove(key: string): Promise<void>;
}

/** `IdempotencyTable` in memory: conditional only where Powertools is. */
export class MemoryIdempotencyTable implements IdempotencyRecords {
  readonly records = new Map<string, IdempotencyRecord>();

  async lock(key: string, record: IdempotencyRecord, now: number) {
    const kept = this.records.get(key);
    if (kept !== undefined && !isOver(kept, now)) return kept;
    this.records.set(key, record);
    return null;
  }

  async read(key: string) {
    return this.records.get(key) ?? null;
  }

  async complete(key: string, expiresAt: number): Promise<void> {
    const lockedUntil = this.records.get(key)?.lockedUntil ?? null;
    this.records.set(key, { status: "completed", expiresAt, lockedUntil });
  }

  async remove(key: string): Promise<void> {
    if (this.records.get(key)?.status === "in-progress") this.records.delete(key);
  }
}

function isOver({ status, expiresAt, lockedUntil }: IdempotencyRecord, now: number): boolean {
  if (expiresAt < now) return true;
  return status === "in-progress" && lockedUntil !== null && lockedUntil < now;
}

/**
 * `Idempotency` with the semantics that Powertools has, its weaknesses included: a lock that ends with its invocation,
 * a completion without a condition, and a release that can remove another attempt's lock.
 */
export class MemoryIdempotency implements Idempotency {
  readonly #records: IdempotencyRecords;
  readonly #now: () => number;

  constructor(records: IdempotencyRecords, now: () => number) {
    this.#records = records;
    this.#now = now;
  }

  async begin(
    eventId: string,
    remainingMs: number,
  ): Promise<"begun" | "duplicate" | "in-conflict"> {
    if (eventId === "") throw new Error("an event without an id cannot be locked");
    const now = this.#now();
    const lock: IdempotencyRecord = {
      status: "in-progress",
      expiresAt: now + IDEMPOTENCY.windowMs,
      // Powertools takes no time left for not knowing it.
      lockedUntil: remainingMs === 0 ? null : now + remainingMs,
    };
    const standing = await this.#records.lock(eventId, lock, now);
    if (standing === null) return "begun";
    return standing.status === "completed" ? "duplicate" : "in-conflict";
  }

  async isCompleted(eventId: string): Promise<boolean> {
    const record = await this.#records.read(eventId);
    return record?.status === "completed" && !isOver(record, this.#now());
  }

  async complete(eventId: string): Promise<void> {
    await this.#records.complete(eventId, this.#now() + IDEMPOTENCY.windowMs);
  }

  async release(eventId: string): Promise<void> {
    await this.#records.remove(eventId);
  }
}

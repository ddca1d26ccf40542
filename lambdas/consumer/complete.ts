import type { SQSRecord } from "aws-lambda";

import { correctionIdOf } from "../domain/application/correction.ts";
import type { Deadline } from "../domain/deadline.ts";
import { PermanentError } from "../domain/errors.ts";
import type {
  ApplicationStore,
  DeadLetters,
  FailureRecord,
  Idempotency,
  InvestigationStore,
  QueueMessages,
} from "../domain/ports.ts";
import { QUEUE } from "../settings/limits.ts";
import { METRICS } from "../settings/metrics.ts";
import { DECISION_ROUTE_ID } from "../settings/routes.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { MessageLogger } from "../telemetry/powertools-logger.ts";
import { webhookFor } from "./alias.ts";
import { isUnrecognised } from "./effect.ts";
import { mayHaveFailed } from "./message.ts";
import type { Content, Message } from "./message.ts";
import type { Lock, Prepared } from "./prepare.ts";

/** Whether the bus took an event, or why not. */
export type Publication = "published" | { readonly error: unknown };

/** How a message ended. */
export type Result =
  | { readonly kind: "done" | "duplicate" | "in-conflict" | "ignored" }
  /** The message was not prepared in time: its event is not published. */
  | { readonly kind: "unprepared" }
  /** A call for the message did not end in time. */
  | { readonly kind: "unfinished" }
  /** The message has its effect, but its idempotency record does not say so. */
  | { readonly kind: "completion-unsaved" }
  | { readonly kind: "failed"; readonly error: unknown };

export interface CompleteDependencies {
  readonly store: ApplicationStore;
  readonly investigations: InvestigationStore;
  readonly idempotency: Idempotency;
  readonly deadLetters: DeadLetters;
  readonly messages: QueueMessages;
  readonly metrics: Metrics<"consumer">;
  readonly logger: MessageLogger;
  readonly now: () => number;
}

/**
 * Completes the idempotency records of a message that has its effect, and releases its locks where it has none.
 *
 * After the deadline, another invocation may hold the same locks. Nothing is released then, since the lock of an
 * idempotency record does not say whose it is. A late effect is still completed.
 *
 * @param publication - null: the event was not published, or there is none.
 */
export async function complete(
  { message, locks, outcome }: Prepared,
  publication: Publication | null,
  deadline: Deadline,
  { idempotency, metrics }: Pick<CompleteDependencies, "idempotency" | "metrics">,
): Promise<Result> {
  if (outcome.kind !== "done" && outcome.kind !== "duplicate") return release(locks, outcome);
  const { kind, event, finish, isSilent = false, isRecordEnough = false } = outcome;
  if (event !== null) {
    if (publication === null) return release(locks, { kind: "unprepared" });
    if (publication !== "published") return release(locks, { kind: "failed", ...publication });
    metrics.count(METRICS.eventsPublished);
  }
  // Its webhook may come after all, and must not find it done.
  const isOpen = isSilent && event === null;
  const own = isOpen ? locks : locks.filter(({ key }) => key === message.key);
  try {
    for (const key of keysOf(locks.filter((lock) => !own.includes(lock)))) {
      await idempotency.complete(key);
    }
    await finish?.();
  } catch (error) {
    return release(own, { kind: "failed", error });
  }
  if (isOpen) return release(own, { kind });
  if (isRecordEnough && event === null) return { kind };
  try {
    for (const key of keysOf(own)) await idempotency.complete(key);
  } catch {
    return { kind: "completion-unsaved" };
  }
  return { kind };

  async function release(held: readonly Lock[], result: Result): Promise<Result> {
    let released = result;
    for (const lock of held.toReversed()) {
      if (deadline.isPast("completeBy")) return result;
      try {
        await lock.release();
      } catch (error) {
        released = { kind: "failed", error };
      }
    }
    return released;
  }
}

/** An event may be locked by its record and by an idempotency record as well. */
function keysOf(locks: readonly Lock[]): readonly string[] {
  return [...new Set(locks.map(({ key }) => key))];
}

/** Seconds until the next try, by the number of receives: together they outlast an incident of 45 minutes. */
const RETRY_SECONDS: readonly number[] = [5, 30, 180, 600, 1_800];

/**
 * The same for an event that another invocation processes: soon, since that ends within seconds. Together they are
 * longer than the lock of a killed invocation, which ends with the function's time-out.
 */
const CONFLICT_SECONDS: readonly number[] = [2, 10, 30, 30, 60];

/**
 * Makes the function that acknowledges, retries or dead-letters the records of a message, and updates its failure
 * record.
 *
 * @returns a function that returns the records to retry. Its message is null for a record that could not be read.
 */
export function makeAcknowledge(dependencies: CompleteDependencies) {
  const { store, investigations, deadLetters, messages, metrics, logger, now } = dependencies;

  return async (
    records: readonly SQSRecord[],
    message: Message | null,
    result: Result,
  ): Promise<readonly SQSRecord[]> => {
    const logKeys = message?.logKeys ?? {};
    switch (result.kind) {
      case "done":
        if (records.length > 1) metrics.count(METRICS.eventsDuplicate, records.length - 1);
        if (message !== null && isUnrecognised(message.content)) {
          logger.warn("consumer.event.unrecognised", logKeys);
        }
        await clearFailure(message, result.kind);
        return [];
      case "duplicate":
        metrics.count(METRICS.eventsDuplicate, records.length);
        await clearFailure(message, result.kind);
        return [];
      case "ignored":
        metrics.count(METRICS.eventsIgnored, records.length);
        logger.debug("consumer.event.ignored", logKeys);
        return [];
      case "in-conflict":
        metrics.count(METRICS.eventsInConflict, records.length);
        logger.info("consumer.event.in-conflict", logKeys);
        return retry(records, CONFLICT_SECONDS);
      case "unprepared":
        logger.warn("consumer.record.postponed", logKeys);
        return retry(records);
      case "unfinished":
        // Its idempotency record, if it has one, is locked until this invocation's time-out: before the next try.
        logger.warn("consumer.record.cut-off", logKeys);
        return retry(records);
      case "completion-unsaved":
        // No failure record: another copy may find the event done, and would not remove it.
        logger.warn("consumer.event.unremembered", logKeys);
        return retry(records);
      case "failed":
        return result.error instanceof PermanentError
          ? deadLetter(records, message, result.error.message)
          : retryFailed(records, message, result.error);
    }
  };

  async function deadLetter(
    records: readonly SQSRecord[],
    message: Message | null,
    reason: string,
  ): Promise<readonly SQSRecord[]> {
    const logKeys = { ...message?.logKeys, reason };
    const stuck: SQSRecord[] = [];
    await Promise.all(
      records.map(async (record) => {
        try {
          await deadLetters.send(record.body, reason);
        } catch (error) {
          // Only this record is retried: the message's other records are in the dead-letter queue.
          stuck.push(record);
          logger.error("consumer.record.stuck", { ...logKeys, error: nameOf(error) });
        }
      }),
    );
    const gone = records.length - stuck.length;
    if (gone > 0) {
      metrics.count(METRICS.recordsDeadLettered, gone);
      logger.error("consumer.record.dead-lettered", logKeys);
      await recordFailure(message, reason, true);
    }
    return retry(stuck);
  }

  async function retryFailed(
    records: readonly SQSRecord[],
    message: Message | null,
    error: unknown,
  ): Promise<readonly SQSRecord[]> {
    const reason = error instanceof Error ? error.message : String(error);
    const isLastTry = (record: SQSRecord) => receivesOf(record) >= QUEUE.maxReceives;
    // SQS would move these itself: at their next receive, half an hour later, without a reason.
    const last = records.filter(isLastTry);
    const givenUp = `given up after ${QUEUE.maxReceives} tries: ${reason}`;
    const stuck = last.length === 0 ? [] : await deadLetter(last, message, givenUp);
    const others = records.filter((record) => !isLastTry(record));
    if (others.length === 0) return stuck;
    logger.warn("consumer.record.failed", { ...message?.logKeys, reason });
    await recordFailure(message, reason, false);
    return [...stuck, ...(await retry(others))];
  }

  async function retry(
    records: readonly SQSRecord[],
    delays = RETRY_SECONDS,
  ): Promise<readonly SQSRecord[]> {
    await Promise.all(
      records.map(async (record) => {
        const seconds = delays[Math.min(receivesOf(record), delays.length) - 1] ?? 0;
        try {
          await messages.retryAfter(record.receiptHandle, seconds);
        } catch {
          // The record comes back after the queue's own visibility timeout: later, but not lost.
        }
      }),
    );
    return records;
  }

  async function recordFailure(
    message: Message | null,
    reason: string,
    deadLettered: boolean,
  ): Promise<void> {
    if (message === null) return;
    const { content, receipt, logKeys } = message;
    const failure = { reason, deadLettered, failedAt: now() };
    try {
      if (content.kind === "investigation") {
        const { investigationToken, eventId, status: eventType } = content.event;
        await investigations.recordFailure({ investigationToken, eventId, eventType, ...failure });
        return;
      }
      const failed = failedOf(content);
      if (failed === null) return;
      await store.recordFailure({ ...failed, receiptId: receipt.receiptId, ...failure });
    } catch (error) {
      logger.warn("consumer.failure.unrecorded", { ...logKeys, error: nameOf(error) });
    }
  }

  /** A delete costs a write unit also when there is no record, so only what may have failed pays it. */
  async function clearFailure(message: Message | null, kind: "done" | "duplicate"): Promise<void> {
    if (message === null || !mayHaveFailed(message)) return;
    const { content, logKeys } = message;
    try {
      if (content.kind === "investigation") {
        const { investigationToken, eventId } = content.event;
        await investigations.clearFailure(investigationToken, eventId);
        return;
      }
      const failed = failedOf(content);
      if (failed === null) return;
      const { applicationToken, eventId } = failed;
      await store.clearFailure(applicationToken, eventId);
      if (content.kind === "journey-event") {
        // The event may have failed as its webhook, under another id. The publisher has removed that record.
        if (kind === "done" || message.receipt.origin !== "poll") return;
        const webhook = await webhookFor(message, content.event, store);
        if (webhook !== null) await store.clearFailure(applicationToken, webhook.eventId);
      }
    } catch (error) {
      logger.warn("consumer.failure.unrecorded", { ...logKeys, error: nameOf(error) });
    }
  }
}

/** What a failure record is of; null: there is none. */
function failedOf(
  content: Content,
): Pick<FailureRecord, "applicationToken" | "eventId" | "eventType"> | null {
  switch (content.kind) {
    case "journey-event": {
      const { applicationToken, eventId, type: eventType } = content.event;
      return { applicationToken, eventId, eventType };
    }
    case "correction": {
      const { applicationToken } = content.correction.snapshot;
      return {
        applicationToken,
        eventId: correctionIdOf(content.correction),
        eventType: "snapshot",
      };
    }
    case "decision": {
      const { snapshot, decided } = content.decision;
      const { applicationToken } = snapshot;
      return { applicationToken, eventId: decided.decisionId, eventType: DECISION_ROUTE_ID };
    }
    case "investigation":
    case "unsupported-webhook":
    case "submission":
      return null;
  }
}

/** How often SQS delivered the record, this time included. */
function receivesOf({ attributes }: SQSRecord): number {
  return Number(attributes.ApproximateReceiveCount);
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : "unknown error";
}

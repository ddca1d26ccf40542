import type { SQSRecord } from "aws-lambda";

import { webhookOf } from "../domain/alias.ts";
import { PermanentError } from "../domain/errors.ts";
import { factsOf } from "../domain/event-types.ts";
import type { JourneyEvent } from "../domain/journey-event.ts";
import type {
  ApplicationStore,
  DeadLetters,
  InvestigationStore,
  QueueMessages,
} from "../domain/ports.ts";
import { METRICS, QUEUE } from "../settings.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { MessageLogger } from "../telemetry/powertools-logger.ts";
import { mayHaveFailed } from "./work.ts";
import type { Work } from "./work.ts";

/** How a work ended. */
export type Result =
  | { readonly kind: "done" | "duplicate" | "in-conflict" | "ignored" | "postponed" | "cut-off" }
  /** It has had its effect, and that could not be noted. */
  | { readonly kind: "unremembered" }
  | { readonly kind: "failed"; readonly error: unknown };

export interface SettleDependencies {
  readonly store: ApplicationStore;
  readonly investigations: InvestigationStore;
  readonly deadLetters: DeadLetters;
  readonly messages: QueueMessages;
  readonly metrics: Metrics;
  readonly logger: MessageLogger;
  readonly now: () => number;
}

/**
 * Seconds until the next try, by how often the record was received. The first is for a passing
 * fault; all of them together outlast an incident of three quarters of an hour.
 */
const RETRY_SECONDS: readonly number[] = [5, 30, 180, 600, 1_800];

/**
 * The same for an event that another invocation works on: soon, since that ends within seconds; and
 * together longer than the lock of an invocation that was killed, which ends with the function's timeout.
 */
const CONFLICT_SECONDS: readonly number[] = [2, 10, 30, 30, 60];

/**
 * Makes the function that ends a work: counts it, moves its evidence, and decides for its records.
 *
 * @returns a function that returns the records to give back to the queue.
 */
export function makeSettle(dependencies: SettleDependencies) {
  const { store, investigations, deadLetters, messages, metrics, logger, now } = dependencies;

  return async (
    records: readonly SQSRecord[],
    /** Null when the record could not be read. */
    work: Work | null,
    result: Result,
  ): Promise<readonly SQSRecord[]> => {
    const { kind } = result;
    switch (kind) {
      case "done":
        metrics.count(METRICS.eventsDuplicate, records.length - 1);
        if (isUnrecognised(work)) logger.warn("consumer.event.unrecognised", keysOf(work));
        await clearEvidence(work, kind);
        return [];
      case "duplicate":
        metrics.count(METRICS.eventsDuplicate, records.length);
        await clearEvidence(work, kind);
        return [];
      case "ignored":
        metrics.count(METRICS.eventsIgnored, records.length);
        logger.debug("consumer.event.ignored", keysOf(work));
        return [];
      case "in-conflict":
        metrics.count(METRICS.eventsInConflict, records.length);
        logger.info("consumer.event.in-conflict", keysOf(work));
        return giveBack(records, CONFLICT_SECONDS);
      case "postponed":
        logger.warn("consumer.record.postponed", keysOf(work));
        return giveBack(records);
      case "cut-off":
        // Its lock, if it has one, ends with this invocation: before it comes back.
        logger.warn("consumer.record.cut-off", keysOf(work));
        return giveBack(records);
      case "unremembered":
        // No evidence of a failure: another copy may have found the event done, and nobody would remove it.
        logger.warn("consumer.event.unremembered", keysOf(work));
        return giveBack(records);
      case "failed":
        return result.error instanceof PermanentError
          ? deadLetter(records, work, result.error.message)
          : retry(records, work, result.error);
    }
  };

  async function deadLetter(
    records: readonly SQSRecord[],
    work: Work | null,
    reason: string,
  ): Promise<readonly SQSRecord[]> {
    const stuck: SQSRecord[] = [];
    await Promise.all(
      records.map(async (record) => {
        try {
          await deadLetters.send(record.body, reason);
        } catch (error) {
          // It alone goes back: the others of its work are in the dead-letter queue by now.
          stuck.push(record);
          logger.error("consumer.record.stuck", { ...keysOf(work), reason, error: nameOf(error) });
        }
      }),
    );
    const gone = records.length - stuck.length;
    if (gone > 0) {
      metrics.count(METRICS.recordsDeadLettered, gone);
      logger.error("consumer.record.dead-lettered", { ...keysOf(work), reason });
      await keepEvidence(work, reason, true);
    }
    return stuck.length === 0 ? [] : giveBack(stuck);
  }

  async function retry(
    records: readonly SQSRecord[],
    work: Work | null,
    error: unknown,
  ): Promise<readonly SQSRecord[]> {
    const reason = error instanceof Error ? error.message : String(error);
    const isLastTry = (record: SQSRecord) => receivesOf(record) >= QUEUE.maxReceives;
    // SQS would move these by itself, at their next receive half an hour later and without a reason.
    const last = records.filter(isLastTry);
    const givenUp = `given up after ${QUEUE.maxReceives} tries: ${reason}`;
    const stuck = last.length === 0 ? [] : await deadLetter(last, work, givenUp);
    const others = records.filter((record) => !isLastTry(record));
    if (others.length === 0) return stuck;
    logger.warn("consumer.record.failed", { ...keysOf(work), reason });
    await keepEvidence(work, reason, false);
    return [...stuck, ...(await giveBack(others))];
  }

  async function giveBack(
    records: readonly SQSRecord[],
    waits = RETRY_SECONDS,
  ): Promise<readonly SQSRecord[]> {
    await Promise.all(
      records.map(async (record) => {
        const seconds = waits[Math.min(receivesOf(record), waits.length) - 1] ?? 0;
        try {
          await messages.retryAfter(record.receiptHandle, seconds);
        } catch {
          // Then it comes back after the queue's own visibility timeout: later, but not lost.
        }
      }),
    );
    return records;
  }

  async function keepEvidence(
    work: Work | null,
    reason: string,
    deadLettered: boolean,
  ): Promise<void> {
    const { subject, receipt } = work ?? {};
    const failure = { reason, deadLettered, failedAt: now() };
    try {
      if (subject?.kind === "journey-event") {
        const { applicationToken, eventId, type: eventType } = subject.event;
        const receiptId = receipt?.receiptId ?? "";
        await store.recordFailure({ applicationToken, eventId, eventType, receiptId, ...failure });
      } else if (subject?.kind === "investigation") {
        const { investigationToken, eventId, status: eventType } = subject.event;
        await investigations.recordFailure({ investigationToken, eventId, eventType, ...failure });
      }
    } catch (error) {
      logger.warn("consumer.failure.unrecorded", { ...keysOf(work), error: nameOf(error) });
    }
  }

  /** What the poller brings again may have failed as its webhook, under another id. */
  async function otherIdsOf(event: JourneyEvent, work: Work): Promise<readonly string[]> {
    if (work.receipt.origin !== "poll") return [];
    const webhook = webhookOf(event, work.lookAlikes, await store.reportsNear(event));
    return webhook === null ? [] : [webhook.eventId];
  }

  /** A delete costs a write unit even when nothing is there, so only what may have failed pays it. */
  async function clearEvidence(work: Work | null, kind: "done" | "duplicate"): Promise<void> {
    if (work === null || !mayHaveFailed(work)) return;
    const { subject } = work;
    try {
      if (subject.kind === "investigation") {
        const { investigationToken, eventId } = subject.event;
        await investigations.clearFailure(investigationToken, eventId);
      }
      if (subject.kind !== "journey-event") return;
      const { event } = subject;
      // Whoever gave the event its effect has cleared the failure of its other id (`process-event.ts`).
      const otherIds = kind === "duplicate" ? await otherIdsOf(event, work) : [];
      for (const eventId of [event.eventId, ...otherIds]) {
        await store.clearFailure(event.applicationToken, eventId);
      }
    } catch (error) {
      logger.warn("consumer.failure.unrecorded", { ...keysOf(work), error: nameOf(error) });
    }
  }
}

/** How often the record was received, this time included. */
function receivesOf({ attributes }: SQSRecord): number {
  return Number(attributes.ApproximateReceiveCount);
}

/** The correlation keys of a work's log entries. */
function keysOf(work: Work | null): Readonly<Record<string, string>> {
  if (work === null) return {};
  const { receiptId } = work.receipt;
  const { subject } = work;
  if (subject.kind === "submission") {
    return { receiptId, applicationToken: subject.submission.applicationToken };
  }
  if (subject.kind === "correction") {
    return { receiptId, applicationToken: subject.correction.snapshot.applicationToken };
  }
  if (subject.kind === "investigation") {
    const { eventId, investigationToken, status: eventType } = subject.event;
    return { receiptId, eventId, investigationToken, eventType };
  }
  if (subject.kind === "foreign-webhook") {
    const { eventId, type: eventType } = subject.webhook;
    return { receiptId, eventId, eventType };
  }
  const { eventId, applicationToken, type: eventType } = subject.event;
  return { receiptId, eventId, applicationToken, eventType };
}

/** Whether the message is a webhook that Alloy's documentation does not know. */
function isUnrecognised(work: Work | null): boolean {
  const subject = work?.subject;
  if (subject?.kind === "foreign-webhook") return subject.route === "unrecognised";
  return subject?.kind === "journey-event" && factsOf(subject.event.type) === null;
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : "unknown error";
}

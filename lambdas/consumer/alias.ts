import { healedEventOf, underIdOf, webhookOf } from "../domain/alias.ts";
import type { JourneyEvent } from "../domain/journey-event.ts";
import type { ApplicationStore, Merged, Recording } from "../domain/ports.ts";
import type { PublishedEvent } from "../domain/published-event.ts";
import { ALIAS_MS, reportOf } from "../domain/reconciliation.ts";
import type { EventReport } from "../domain/reconciliation.ts";
import { IDEMPOTENCY } from "../settings.ts";
import type { Effect, EffectDependencies } from "./effect.ts";
import type { Message } from "./message.ts";

/*
 * One event under two ids (docs/decisions/0028): a webhook and Alloy's list may differ in what they say of an event,
 * and so in the id that is computed from it. The report that comes second is an alias of the first.
 *
 * A webhook is recorded first, and then finds in the merged state what was healed. The poller's copy leaves its mark
 * first, and then reads what is recorded. So at least one of the two finds the other.
 */

/**
 * Marks an event that the poller brings, before it is merged.
 *
 * @returns false when no webhook of the event can come any more: no mark is needed.
 */
export async function markHealed(
  { lookAlikes }: Message,
  event: JourneyEvent,
  { store, now }: Pick<EffectDependencies, "store" | "now">,
): Promise<boolean> {
  const { applicationToken, at } = event;
  if (at + IDEMPOTENCY.windowMs <= now()) return false;
  const mark = { event: { ...reportOf(event), applicationToken }, lookAlikes, webhooks: [] };
  await store.markHealed(applicationToken, mark, Math.max(at, now()) + IDEMPOTENCY.windowMs);
  return true;
}

/** The other report under whose id the event is known; null: none. */
export async function aliasOf(
  message: Message,
  event: JourneyEvent,
  { after: { healedUntil } }: Merged,
  store: ApplicationStore,
): Promise<EventReport | null> {
  if (message.receipt.origin === "poll") return webhookFor(message, event, store);
  // Only where an event of this time or a later one was healed, there is something to read.
  if (healedUntil === null || event.at > healedUntil + ALIAS_MS) return null;
  return healedEventOf(event, await store.reportsNear(event));
}

/** The recorded webhook of an event that the poller brings; null: none. */
export async function webhookFor(
  { lookAlikes }: Message,
  event: JourneyEvent,
  store: ApplicationStore,
): Promise<EventReport | null> {
  return webhookOf(event, lookAlikes, await store.reportsNear(event));
}

/**
 * Prepares an event that is known under another id.
 *
 * 1. Lock the other id: both reports have one effect.
 * 2. Record the event under the other id, unless it is recorded.
 * 3. After the event is published: clear the failure of the other id, and give up the record of this one.
 */
export async function prepareAlias(
  { receipt, isForced }: Message,
  event: JourneyEvent,
  alias: EventReport,
  steps: {
    /** The record under the event's own id; null: there is none. */
    readonly recorded: Recording | null;
    readonly record: (event: JourneyEvent) => Promise<Recording>;
    readonly hadEffect: (event: JourneyEvent, recording: Recording) => Promise<boolean>;
    readonly eventToPublish: (
      event: JourneyEvent,
      recording: Recording,
      reports: readonly JourneyEvent[],
    ) => Promise<PublishedEvent | null>;
  },
  { store, begin }: Pick<EffectDependencies, "store" | "begin">,
): Promise<Pick<Effect, "event" | "finish"> | "in-conflict"> {
  const { recorded, record, hadEffect, eventToPublish } = steps;
  const isHealed = receipt.origin === "poll";
  const known = underIdOf(event, alias);
  // A forced message has a lock of its own, which lets it pass once.
  const lock = isForced ? "begun" : await begin(alias.eventId);
  if (lock === "in-conflict") return lock;

  let isOwnEffect = false;
  let published: PublishedEvent | null = null;
  if (lock === "begun") {
    // If the healed copy is not recorded yet, it will find this event and stop. This webhook publishes.
    isOwnEffect = !isHealed && !(await isRecorded());
    const recording = isOwnEffect && recorded !== null ? recorded : await record(known);
    if (!(await hadEffect(known, recording))) {
      const reports = [event, known];
      published = await eventToPublish(isOwnEffect ? event : known, recording, reports);
    }
  }
  return { event: published, finish };

  async function finish(): Promise<void> {
    // The message of the other report may be in the dead-letter queue. Its event has its effect now.
    await store.clearFailure(event.applicationToken, alias.eventId);
    if (isHealed || isOwnEffect) return;
    // The poller's copy may have taken this webhook's record for its own, before its mark could be read.
    if (lock === "duplicate" && !(await isRecorded())) return;
    const { applicationToken } = event;
    await store.noteWebhookOf({ ...alias, applicationToken }, event);
    await store.forgetEvent(event);
  }

  async function isRecorded(): Promise<boolean> {
    const near = await store.reportsNear(event);
    return near.recorded.some(({ eventId }) => eventId === alias.eventId);
  }
}

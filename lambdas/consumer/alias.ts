import { healedEventOf, underIdOf, webhookOf } from "../domain/application/alias.ts";
import type { ApplicationState } from "../domain/application/application-state.ts";
import type { JourneyEvent } from "../domain/event/journey-event.ts";
import type { ApplicationStore, Merged } from "../domain/ports.ts";
import { ALIAS_MS, reportOf } from "../domain/reconciliation/reconciliation.ts";
import type { EventReport } from "../domain/event/event-report.ts";
import { IDEMPOTENCY } from "../settings/limits.ts";
import type { EffectDependencies } from "./effect.ts";
import type { Message } from "./message.ts";
import { besideFirstOf } from "./record-lock.ts";

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

/** The id under which an event is processed further. */
interface KnownAs {
  readonly lock: "begun" | "duplicate" | "in-conflict";
  /** The event under the id of its record. */
  readonly known: JourneyEvent;
  /** Both reports of the event; null: there is one. */
  readonly reports: readonly JourneyEvent[] | null;
  /** Reads the record of the other report; undefined: there is none. */
  readonly otherRecord?: () => Promise<EventReport | undefined>;
  /** Clears the failure of the other id, and gives up the record of this one. */
  readonly finish?: () => Promise<void>;
}

/** Finds the other id of an event, and locks it: both reports have one effect. */
export async function lockAlias(
  message: Message,
  event: JourneyEvent,
  merged: Merged,
  dependencies: Pick<EffectDependencies, "store" | "begin" | "isCompleted" | "now">,
): Promise<KnownAs> {
  const { store, begin } = dependencies;
  const alias = await aliasOf(message, event, merged, store);
  if (alias === null) return { lock: "begun", known: event, reports: null };
  const otherRecord = async () => {
    const { recorded } = await store.reportsNear(event);
    return recorded.find(({ eventId }) => eventId === alias.eventId);
  };
  const isRecorded = async () => (await otherRecord()) !== undefined;

  // A forced message has a lock of its own, which lets it pass once.
  const lock = await lockOther();
  const isHealed = message.receipt.origin === "poll";
  // If the healed copy is not recorded yet, it will find this event and stop. This webhook publishes.
  const isOwnEffect = lock === "begun" && !isHealed && !(await isRecorded());
  const other = underIdOf(event, alias);
  const finish = async () => {
    const { applicationToken } = event;
    // The message of the other report may be in the dead-letter queue. Its event has its effect now.
    await store.clearFailure(applicationToken, alias.eventId);
    if (isHealed || isOwnEffect) return;
    // The poller's copy may have taken this webhook's record for its own, before its mark could be read.
    if (lock === "duplicate" && !(await isRecorded())) return;
    await store.noteWebhookOf({ ...alias, applicationToken }, event);
    await store.forgetEvent(event);
  };
  const known = isOwnEffect ? event : other;
  return { lock, known, reports: [event, other], otherRecord, finish };

  async function lockOther(): Promise<KnownAs["lock"]> {
    if (message.isForced || alias === null) return "begun";
    const begun = await begin(alias.eventId);
    if (begun !== "begun") return begun;
    const { applicationToken } = event;
    return besideFirstOf({ ...alias, applicationToken }, dependencies);
  }
}

/** The other report under whose id the event is known; null: none. */
async function aliasOf(
  message: Message,
  event: JourneyEvent,
  { after }: Merged,
  store: ApplicationStore,
): Promise<EventReport | null> {
  if (message.receipt.origin === "poll") return webhookFor(message, event, store);
  if (!mayBeHealed(event, after)) return null;
  return healedEventOf(event, await store.reportsNear(event));
}

/**
 * The webhook of a healed event that is recorded already: it came while the healed copy had failed, and moved the state. It is
 * the same event, and no newer one.
 */
export async function webhookBeside(
  event: JourneyEvent,
  store: ApplicationStore,
): Promise<JourneyEvent | null> {
  const near = await store.reportsNear(event);
  const webhooks = near.recorded
    .filter(({ origin }) => origin !== "poll")
    .map((record) => underIdOf(event, record));
  const isOfEvent = (webhook: JourneyEvent) =>
    healedEventOf(webhook, near)?.eventId === event.eventId;
  return webhooks.find(isOfEvent) ?? null;
}

/** Gives up a webhook's record where the event is recorded as it was healed, under the other id. */
export async function giveUpRecord(
  event: JourneyEvent,
  state: ApplicationState,
  store: ApplicationStore,
): Promise<void> {
  if (!mayBeHealed(event, state)) return;
  const near = await store.reportsNear(event);
  const alias = healedEventOf(event, near);
  if (alias === null || !near.recorded.some(({ eventId }) => eventId === alias.eventId)) return;
  await store.noteWebhookOf({ ...alias, applicationToken: event.applicationToken }, event);
  await store.forgetEvent(event);
}

/** Only where an event of this time or a later one was healed, there is something to read. */
export function mayBeHealed(
  { at }: Pick<JourneyEvent, "at">,
  { healedUntil }: Pick<ApplicationState, "healedUntil">,
): boolean {
  return healedUntil !== null && at <= healedUntil + ALIAS_MS;
}

/** The recorded webhook of an event that the poller brings; null: none. */
export async function webhookFor(
  { lookAlikes }: Message,
  event: JourneyEvent,
  store: ApplicationStore,
): Promise<EventReport | null> {
  return webhookOf(event, lookAlikes, await store.reportsNear(event));
}

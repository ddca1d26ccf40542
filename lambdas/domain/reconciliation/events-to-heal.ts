import { GAP } from "../../settings/limits.ts";
import type { GapStage } from "../../settings/metrics.ts";
import type { AlloyEvent } from "./alloy-application.ts";
import type { DeliveryRecord } from "./delivery.ts";
import type { Diagnosis } from "./gap.ts";
import { lookAlikesIn } from "./look-alikes.ts";
import type { MatchedEvent, RecordedFailure } from "./reconciliation.ts";
import type { LookAlike } from "../event/event-report.ts";

/** An event to queue, and those beside it in Alloy's list that it could be taken for, nearest first. */
export interface EventToHeal extends AlloyEvent {
  readonly lookAlikes: readonly LookAlike[];
}

/** An event of Alloy's list, the webhook that would have reported it, and its record. */
export interface ListedMatch extends MatchedEvent {
  readonly listed: AlloyEvent;
}

export interface HealContext {
  readonly failures: readonly RecordedFailure[];
  /** The events have been queued before, and did not move the state. */
  readonly isStuck: boolean;
  readonly delivery: DeliveryRecord | null;
  readonly now: number;
}

/**
 * Chooses what to queue of what is diagnosed: what does not come by itself. Of more than one check queues it
 * is the newest, which says how the application stands; the next check finds the rest missing still.
 *
 * @returns the events in Alloy's order, and how many are left to the next check.
 */
export function eventsToHeal(
  matches: readonly ListedMatch[],
  diagnoses: readonly Diagnosis[],
  { failures, isStuck, delivery, now }: HealContext,
): { readonly toHeal: readonly EventToHeal[]; readonly leftToHeal: number } {
  // Again and again it would only fill the dead-letter queue.
  const mayRedrive = failures.every(({ failedAt }) => now - failedAt >= GAP.redriveMs);
  const context = { delivery, mayRedrive, isStuck };
  const ids = new Set(
    diagnoses
      .filter(({ event }) => isToHeal(event.stage, context))
      .map(({ event }) => event.eventId),
  );
  const all = matches.filter((match) => ids.has(knownId(match)));
  if (all.length === 0) return { toHeal: [], leftToHeal: 0 };
  const newest = new Set(
    all
      .toSorted(({ event: one }, { event: other }) => other.at - one.at)
      .slice(0, GAP.mostQueuedPerCheck),
  );
  const lookAlikesOf = lookAlikesIn(matches);
  return {
    toHeal: all
      .filter((match) => newest.has(match))
      .map((match) => ({ ...match.listed, lookAlikes: lookAlikesOf(match) })),
    leftToHeal: all.length - newest.size,
  };
}

/** Whether what stopped at this stage does not come by itself, and can be queued again. */
export function isToHeal(
  stage: GapStage,
  context: {
    readonly delivery: DeliveryRecord | null;
    /** What is among the dead letters has rested there long enough: sooner it would only fill them. */
    readonly mayRedrive: boolean;
    /** It was queued before, and has not moved the state. */
    readonly isStuck: boolean;
  },
): boolean {
  switch (stage) {
    case "not-delivered":
    case "rejected":
      return true;
    case "in-flight":
      // Of a known age the queue will bring it; of an unknown one it may be somebody else's message.
      return context.delivery?.oldestQueuedAt === null;
    case "dead-lettered":
      return context.mayRedrive;
    case "not-applied":
      // Once: what its merge does not repair, only Alloy's answer about the whole can.
      return !context.isStuck;
    case "failed-processing":
    case "late":
      return false;
  }
}

/** By which the event is known here: a record's id may differ a little from that of Alloy's event. */
function knownId({ event, record }: MatchedEvent): string {
  return record?.eventId ?? event.eventId;
}

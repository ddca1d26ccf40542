import { routeOfInvestigation } from "../domain/investigation-event.ts";
import { publicationOf, routeOf } from "../domain/journey-routes.ts";
import type { Recording } from "../domain/ports.ts";
import type { ConsumerSettings } from "../settings.ts";
import type { Work } from "./work.ts";

/**
 * Whether an idempotency record guards a work. It costs two write units, and only what is published
 * needs it: to record and to merge are idempotent by themselves (docs/decisions/0018).
 *
 * Without it, the event's own record is the memory. The message that recorded it has to finish it,
 * however often it comes; every other one ends when it finds the event recorded.
 */
export function isRemembered({ subject, receipt }: Work, settings: ConsumerSettings): boolean {
  const { kind } = subject;
  switch (kind) {
    case "submission":
      return false;
    case "correction":
      return true;
    case "investigation":
      return settings.routes[routeOfInvestigation(subject.event)].publish;
    case "foreign-webhook":
      return settings.routes[subject.route].publish;
    case "journey-event": {
      const { event } = subject;
      // A healed event may meet its webhook under another identity: the lock lets one pass at a time.
      if (receipt.origin === "poll") return true;
      return publicationOf(event.journeyToken, routeOf(event, settings), settings).publish;
    }
  }
}

/** Whether it is this work, now or in an earlier try, that recorded the event. */
export function isOfThisWork({ isNew, receiptId }: Recording, { receiptIds }: Work): boolean {
  return isNew || receiptIds.includes(receiptId);
}

import { eventIdOf } from "../../lambdas/domain/event/identity.ts";
import type { EventReport } from "../../lambdas/domain/event/event-report.ts";

/** What one side says of an event; nothing but its type and its time, unless said otherwise. */
export function aReport(says: Partial<Omit<EventReport, "eventId">> = {}): EventReport {
  const report = {
    type: "pending_review",
    at: 1_760_000_000_000,
    entityApplicationToken: null,
    entityToken: null,
    nodeId: null,
    eventToken: null,
    outcome: null,
    ...says,
  };
  return { ...report, eventId: eventIdOf({ applicationToken: "JA-1", ...report }) };
}

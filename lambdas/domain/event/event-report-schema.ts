import * as v from "valibot";

const text = v.nullable(v.string());

/** A report of an event as this code writes it down: what is not said is null, and not left out. */
export const EventReportSchema = v.object({
  eventId: v.string(),
  type: v.string(),
  at: v.number(),
  entityApplicationToken: text,
  entityToken: text,
  nodeId: text,
  eventToken: text,
  outcome: text,
});

/**
 * What happens with nearly every event: its metrics can be written without CloudWatch's directives, and metric filters of
 * the stack read them (docs/decisions/0078, 0082).
 */
import { ATTEMPT_DIMENSION, METRICS, OUTCOME_DIMENSION, STAGE_DIMENSION } from "./metrics.ts";
import type { MetricName } from "./metrics.ts";

/** Each with its dimension besides `Stage`, if it has one. */
export const USUAL_COUNTS: ReadonlyMap<MetricName, string | null> = new Map<
  MetricName,
  string | null
>([
  [METRICS.eventsRecorded, null],
  [METRICS.recordsHandled, null],
  [METRICS.eventsPublished, null],
  [METRICS.deliveryLatency, null],
  [METRICS.timeToDecision, null],
  [METRICS.webhooksByAttempt, ATTEMPT_DIMENSION],
  [METRICS.applicationsByOutcome, OUTCOME_DIMENSION],
]);

/** The fields of such a line, in order, with a space between them. The filters know a field by its place alone. */
export const SHORT_LINE_FIELDS: readonly string[] = [
  STAGE_DIMENSION,
  ATTEMPT_DIMENSION,
  OUTCOME_DIMENSION,
  ...USUAL_COUNTS.keys(),
];

/** Stands in a field that a line has nothing for, as in an access log. It is no number, so no filter counts it. */
export const NO_VALUE = "-";

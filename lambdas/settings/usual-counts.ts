/**
 * What happens with nearly every event: its metrics can be written without CloudWatch's directives, and metric filters of
 * the stack read them (docs/decisions/0078).
 */
import { ATTEMPT_DIMENSION, METRICS, OUTCOME_DIMENSION } from "./metrics.ts";
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

/** The member of such a line that has the values, by the metrics' names. The dimensions stand beside it. */
export const COUNTS_MEMBER = "counts";

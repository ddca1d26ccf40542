import { METRICS } from "../../lambdas/settings/metrics.ts";
import type { MetricName } from "../../lambdas/settings/metrics.ts";

/** One metric that `status` reads. */
export interface StatusMetric {
  readonly name: MetricName;
  /** A gauge says how it is, by its last value; a counter adds up over an hour. */
  readonly kind: "gauge" | "counter";
  /** What good looks like, for a person. */
  readonly good: string;
  /** Whether every value above 0 is unusual. */
  readonly isZeroGood: boolean;
}

const zero = (name: MetricName, kind: StatusMetric["kind"]): StatusMetric => ({
  name,
  kind,
  good: "0",
  isZeroGood: true,
});
const counter = (name: MetricName, good: string): StatusMetric => ({
  name,
  kind: "counter",
  good,
  isZeroGood: false,
});

export const STATUS_METRICS: readonly StatusMetric[] = [
  counter(METRICS.webhooksReceived, "as in the same hour last week"),
  zero(METRICS.credentialsRejected, "counter"),
  zero(METRICS.credentialsMissing, "counter"),
  zero(METRICS.credentialsUnusable, "counter"),
  zero(METRICS.addressesUnlisted, "counter"),
  zero(METRICS.storesFailed, "counter"),
  counter(METRICS.eventsRecorded, "close to WebhooksReceived"),
  counter(METRICS.eventsDuplicate, "below a fifth of WebhooksReceived"),
  zero(METRICS.eventsUnrecognised, "counter"),
  zero(METRICS.recordsFailed, "counter"),
  zero(METRICS.recordsDeadLettered, "counter"),
  zero(METRICS.eventsHealed, "counter"),
  zero(METRICS.deliveryGaps, "gauge"),
  zero(METRICS.failuresInARow, "gauge"),
  counter(METRICS.pollerRuns, "60 divided by the minutes between two runs"),
  counter(METRICS.applicationsChecked, "more than ApplicationsBehind"),
  zero(METRICS.applicationsBehind, "gauge"),
  zero(METRICS.runsKnowingNone, "counter"),
  zero(METRICS.applicationsUnchecked, "gauge"),
  zero(METRICS.eventsLeft, "gauge"),
  zero(METRICS.environmentMixed, "counter"),
  zero(METRICS.statusesUnrecognised, "counter"),
  zero(METRICS.alloyCallsFailed, "counter"),
  zero(METRICS.alloyCallsUnauthorized, "counter"),
  zero(METRICS.investigationsUnlisted, "counter"),
];

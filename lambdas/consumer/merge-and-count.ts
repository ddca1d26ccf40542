import type { ApplicationState } from "../domain/application-state.ts";
import { outcomesReached, timeToDecision } from "../domain/counted-outcome.ts";
import { outcomesOf } from "../domain/journey-routes.ts";
import type { CheckRequest, Merged } from "../domain/ports.ts";
import { JOURNEY_DIMENSION, METRICS, OUTCOME_DIMENSION } from "../settings.ts";
import type { ConsumerSettings } from "../settings.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { ProcessDependencies } from "./process.ts";

/**
 * Joins an observation with what is known of its application, and counts what the application has come to
 * by that. The merge itself says what is new, so nothing is counted twice, whatever comes again; an
 * invocation that is killed before it ends has counted nothing, and its second run finds nothing new.
 */
export async function mergeAndCount(
  observation: ApplicationState,
  check: CheckRequest,
  { store, settings, metrics }: Pick<ProcessDependencies, "store" | "settings" | "metrics">,
): Promise<Merged> {
  const merged = await store.mergeState(observation, check);
  count(merged, settings, metrics);
  return merged;
}

function count(merged: Merged, settings: ConsumerSettings, metrics: Metrics): void {
  const { journeyToken } = merged.after;
  const { journeys, countedJourneys } = settings;
  const isCounted =
    journeyToken !== null &&
    (journeys.includes(journeyToken) || countedJourneys.includes(journeyToken));
  for (const outcome of outcomesReached(merged, outcomesOf(journeyToken, settings))) {
    metrics.count(METRICS.applicationsByOutcome, 1, { [OUTCOME_DIMENSION]: outcome });
    if (!isCounted) continue;
    metrics.count(METRICS.applicationsByOutcome, 1, {
      [JOURNEY_DIMENSION]: journeyToken,
      [OUTCOME_DIMENSION]: outcome,
    });
  }
  const took = timeToDecision(merged);
  if (took === null) return;
  metrics.milliseconds(METRICS.timeToDecision, took);
  if (!isCounted) return;
  metrics.milliseconds(METRICS.timeToDecision, took, { [JOURNEY_DIMENSION]: journeyToken });
}

import { changeInPercent, comparedSpans } from "../domain/application/outcome-change.ts";
import type { OutcomeCounts } from "../domain/application/outcome-change.ts";
import {
  JOURNEY_DIMENSION,
  METRICS,
  OUTCOME_DIMENSION,
  RULE_DIMENSION,
} from "../settings/metrics.ts";
import type { ComparisonSettings, PollerSettings } from "../settings/poller-settings.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { MessageLogger } from "../telemetry/powertools-logger.ts";

export interface OutcomeChangeDependencies {
  readonly outcomes: OutcomeCounts;
  readonly settings: Pick<PollerSettings, "comparisons" | "expectedOutcomes">;
  readonly metrics: Metrics<"poller">;
  readonly logger: MessageLogger;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * What rules of `notifications` need and CloudWatch cannot give them (docs/decisions/0019):
 *
 * 1. A zero for what a band expects: without a value there is nothing that could be below the band.
 * 2. How outcomes compare with the same window of a day or a week before.
 *
 * A comparison that cannot be made is left out. No alarm rings for that; the next run tries again.
 */
export async function countOutcomeChanges(dependencies: OutcomeChangeDependencies): Promise<void> {
  const { settings, metrics } = dependencies;
  for (const { outcome, journey } of settings.expectedOutcomes) {
    const dimensions = { [OUTCOME_DIMENSION]: outcome };
    metrics.count(
      METRICS.applicationsByOutcome,
      0,
      journey === null ? dimensions : { [JOURNEY_DIMENSION]: journey, ...dimensions },
    );
  }
  await Promise.all(settings.comparisons.map((one) => compare(one, dependencies)));
}

async function compare(
  { rule, subjects, windowMs, beforeMs, atLeast }: ComparisonSettings,
  { outcomes, metrics, logger, now }: OutcomeChangeDependencies,
): Promise<void> {
  const spans = comparedSpans({ windowMs, beforeMs }, now());
  try {
    const [newest, before] = await Promise.all([
      outcomes.total(subjects, spans.newest),
      outcomes.total(subjects, spans.before),
    ]);
    const change = changeInPercent(newest, before, atLeast);
    metrics.count(METRICS.outcomeChange, change, { [RULE_DIMENSION]: rule });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    logger.warn("poller.outcomes.unreadable", { rule, reason });
  }
}

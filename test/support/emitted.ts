import { STAGE_DIMENSION } from "../../lambdas/settings/metrics.ts";
import { emittedMetrics } from "../../tools/generate/emitted-metrics.ts";

/** A metric with the dimensions under which CloudWatch keeps it: `DeliveryGaps{GapStage,Stage}`. */
export function identity(name: string, dimensions: readonly string[]): string {
  return `${name}{${dimensions.toSorted().join()}}`;
}

/** Every metric that the code emits. */
export const EMITTED: ReadonlySet<string> = new Set(
  emittedMetrics().map(({ name, dimensions }) => identity(name, [STAGE_DIMENSION, ...dimensions])),
);

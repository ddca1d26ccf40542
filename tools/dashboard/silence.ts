import { ALLOY_ATTEMPTS_MS } from "../../lambdas/settings/limits.ts";
import {
  ATTEMPT_DIMENSION,
  COUNTED_OUTCOMES,
  GAP_STAGE_DIMENSION,
  GAP_STAGES,
  JOURNEY_DIMENSION,
  METRICS,
  OUTCOME_DIMENSION,
} from "../../lambdas/settings/metrics.ts";
import type { MetricName } from "../../lambdas/settings/metrics.ts";
import { TABLE } from "../../lambdas/settings/names.ts";
import { ROUTE_IDS } from "../../lambdas/settings/routes.ts";
import type { StageConfiguration } from "../../lib/config/stage-configuration.ts";
import type { Measurements } from "../cloudwatch/measurements.ts";
import { seriesOf } from "../cloudwatch/series.ts";

/** What may come any day, and need not on this one. */
const SILENT: readonly MetricName[] = [
  METRICS.storesFailed,
  METRICS.credentialsMissing,
  METRICS.credentialsUnusable,
  METRICS.addressesUnlisted,
  METRICS.alloyRefused,
  METRICS.recordsDeadLettered,
  METRICS.eventsUnrecognised,
  METRICS.eventsCut,
  METRICS.envelopesRefused,
  METRICS.eventsLeft,
  METRICS.eventsInConflict,
  METRICS.eventsHealed,
  METRICS.gapDuration,
];

/** Known series of which nothing was measured: a graph of one is empty, and no mistake. */
export function beSilent(day: Measurements, { stage, journeys }: StageConfiguration): void {
  const series = seriesOf(stage);
  const silent = [
    ...SILENT.map((name) => series.ours(name)),
    ...GAP_STAGES.map((gap) => series.ours(METRICS.deliveryGaps, { [GAP_STAGE_DIMENSION]: gap })),
    ...ALLOY_ATTEMPTS_MS.map((_, index) =>
      series.ours(METRICS.webhooksByAttempt, { [ATTEMPT_DIMENSION]: String(index + 1) }),
    ),
    ...[{}, ...journeys.map((token) => ({ [JOURNEY_DIMENSION]: token }))].flatMap((dimensions) =>
      COUNTED_OUTCOMES.map((outcome) =>
        series.ours(METRICS.applicationsByOutcome, { ...dimensions, [OUTCOME_DIMENSION]: outcome }),
      ),
    ),
    ...ROUTE_IDS.flatMap((route) => [
      series.rule("TriggeredRules", route),
      series.rule("FailedInvocations", route),
    ]),
    series.lambda("Errors", "consumer"),
    series.index("ConsumedWriteCapacityUnits", "ApplicationTable", TABLE.gapIndex),
  ];
  for (const name of silent) day.put(name, 0);
}

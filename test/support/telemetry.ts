import type { MetricName } from "../../lambdas/settings/metrics.ts";
import type { LogFields } from "../../lambdas/telemetry/line-logger.ts";
import type { Metrics } from "../../lambdas/telemetry/metrics.ts";
import type { MessageLogger } from "../../lambdas/telemetry/powertools-logger.ts";

/** What a handler counted and logged. */
export interface KeptTelemetry {
  /** By name, and by name and dimensions: counts summed up, of measurements the last one. */
  readonly metrics: ReadonlyMap<string, number>;
  readonly logs: readonly { readonly code: string; readonly fields: LogFields }[];
  /** @param dimension - the value of the one dimension besides the stage. */
  readonly metric: (name: MetricName, dimension?: string) => number | undefined;
  readonly flushes: () => number;
}

/** Metrics and a log that are kept. */
export function keptTelemetry(): {
  readonly metrics: Metrics;
  readonly logger: MessageLogger;
  readonly kept: KeptTelemetry;
} {
  const metrics = new Map<string, number>();
  const logs: { readonly code: string; readonly fields: LogFields }[] = [];
  let flushes = 0;
  const log = (code: string, fields: LogFields = {}) => void logs.push({ code, fields });
  const keyOf = (name: string, dimensions: object = {}) =>
    [name, ...Object.values(dimensions)].join(" ");
  return {
    metrics: {
      count(name, value: number = 1, dimensions?: object) {
        const key = keyOf(name, dimensions);
        metrics.set(key, (metrics.get(key) ?? 0) + value);
      },
      milliseconds: (name, value) => void metrics.set(name, value),
      flush: () => void (flushes += 1),
    },
    logger: { debug: log, info: log, warn: log, error: log },
    kept: {
      metrics,
      logs,
      metric: (name, dimension) =>
        metrics.get(keyOf(name, dimension === undefined ? {} : { dimension })),
      flushes: () => flushes,
    },
  };
}

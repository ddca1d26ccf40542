import type { MetricName } from "../../lambdas/settings/metrics.ts";
import type { LogFields } from "../../lambdas/telemetry/line-logger.ts";
import type { Metrics } from "../../lambdas/telemetry/metrics.ts";
import type { MessageLogger } from "../../lambdas/telemetry/powertools-logger.ts";

/** Metrics and a log, and what a handler counts and logs by them. */
export function keptTelemetry() {
  const metrics = new Map<string, number>();
  const logs: { readonly code: string; readonly fields: LogFields }[] = [];
  let flushes = 0;
  const log = (code: string, fields: LogFields = {}) => void logs.push({ code, fields });
  const keyOf = (name: string, dimensions: object = {}) =>
    [name, ...Object.values(dimensions)].join(" ");
  const counting: Metrics = {
    count(name, value: number = 1, dimensions?: object) {
      const key = keyOf(name, dimensions);
      metrics.set(key, (metrics.get(key) ?? 0) + value);
    },
    milliseconds: (name, value) => void metrics.set(name, value),
    flush: () => void (flushes += 1),
  };
  const logger: MessageLogger = { debug: log, info: log, warn: log, error: log };
  return {
    metrics: counting,
    logger,
    kept: {
      /** By name, and by name and dimensions: counts summed up, of measurements the last one. */
      metrics,
      logs,
      /** @param dimension - the value of the one dimension besides the stage. */
      metric: (name: MetricName, dimension?: string) =>
        metrics.get(keyOf(name, dimension === undefined ? {} : { dimension })),
      flushes: () => flushes,
    },
  };
}

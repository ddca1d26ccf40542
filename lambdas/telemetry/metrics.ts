import { METRIC_NAMESPACE, STAGE_DIMENSION } from "../settings.ts";
import type { MetricName } from "../settings.ts";

type Unit = "Count" | "Milliseconds";

interface Series {
  readonly name: MetricName;
  readonly unit: Unit;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly values: number[];
}

/** Collects the metrics of one invocation and writes them in CloudWatch's embedded metric format. */
export interface Metrics {
  /** Adds to a count. Zero is a data point too: it says "looked, and found none". */
  count(name: MetricName, value?: number, dimensions?: Readonly<Record<string, string>>): void;
  /** Adds one measurement, in milliseconds. */
  milliseconds(name: MetricName, value: number): void;
  /** Writes one line per set of dimensions, and forgets what it wrote. */
  flush(): void;
}

/**
 * Metrics without a dependency: ingest cannot afford one, and one way of counting is enough.
 * A failure to write must never cost an event, but writing to standard output does not fail.
 *
 * Source of the format: CloudWatch's "Specification: Embedded metric format".
 *
 * @param options.stage - the deployment stage, a dimension of every metric.
 * @param options.write - takes one line of JSON; `console.log` in a Lambda.
 * @param options.now - epoch milliseconds.
 */
export function makeMetrics(options: {
  readonly stage: string;
  readonly write: (line: string) => void;
  readonly now: () => number;
}): Metrics {
  const series = new Map<string, Series>();

  function add(
    name: MetricName,
    unit: Unit,
    value: number,
    extra: Readonly<Record<string, string>>,
  ): void {
    const dimensions = { [STAGE_DIMENSION]: options.stage, ...extra };
    const key = JSON.stringify([name, dimensions]);
    const known = series.get(key);
    if (known === undefined) series.set(key, { name, unit, dimensions, values: [value] });
    else if (unit === "Count") known.values[0] = (known.values[0] ?? 0) + value;
    else known.values.push(value);
  }

  return {
    count: (name, value = 1, dimensions = {}) => add(name, "Count", value, dimensions),
    milliseconds: (name, value) => add(name, "Milliseconds", value, {}),
    flush() {
      for (const [dimensions, group] of byDimensions(series.values())) {
        options.write(JSON.stringify(embeddedMetric(group, dimensions, options.now())));
      }
      series.clear();
    },
  };
}

function byDimensions(all: Iterable<Series>): Map<Readonly<Record<string, string>>, Series[]> {
  const groups = new Map<string, Series[]>();
  for (const one of all) {
    const key = JSON.stringify(one.dimensions);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  const result = new Map<Readonly<Record<string, string>>, Series[]>();
  for (const group of groups.values()) {
    const [first] = group;
    if (first !== undefined) result.set(first.dimensions, group);
  }
  return result;
}

function embeddedMetric(
  group: readonly Series[],
  dimensions: Readonly<Record<string, string>>,
  now: number,
): Record<string, unknown> {
  const line: Record<string, unknown> = {
    _aws: {
      Timestamp: now,
      CloudWatchMetrics: [
        {
          Namespace: METRIC_NAMESPACE,
          Dimensions: [Object.keys(dimensions)],
          Metrics: group.map(({ name, unit }) => ({ Name: name, Unit: unit })),
        },
      ],
    },
    ...dimensions,
  };
  for (const { name, values } of group) line[name] = values.length === 1 ? values[0] : values;
  return line;
}

import type { CountArguments, Emitter, DimensionsOf, MetricOf } from "../settings/metric-facts.ts";
import { METRIC_NAMESPACE, STAGE_DIMENSION } from "../settings/metrics.ts";
import type { MetricName } from "../settings/metrics.ts";
import { isShared } from "./shared-line.ts";
import type { MetricValues, shortLines } from "./short-lines.ts";

type Strings = Readonly<Record<string, string>>;

/**
 * Collects the metrics of one invocation of a function and writes them in CloudWatch's embedded metric format. It takes
 * those that `METRIC_FACTS` says to be the function's, by the dimensions that stand there.
 */
export interface Metrics<Of extends Emitter = Emitter> {
  /** Adds to a count. A zero is written too, and each metric is paid for the hours in which it is written. */
  count<Name extends MetricOf<Of, "Count">>(name: Name, ...rest: CountArguments<Name>): void;
  /** Adds one measurement, in milliseconds. */
  milliseconds<Name extends MetricOf<Of, "Milliseconds">>(
    name: Name,
    value: number,
    dimensions?: DimensionsOf<Name>,
  ): void;
  /** Writes what was collected into as few lines as hold it, each with these searchable properties; forgets both. */
  flush(properties?: Strings): void;
}

/**
 * Metrics without a dependency: ingest cannot afford one, and one way of counting is enough.
 * Source of the format: CloudWatch's "Specification: Embedded metric format".
 *
 * @param options.short - writes the same for the metric filters of a stack that has them; it is taken where it is shorter.
 *   @default - embedded metric format alone
 * @param options.write - takes one line of JSON, and must not put anything before it.
 * @param options.now - epoch milliseconds.
 */
export function makeMetrics(options: {
  readonly short?: typeof shortLines | undefined;
  readonly stage: string;
  readonly write: (line: string) => void;
  readonly now: () => number;
}): Metrics {
  type Line = { readonly dimensions: Strings; readonly values: Map<MetricName, number | number[]> };
  const lines = new Map<string, Line>();

  function valuesOf(extra: Strings | undefined): Line["values"] {
    const dimensions = { [STAGE_DIMENSION]: options.stage, ...extra };
    const key = JSON.stringify(dimensions);
    const line = lines.get(key) ?? { dimensions, values: new Map() };
    lines.set(key, line);
    return line.values;
  }

  return {
    count(name: MetricName, value: number = 1, dimensions?: Strings) {
      const values = valuesOf(dimensions);
      values.set(name, Number(values.get(name) ?? 0) + value);
    },
    milliseconds(name, value, dimensions) {
      const values = valuesOf(dimensions);
      values.set(name, [values.get(name) ?? [], value].flat());
    },
    flush(properties = {}) {
      const collected = [...lines.values()];
      const embedded = embeddedLines(collected, properties, options.now());
      // They have no place for properties.
      const isBare = Object.keys(properties).length === 0;
      const short = isBare ? (options.short?.(collected) ?? null) : null;
      const isShorter = short !== null && loggedBytes(short) < loggedBytes(embedded);
      for (const line of isShorter ? short : embedded) options.write(line);
      lines.clear();
    },
  };
}

/** CloudWatch Logs bills each entry with so many bytes besides its text (its pricing page). */
export const LOG_EVENT_OVERHEAD_BYTES = 26;

/** What CloudWatch Logs bills. */
export function loggedBytes(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + Buffer.byteLength(line) + LOG_EVENT_OVERHEAD_BYTES, 0);
}

function embeddedLines(
  collected: readonly MetricValues[],
  properties: Strings,
  at: number,
): readonly string[] {
  const written: { sets: unknown[]; fields: Record<string, unknown> }[] = [];
  for (const { dimensions, values } of collected) {
    for (const part of inLines(values)) {
      const Metrics = part.map(([Name, value]) => ({ Name, Unit: unitOf(value) }));
      const set = { Namespace: METRIC_NAMESPACE, Dimensions: [Object.keys(dimensions)], Metrics };
      const fields = { ...dimensions, ...Object.fromEntries(part) };
      // A line repeats the stage: what has other names shares one.
      const names = part.map(([name]) => name);
      const line = written.find(({ fields: own }) => isShared(own, dimensions, names));
      if (line === undefined) {
        written.push({ sets: [set], fields });
      } else {
        line.sets.push(set);
        Object.assign(line.fields, fields);
      }
    }
  }
  return written.map(({ sets, fields }) =>
    JSON.stringify({
      _aws: { Timestamp: at, CloudWatchMetrics: sets },
      ...properties,
      ...fields,
    }),
  );
}

/** CloudWatch refuses a line, the rest of it too, when a metric in it has more values. */
const MOST_VALUES = 100;

/** Splits what was measured into lines: all of it into one, but for what is more than a line may hold. */
function inLines(values: MetricValues["values"]) {
  const lines: [MetricName, number | readonly number[]][][] = [];
  for (const [name, value] of values) {
    const count = typeof value === "number" ? 1 : value.length;
    for (let from = 0; from < count; from += MOST_VALUES) {
      const part = typeof value === "number" ? value : value.slice(from, from + MOST_VALUES);
      (lines[from / MOST_VALUES] ??= []).push([name, part]);
    }
  }
  return lines;
}

const unitOf = (value: number | readonly number[]) =>
  typeof value === "number" ? "Count" : "Milliseconds";

import { STAGE_DIMENSION } from "../settings/metrics.ts";
import type { MetricName } from "../settings/metrics.ts";
import { COUNTS_MEMBER, USUAL_COUNTS } from "../settings/usual-counts.ts";

type Strings = Readonly<Record<string, string>>;

/** Values of metrics with the same dimensions. */
export interface MetricValues {
  readonly dimensions: Strings;
  readonly values: ReadonlyMap<MetricName, number | readonly number[]>;
}

/**
 * Writes metrics for the metric filters of the stack: in a line a metric has one value, and a dimension too.
 *
 * @returns null: the filters do not read one of the metrics.
 */
export function shortLines(all: readonly MetricValues[]): readonly string[] | null {
  const lines: {
    readonly fields: Record<string, string>;
    readonly counts: Record<string, number>;
  }[] = [];
  for (const { dimensions, values } of all) {
    const others = Object.keys(dimensions).filter((name) => name !== STAGE_DIMENSION);
    for (const [name, value] of values) {
      if (USUAL_COUNTS.get(name) !== (others.length === 0 ? null : others.join())) return null;
      for (const one of [value].flat()) {
        const line = lines.find(
          ({ fields, counts }) =>
            !(name in counts) &&
            Object.entries(dimensions).every(([key, text]) => (fields[key] ?? text) === text),
        );
        if (line === undefined) {
          lines.push({ fields: { ...dimensions }, counts: { [name]: one } });
        } else {
          Object.assign(line.fields, dimensions);
          line.counts[name] = one;
        }
      }
    }
  }
  return lines.map(({ fields, counts }) => JSON.stringify({ ...fields, [COUNTS_MEMBER]: counts }));
}

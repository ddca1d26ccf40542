import { NO_VALUE, SHORT_LINE_FIELDS, USUAL_COUNTS } from "../settings/usual-counts.ts";
import { STAGE_DIMENSION } from "../settings/metrics.ts";
import type { MetricName } from "../settings/metrics.ts";
import { isShared } from "./shared-line.ts";

type Strings = Readonly<Record<string, string>>;

/** Values of metrics with the same dimensions. */
export interface MetricValues {
  readonly dimensions: Strings;
  readonly values: ReadonlyMap<MetricName, number | readonly number[]>;
}

/** A space, a quote or a bracket would move the fields behind it. */
const IS_ONE_FIELD = /^[\w.-]+$/;

/**
 * Writes metrics for the metric filters of the stack: fields with spaces between them, each metric in its place. In a line
 * a metric has one value, and a dimension too.
 *
 * @returns null: the filters do not read one of the metrics, or would not read its value.
 */
export function shortLines(all: readonly MetricValues[]): readonly string[] | null {
  const lines: Record<string, string | number>[] = [];
  for (const { dimensions, values } of all) {
    const others = Object.keys(dimensions).filter((name) => name !== STAGE_DIMENSION);
    if (!Object.values(dimensions).every((text) => IS_ONE_FIELD.test(text))) return null;
    for (const [name, value] of values) {
      if (USUAL_COUNTS.get(name) !== (others.length === 0 ? null : others.join())) return null;
      for (const one of [value].flat()) {
        if (!(one >= 0)) return null;
        const line = lines.find((fields) => isShared(fields, dimensions, [name]));
        if (line === undefined) {
          lines.push({ ...dimensions, [name]: one });
        } else {
          Object.assign(line, dimensions, { [name]: one });
        }
      }
    }
  }
  return lines.map((fields) =>
    SHORT_LINE_FIELDS.map((name) => String(fields[name] ?? NO_VALUE)).join(" "),
  );
}

import * as v from "valibot";

import { isRecord, listOf } from "../template/template.ts";
import type { Synthesised } from "../template/synthesise.ts";
import { parsePattern } from "./filter-pattern.ts";

/** A data point that CloudWatch Logs makes of a line. */
export interface FilteredMetric {
  readonly namespace: string;
  readonly name: string;
  readonly unit: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric filter of a template. */
export interface MetricFilter {
  /** The logical id of its log group. */
  readonly logGroup: string;
  /** The name of the metric that it makes. */
  readonly metric: string;
  /** What it makes of a line; null: nothing. */
  readonly read: (line: string) => FilteredMetric | null;
}

const TransformationSchema = v.strictObject({
  MetricNamespace: v.string(),
  MetricName: v.string(),
  MetricValue: v.string(),
  Unit: v.string(),
  // CloudWatch Logs takes three.
  Dimensions: v.pipe(
    v.array(v.strictObject({ Key: v.string(), Value: v.string() })),
    v.maxLength(3),
  ),
});

/** A value or a dimension that stands in the line: `$` and the name of the field. */
const IN_LINE = /^\$([\w-]+)$/;

/**
 * The metric filters of a template.
 *
 * @throws Error at a filter that CloudWatch Logs refuses, or that says more than ours do: what this does not understand is
 *   not tested.
 */
export function metricFiltersOf(template: Pick<Synthesised, "ofType">): readonly MetricFilter[] {
  return template.ofType("AWS::Logs::MetricFilter").map(({ Properties }) => {
    const pattern = parsePattern(String(Properties["FilterPattern"]));
    const [transformation] = listOf(Properties["MetricTransformations"]);
    const made = v.parse(TransformationSchema, transformation);
    const group = Properties["LogGroupName"];
    const valueField = fieldIn(made.MetricValue);
    if (valueField === null && !Number.isFinite(Number(made.MetricValue))) {
      throw new Error(`${made.MetricValue} is neither a number nor a field.`);
    }
    const dimensions = made.Dimensions.map(({ Key, Value }) => {
      const field = fieldIn(Value);
      if (field !== null) return [Key, field] as const;
      throw new Error(`The dimension ${Key} is ${Value}: CloudWatch Logs takes a field alone.`);
    });
    return {
      logGroup: isRecord(group) ? String(group["Ref"]) : String(group),
      metric: made.MetricName,
      read(line) {
        const fields = pattern.match(line);
        if (fields === null) return null;
        const value = valueField === null ? made.MetricValue : (fields.get(valueField) ?? "");
        const by = dimensions.map(([key, field]) => [key, fields.get(field) ?? ""] as const);
        // What is no number makes no metric, and neither does an empty dimension.
        if (value.trim() === "" || !Number.isFinite(Number(value))) return null;
        if (by.some(([, text]) => text === "")) return null;
        return {
          namespace: made.MetricNamespace,
          name: made.MetricName,
          unit: made.Unit,
          dimensions: Object.fromEntries(by),
          value: Number(value),
        };
      },
    };

    function fieldIn(text: string): string | null {
      const field = IN_LINE.exec(text)?.[1];
      if (field === undefined) return null;
      if (pattern.names.has(field)) return field;
      throw new Error(`The pattern ${String(Properties["FilterPattern"])} names no ${field}.`);
    }
  });
}

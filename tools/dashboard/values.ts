import type { Measurements } from "../cloudwatch/measurements.ts";
import { parseMetricMath } from "../cloudwatch/metric-math.ts";
import type { Point } from "../cloudwatch/metric-math.ts";
import { metricsOf } from "./definition.ts";
import type { MetricWidget, ShownMetric } from "./definition.ts";

/** A line of a widget, with its values in windows of one length. */
export interface Line {
  readonly label: string;
  readonly color: string | undefined;
  readonly yAxis: "left" | "right";
  readonly points: readonly { readonly minute: number; readonly value: Point }[];
}

/**
 * The visible lines of a widget, calculated as CloudWatch does.
 *
 * @param minutes - length of the time that is shown.
 * @throws Error when a metric was never measured, or an expression does not fit its metrics.
 */
export function linesOf(widget: MetricWidget, day: Measurements, minutes: number): readonly Line[] {
  const metrics = metricsOf(widget);
  return metrics
    .filter(({ visible }) => visible)
    .map((metric) => {
      const valueIn = valueFunction(metric, metrics, day, widget.properties.title);
      const length = metric.period / 60;
      const points = Array.from({ length: Math.floor(minutes / length) }, (_, index) => ({
        minute: index * length,
        value: valueIn(index * length, (index + 1) * length),
      }));
      return { label: labelOf(metric), color: metric.color, yAxis: metric.yAxis, points };
    });
}

type ValueFunction = (from: number, to: number) => Point;

function valueFunction(
  metric: ShownMetric,
  others: readonly ShownMetric[],
  day: Measurements,
  title: string,
): ValueFunction {
  if ("series" in metric) {
    const { series, stat } = metric;
    if (day.names().includes(series)) return (from, to) => day.statistic(series, stat, from, to);
    throw new Error(
      `"${title}" shows ${series}, of which the simulated day knows nothing: say in tools/dashboard/silence.ts or simulated-events.ts what is measured.`,
    );
  }
  const { expression, period } = metric;
  const calculate = parseMetricMath(expression);
  const known = new Map(
    others.flatMap((other) =>
      other.id === undefined
        ? []
        : [[other.id, { other, valueIn: valueFunction(other, others, day, title) }] as const],
    ),
  );
  return (from, to) =>
    calculate((id) => {
      const found = known.get(id);
      if (found?.other.period === period) return found.valueIn(from, to);
      throw new Error(
        found === undefined
          ? `"${title}" calculates ${expression}, but has no metric ${id}.`
          : `"${title}" calculates ${expression} over ${period} s, but its metric ${id} has windows of ${found.other.period} s.`,
      );
    });
}

function labelOf(metric: ShownMetric): string {
  if (metric.label !== undefined) return metric.label;
  return "name" in metric ? metric.name : metric.expression;
}

import * as v from "valibot";
import { seriesName } from "../cloudwatch/alarms.ts";
import type { SeriesName } from "../cloudwatch/measurements.ts";
import { resolveText } from "../template/resolve.ts";
import type { Synthesised } from "../template/synthesise.ts";

/** CloudWatch's defaults ("Dashboard body structure and syntax"). */
const DEFAULT_PERIOD_S = 300;
const DEFAULT_STATISTIC = "Average";

const OptionsSchema = v.strictObject({
  id: v.optional(v.string()),
  label: v.optional(v.string()),
  color: v.optional(v.string()),
  period: v.optional(v.number(), DEFAULT_PERIOD_S),
  stat: v.optional(v.string(), DEFAULT_STATISTIC),
  visible: v.optional(v.boolean(), true),
  yAxis: v.optional(v.picklist(["left", "right"]), "left"),
  expression: v.optional(v.string()),
});

const AxisSchema = v.strictObject({
  min: v.optional(v.number()),
  max: v.optional(v.number()),
  label: v.optional(v.string()),
  showUnits: v.optional(v.boolean()),
});

const MetricPropertiesSchema = v.strictObject({
  title: v.string(),
  view: v.picklist(["timeSeries", "singleValue"]),
  region: v.string(),
  stacked: v.optional(v.boolean(), false),
  sparkline: v.optional(v.boolean(), false),
  metrics: v.array(v.array(v.union([v.string(), OptionsSchema]))),
  annotations: v.optional(
    v.strictObject({
      horizontal: v.array(
        v.strictObject({
          value: v.number(),
          label: v.string(),
          color: v.string(),
          yAxis: v.literal("left"),
        }),
      ),
    }),
  ),
  yAxis: v.optional(
    v.strictObject({ left: v.optional(AxisSchema), right: v.optional(AxisSchema) }),
  ),
});

const place = { x: v.number(), y: v.number(), width: v.number(), height: v.number() };

const WidgetSchema = v.variant("type", [
  v.strictObject({
    type: v.literal("text"),
    ...place,
    properties: v.strictObject({
      markdown: v.string(),
      background: v.optional(v.literal("transparent")),
    }),
  }),
  v.strictObject({
    type: v.literal("alarm"),
    ...place,
    properties: v.strictObject({
      title: v.string(),
      alarms: v.array(v.string()),
      sortBy: v.literal("stateUpdatedTimestamp"),
    }),
  }),
  v.strictObject({ type: v.literal("metric"), ...place, properties: MetricPropertiesSchema }),
]);

const BodySchema = v.strictObject({
  start: v.literal("-P1D"),
  periodOverride: v.literal("inherit"),
  widgets: v.array(WidgetSchema),
});

/** A widget of a dashboard, as its body has it; alarms by their logical ids. */
export type Widget = v.InferOutput<typeof WidgetSchema>;
export type MetricWidget = Extract<Widget, { readonly type: "metric" }>;

/** One line of a metric widget: a metric, or a calculation with the others. */
export type ShownMetric = Omit<v.InferOutput<typeof OptionsSchema>, "expression"> &
  (
    | { readonly expression: string }
    | {
        readonly namespace: string;
        readonly name: string;
        readonly dimensions: readonly { readonly Name: string; readonly Value: string }[];
        readonly series: SeriesName;
      }
  );

/**
 * The one dashboard of a template, widget by widget.
 *
 * @throws Error when there is another number of dashboards, or a widget or setting that is not
 *   understood here.
 */
export function dashboardOf(stack: Synthesised): readonly Widget[] {
  const [dashboard, ...others] = stack.ofType("AWS::CloudWatch::Dashboard");
  if (dashboard === undefined || others.length > 0) {
    throw new Error(`The stack of stage ${stack.stage.stage} must have exactly one dashboard.`);
  }
  return parseBody(JSON.parse(resolveText(dashboard.Properties["DashboardBody"])));
}

export function parseBody(body: unknown): readonly Widget[] {
  const parsed = v.safeParse(BodySchema, body);
  if (parsed.success) return parsed.output.widgets;
  const [issue] = parsed.issues;
  throw new Error(
    `The dashboard's ${v.getDotPath(issue) ?? "body"} is ${issue.received}, but only ${issue.expected} is understood here.`,
  );
}

/** The lines of a metric widget, hidden ones included. */
export function metricsOf({ properties }: MetricWidget): readonly ShownMetric[] {
  return properties.metrics.map((parts) => {
    const last = parts.at(-1);
    const options = v.parse(OptionsSchema, typeof last === "object" ? last : {});
    const { expression, ...shown } = options;
    if (expression !== undefined) return { ...shown, expression };
    const words = parts.filter((part) => typeof part === "string");
    const [namespace, name, ...pairs] = words;
    if (namespace === undefined || name === undefined || pairs.length % 2 !== 0) {
      throw new Error(
        `In "${properties.title}", ${JSON.stringify(words)} is no metric: it wants a namespace, a name, and pairs of dimension and value.`,
      );
    }
    const dimensions = pairs.flatMap((Name, index) =>
      index % 2 === 0 ? [{ Name, Value: pairs[index + 1] ?? "" }] : [],
    );
    return {
      ...shown,
      namespace,
      name,
      dimensions,
      series: seriesName(namespace, name, dimensions),
    };
  });
}

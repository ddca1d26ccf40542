import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { METRIC_NAMESPACE, STAGE_DIMENSION } from "../../lambdas/settings/metrics.ts";
import { dashboardOf, metricsOf, parseBody } from "../../tools/dashboard/definition.ts";
import type { ShownMetric, Widget } from "../../tools/dashboard/definition.ts";
import { isRecord, listOf, referredId } from "../../tools/template/template.ts";
import type { Synthesised } from "../../tools/template/synthesise.ts";
import { local, sandbox, VARIANTS } from "../../tools/template/variants.ts";
import { EMITTED, identity } from "../support/emitted.ts";
import { templateOf } from "../support/template.ts";

/** What the emulator cannot hold; a dashboard must not refer to it. */
const OMITTED = ["AWS::CloudWatch::CompositeAlarm", "AWS::CloudWatch::Alarm/Metrics"];

/** CloudWatch's quotas ("CloudWatch service quotas", dashboards). */
const LIMITS = { widgets: 500, metricsPerWidget: 500, metrics: 2_500 };

/** AWS's metrics, by namespace, and of what type each dimension's value must be. */
const SERVICES: Readonly<
  Record<string, { metrics: readonly string[]; of: Record<string, string> }>
> = {
  "AWS/ApiGateway": {
    metrics: ["Count", "Latency", "4xx", "5xx"],
    of: { ApiId: "AWS::ApiGatewayV2::Api" },
  },
  "AWS/SQS": {
    metrics: [
      "ApproximateAgeOfOldestMessage",
      "ApproximateNumberOfMessagesVisible",
      "NumberOfMessagesSent",
    ],
    of: { QueueName: "AWS::SQS::Queue" },
  },
  "AWS/Lambda": {
    metrics: ["Duration", "Errors", "Invocations"],
    of: { FunctionName: "AWS::Lambda::Function" },
  },
  "AWS/DynamoDB": {
    metrics: ["ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"],
    of: { TableName: "AWS::DynamoDB::GlobalTable", GlobalSecondaryIndexName: "an index" },
  },
  "AWS/Logs": { metrics: ["IncomingBytes"], of: { LogGroupName: "AWS::Logs::LogGroup" } },
  "AWS/Events": {
    metrics: ["TriggeredRules", "FailedInvocations"],
    of: { EventBusName: "AWS::Events::EventBus", RuleName: "a rule" },
  },
};

describe.each([
  ...VARIANTS.filter(([, { footprint }]) => footprint !== "lean").map(
    ([name, stage]) => [name, templateOf(stage)] as const,
  ),
  ["local, without what the emulator cannot hold", templateOf(local, { omit: OMITTED })] as const,
])("the dashboard in %s", (_name, stack) => {
  const widgets = dashboardOf(stack);
  const shown = widgets.flatMap(shownIn);

  it("shows every alarm of the template, once", () => {
    const onDashboard = widgets.flatMap((widget) =>
      widget.type === "alarm" ? widget.properties.alarms : [],
    );
    const inTemplate = [
      ...stack.ofType("AWS::CloudWatch::Alarm"),
      ...stack.ofType("AWS::CloudWatch::CompositeAlarm"),
    ]
      .filter(({ Condition }) => Condition === undefined)
      .map(({ logicalId }) => logicalId);

    expect(onDashboard.toSorted()).toEqual(inTemplate.toSorted());
  });

  it("shows of our metrics only what this stage emits, under dimensions that are emitted", () => {
    for (const metric of shown) {
      if (!("name" in metric) || metric.namespace !== METRIC_NAMESPACE) continue;
      const names = metric.dimensions.map(({ Name }) => Name);

      expect(EMITTED).toContain(identity(metric.name, names));
      expect(metric.dimensions).toContainEqual({ Name: STAGE_DIMENSION, Value: stack.stage.stage });
    }
  });

  it("shows of AWS's metrics only those that exist, of resources that are in the template", () => {
    for (const metric of shown) {
      if (!("name" in metric) || metric.namespace === METRIC_NAMESPACE) continue;
      const service = SERVICES[metric.namespace];

      expect(service?.metrics).toContain(metric.name);
      expect(metric.dimensions.length).toBeGreaterThan(0);
      for (const { Name, Value } of metric.dimensions) {
        expect(
          valuesOf(stack, service?.of[Name] ?? `no dimension of ${metric.namespace}`),
        ).toContain(Value);
      }
    }
  });

  it("calculates only with metrics of the same widget, over windows of one length", () => {
    for (const widget of widgets) {
      const metrics = shownIn(widget);
      const periods = new Map(metrics.map((metric) => [metric.id, metric.period]));
      for (const metric of metrics) {
        if (!("expression" in metric)) continue;
        const used = metric.expression.match(/\b[a-z]\w*\b/g) ?? [];

        expect(used.map((id) => periods.get(id))).toEqual(used.map(() => metric.period));
      }
    }
  });

  it("keeps CloudWatch's limits", () => {
    expect(widgets.length).toBeLessThanOrEqual(LIMITS.widgets);
    for (const widget of widgets) {
      expect(shownIn(widget).length).toBeLessThanOrEqual(LIMITS.metricsPerWidget);
    }
    expect(shown.length).toBeLessThanOrEqual(LIMITS.metrics);
  });

  it("has a place for each widget, and none under another", () => {
    const cells = widgets.flatMap(({ x, y, width, height }) =>
      Array.from({ length: width * height }, (_, index) =>
        [x + (index % width), y + Math.floor(index / width)].join(),
      ),
    );

    expect(new Set(cells).size).toBe(cells.length);
    expect(Math.max(...widgets.map(({ x, width }) => x + width))).toBeLessThanOrEqual(24);
  });

  it("links to runbooks that exist, where the stage's people read them", () => {
    const { runbooksUrl } = stack.stage.alarms;
    const pages = readdirSync("docs/runbooks").map((page) => `${runbooksUrl}/${page}`);
    const links = widgets
      .flatMap((widget) => (widget.type === "text" ? [widget.properties.markdown] : []))
      .flatMap((markdown) => [...markdown.matchAll(/\]\(([^)]+)\)/g)].map(([, url]) => url ?? ""));

    expect(links.filter((url) => !pages.includes(url))).toEqual([]);
    expect(links.length).toBeGreaterThan(5);
  });

  it("says in words what good looks like in every row", () => {
    const rows = new Set(widgets.filter(({ type }) => type === "metric").map(({ y }) => y));
    const worded = widgets.filter(({ type, x }) => type === "text" && x === 0).map(({ y }) => y);

    // The numbers of the first row stand beside the alarms; their titles say what they should be.
    const first = Math.min(...rows);
    const below = [...rows].filter((y) => y >= first + 9);
    expect(below.filter((y) => !worded.includes(y))).toEqual([]);
    expect(below).toHaveLength(stack.stage.journeys.length > 0 ? 6 : 5);
  });

  it("is named as its output says", () => {
    const [dashboard] = stack.ofType("AWS::CloudWatch::Dashboard");

    expect(dashboard?.Properties["DashboardName"]).toBe(
      `AlloyJourneyWebhooks-${stack.stage.stage}`,
    );
    expect(stack.outputs["DashboardName"]).toBe(`AlloyJourneyWebhooks-${stack.stage.stage}`);
  });
});

describe("the reader of dashboards", () => {
  it("says in a sentence what it does not understand", () => {
    const body = (widget: object) => ({
      start: "-P1D",
      periodOverride: "inherit",
      widgets: [widget],
    });
    const place = { x: 0, y: 0, width: 6, height: 6 };

    expect(() => parseBody(body({ type: "explorer", ...place, properties: {} }))).toThrow(
      `The dashboard's widgets.0.type is "explorer", but only ("text" | "alarm" | "metric") is understood here.`,
    );
  });

  it("reads all widgets of the real one", () => {
    const types = dashboardOf(templateOf(sandbox)).map(({ type }) => type);

    expect(new Set(types)).toEqual(new Set(["text", "alarm", "metric"]));
  });
});

function shownIn(widget: Widget): readonly ShownMetric[] {
  return widget.type === "metric" ? metricsOf(widget) : [];
}

/** What a dimension may be: the logical id of a resource of that type, or a name within one. */
function valuesOf(stack: Synthesised, type: string): readonly unknown[] {
  if (type === "a rule") {
    return stack
      .ofType("AWS::Events::Rule")
      .filter(({ Properties }) => referredId(Properties["EventBusName"]) === "EventBus")
      .map(({ Properties }) => Properties["Name"]);
  }
  if (type === "an index") {
    return stack
      .ofType("AWS::DynamoDB::GlobalTable")
      .flatMap(({ Properties }) => listOf(Properties["GlobalSecondaryIndexes"]))
      .map((index) => (isRecord(index) ? index["IndexName"] : undefined));
  }
  return stack.ofType(type).map(({ logicalId }) => logicalId);
}

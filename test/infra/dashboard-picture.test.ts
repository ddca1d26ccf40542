import { describe, expect, it } from "vitest";
import { METRICS } from "../../lambdas/settings/metrics.ts";
import { Measurements } from "../../tools/cloudwatch/measurements.ts";
import { seriesOf } from "../../tools/cloudwatch/series.ts";
import { svgOf } from "../../tools/dashboard/chart.ts";
import { parseBody } from "../../tools/dashboard/definition.ts";
import type { MetricWidget } from "../../tools/dashboard/definition.ts";
import { drawExample, EXAMPLE } from "../../tools/dashboard/example.ts";
import { graph } from "../../tools/dashboard/graph.ts";
import { simulateDay } from "../../tools/dashboard/simulated-day.ts";
import { DAY, INCIDENT } from "../../tools/dashboard/story.ts";
import { linesOf } from "../../tools/dashboard/values.ts";
import { words } from "../../tools/dashboard/words.ts";
import { production } from "../../tools/template/variants.ts";

const series = seriesOf("production");

describe("docs/dashboard.svg", () => {
  const drawn = drawExample(EXAMPLE);

  it("needs nothing from elsewhere, and no script", () => {
    expect(drawn).not.toMatch(/<(script|image|foreignObject|use)|href=|url\((?!#)|@import/);
  });

  it("answers first whether it is healthy", () => {
    const at = [
      "Wake somebody",
      "Can wait until the morning; deployment-… notify nobody",
      "Applications in gap: 0",
      "Queue records",
    ].map((title) => drawn.indexOf(`>${title}<`));

    expect(at).not.toContain(-1);
    expect(at).toEqual(at.toSorted((a, b) => a - b));
    expect(drawn).toMatch(/>all \d+ OK</);
    expect(drawn).not.toContain("in alarm");
  });

  it("keeps each text within its place where the reader has neither Arial nor Helvetica", () => {
    // In DejaVu Sans, which is a sixth wider, names of alarms left their boxes and words ran into links.
    const texts = [...drawn.matchAll(/<text ([^>]*)>([^<]*)<\/text>/g)].filter(
      ([, attributes = "", content = ""]) =>
        /\p{L}{2}/u.test(content) && !attributes.includes("Menlo"),
    );

    expect(texts.length).toBeGreaterThan(100);
    expect(texts.filter(([text]) => !/ textLength="[\d.]+" lengthAdjust=/.test(text))).toEqual([]);
  });

  it("can be drawn with every section that the dashboard has", () => {
    const { stage, seed } = EXAMPLE;
    const headings = drawExample({ stage, seed }).match(/font-size:15px[^>]*>[^<]+/g) ?? [];

    expect(headings.map((heading) => heading.split(">")[1])).toEqual([
      "Intake",
      "Processing",
      "Outcomes",
      "By Journey",
      "Polling and gaps",
      "Cost drivers",
    ]);
  });
});

describe("the simulated day", () => {
  const day = simulateDay(production, EXAMPLE.seed);

  it("is the same for the same seed, and another for another", () => {
    const eventsIn = (measured: Measurements) =>
      measured.statistic(series.ours(METRICS.eventsRecorded), "Sum", 0, DAY);

    expect(eventsIn(simulateDay(production, EXAMPLE.seed))).toBe(eventsIn(day));
    expect(eventsIn(simulateDay(production, 1))).not.toBe(eventsIn(day));
  });

  it("has an incident that shows: what waits grows old, is missed, and is in effect in the end", () => {
    const age = series.queue("ApproximateAgeOfOldestMessage", "EventQueue");
    const gaps = series.ours(METRICS.deliveryGaps);

    expect(day.statistic(age, "Maximum", 0, INCIDENT.from)).toBeLessThan(60);
    expect(day.statistic(age, "Maximum", INCIDENT.from, INCIDENT.to)).toBeGreaterThan(300);
    expect(day.statistic(gaps, "Maximum", 0, INCIDENT.from)).toBe(0);
    expect(day.statistic(gaps, "Maximum", INCIDENT.from, DAY)).toBeGreaterThan(0);
    expect(day.statistic(gaps, "Maximum", DAY - 60, DAY)).toBe(0);
  });
});

describe("a widget's lines", () => {
  it("have the metric's statistic in windows of its period, and metric math calculated with them", () => {
    const day = new Measurements();
    day.put("A/B{}", 0, 1, 2);
    day.put("A/B{}", 7, 4);

    const lines = linesOf(
      aWidget(
        [{ expression: "FILL(b, 0) * 10", label: "tenfold" }],
        ["A", "B", { id: "b", stat: "Sum", label: "sum" }],
      ),
      day,
      15,
    );

    expect(lines.map(({ label, points }) => [label, points.map(({ value }) => value)])).toEqual([
      ["tenfold", [30, 40, 0]],
      ["sum", [3, 4, null]],
    ]);
  });

  it("of a metric that was not measured are refused in a sentence", () => {
    expect(() => linesOf(aWidget(["A", "B", {}]), new Measurements(), 15)).toThrow(
      `"A widget" shows A/B{}, of which the simulated day knows nothing: say in tools/dashboard/silence.ts or simulated-events.ts what is measured.`,
    );
  });

  it("of a calculation with a metric that is not there, or of another period, are refused too", () => {
    const day = new Measurements();
    day.put("A/B{}", 0, 1);

    expect(() =>
      linesOf(aWidget([{ expression: "b + c" }], ["A", "B", { id: "b" }]), day, 5),
    ).toThrow(`"A widget" calculates b + c, but has no metric c.`);
    expect(() =>
      linesOf(aWidget([{ expression: "b" }], ["A", "B", { id: "b", period: 60 }]), day, 5),
    ).toThrow(`"A widget" calculates b over 300 s, but its metric b has windows of 60 s.`);
  });
});

it("a graph draws each line in its colour, its limit, and a legend; what it stacks stands on what is below", () => {
  const day = new Measurements();
  for (const minute of [0, 5]) {
    day.put("A/B{}", minute, 3);
    day.put("A/C{}", minute, 2);
  }
  const widget = aWidget(
    ["A", "B", { stat: "Sum", label: "below", color: "#111111" }],
    ["A", "C", { stat: "Sum", label: "above", color: "#222222" }],
  );
  const stacked = { ...widget, properties: { ...widget.properties, stacked: true } };
  const size = { width: 240, height: 200 };

  const part = graph(
    stacked,
    linesOf(stacked, day, 10),
    { x: 0, y: 0, ...size },
    { index: 0, minutes: 360 },
  );
  const drawn = svgOf("a graph", size, { ...part });
  const [below = [], above = []] = ["#111111", "#222222"].map((colour) => {
    const [, path = ""] =
      new RegExp(`<path d="([^"]+)"[^>]* fill="${colour}" fill-op`).exec(drawn) ?? [];
    return [...path.matchAll(/[ML][\d.]+ ([\d.]+)/g)].map(([, y]) => Number(y));
  });

  // Along the top, and back along the bottom.
  expect(above.slice(2)).toEqual(below.slice(0, 2).toReversed());
  expect(Math.min(...above)).toBeLessThan(Math.min(...below));
  expect(drawn).toContain(">below</text>");
  expect(drawn).toContain(">above</text>");
});

describe("the words of a text widget", () => {
  const box = { x: 0, y: 0, width: 200, height: 200 };
  const drawnWords = (markdown: string) => svgOf("words", box, { ...words(markdown, box) });

  it("are drawn as headings, lists, bold, code and links, and broken into lines", () => {
    const drawn = drawnWords(
      "## Good\n- **All** of it\n\nSee [the page](https://x.example/) and `npm run x`",
    );

    expect(drawn).toContain(">Good</text>");
    expect(drawn).toContain("•");
    expect(drawn).toMatch(/font-weight:bold[^>]+>All</);
    expect(drawn).toMatch(/font-family:Menlo[^>]+>npm run x</);
    expect((drawnWords("word ".repeat(30)).match(/<text/g) ?? []).length).toBeGreaterThan(2);
  });

  it("are refused in a sentence when they are of another kind, or too many", () => {
    expect(() => words("| a |\n|---|\n| b |", box)).toThrow(
      "is a table, which is not understood here.",
    );
    expect(() => words("word ".repeat(300), box)).toThrow(
      /^A text of \d+ px does not fit into its 200/,
    );
  });
});

function aWidget(...metrics: readonly (readonly (string | object)[])[]): MetricWidget {
  const [widget] = parseBody({
    start: "-P1D",
    periodOverride: "inherit",
    widgets: [
      {
        type: "metric",
        x: 0,
        y: 0,
        width: 6,
        height: 6,
        properties: { title: "A widget", view: "timeSeries", region: "us-east-1", metrics },
      },
    ],
  });
  if (widget?.type === "metric") return widget;
  throw new Error("The widget was not read.");
}

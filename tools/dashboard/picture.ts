import { metricAlarmsOf } from "../cloudwatch/alarms.ts";
import { compositeAlarmsOf } from "../cloudwatch/composite.ts";
import { evaluate } from "../cloudwatch/evaluate.ts";
import type { Measurements } from "../cloudwatch/measurements.ts";
import type { Synthesised } from "../template/synthesise.ts";
import { dashboardOf } from "./definition.ts";
import type { Widget } from "./definition.ts";
import { svgOf } from "./chart.ts";
import type { Part } from "./chart.ts";
import { graph } from "./graph.ts";
import { INK } from "./ink.ts";
import { alarms, number, rectangle, text } from "./small-widgets.ts";
import type { AlarmState } from "./small-widgets.ts";
import { linesOf } from "./values.ts";
import { words } from "./words.ts";

/** Pixels of one column and of one row. */
const CELL = { width: 54, height: 47 };
/** CloudWatch has 24. So many are as wide as a page on GitHub: drawn with 24, letters would have two thirds of their size there. */
const COLUMNS = 15;
const GAP = 6;
const MARGIN = 8;
const TITLE = 24;
const CAPTION = 26;

/**
 * Draws the dashboard of a template for a page, with what was measured in so many minutes: its widgets as CloudWatch
 * shows them, with fewer beside each other.
 *
 * @param options.caption - what the measurements are.
 * @param options.sections - the headings of the sections that are drawn. @default - all
 * @throws Error when the dashboard has something that this cannot draw, or a metric that was not measured.
 */
export function picture(
  stack: Synthesised,
  day: Measurements,
  options: {
    readonly minutes: number;
    readonly caption: string;
    readonly sections?: readonly string[];
  },
): string {
  const { minutes, caption, sections } = options;
  const widgets = arranged(dashboardOf(stack), sections);
  const states = alarmStates(stack, day, minutes);
  const rows = Math.max(...widgets.map(({ y, height }) => y + height));
  const width = COLUMNS * CELL.width + 2 * MARGIN;
  const height = rows * CELL.height + 2 * MARGIN + CAPTION;
  const metricWidgets = widgets.filter(({ type }) => type === "metric");
  const parts = widgets.map((widget) =>
    draw(widget, metricWidgets.indexOf(widget), states, day, minutes),
  );
  const all = (kind: keyof Part) => parts.flatMap((part) => part[kind] ?? []);
  return svgOf(
    `The dashboard of stage ${stack.stage.stage} on a simulated day`,
    { width, height },
    {
      backgroundColor: INK.page,
      grid: all("grid"),
      xAxis: all("xAxis"),
      yAxis: all("yAxis"),
      series: all("series"),
      legend: all("legend"),
      graphic: [
        ...all("graphic"),
        text(MARGIN + 13, height - CAPTION, caption, { fill: INK.faint }),
      ],
    },
  );
}

/** The widgets in rows of a page, in the dashboard's order; each section begins a row. */
function arranged(
  widgets: readonly Widget[],
  sections: readonly string[] | undefined,
): readonly Widget[] {
  const headings = widgets.map((widget) => headingOf(widget));
  const placed: Widget[] = [];
  let [x, y, height] = [0, 0, 0];
  let section: string | null = null;
  for (const [index, widget] of widgets.entries()) {
    section = headings[index] ?? section;
    if (section !== null && sections?.includes(section) === false) continue;
    const isWide = index === 0 || widget.type === "alarm";
    const width = isWide ? COLUMNS : COLUMNS / 3;
    if (x + width > COLUMNS || headings[index] !== null) [x, y, height] = [0, y + height, 0];
    placed.push({ ...widget, width, x, y });
    x += width;
    height = Math.max(height, widget.height);
  }
  return placed;
}

/** The heading of the section that the widget begins. */
function headingOf(widget: Widget): string | null {
  if (widget.type !== "text") return null;
  return /^## (.+)$/m.exec(widget.properties.markdown)?.[1] ?? null;
}

interface AlarmInPicture {
  readonly name: string;
  readonly state: AlarmState;
  readonly changedAt: number;
}

/** @param index - the widget's number among those that have a grid. */
function draw(
  widget: Widget,
  index: number,
  states: ReadonlyMap<string, AlarmInPicture>,
  day: Measurements,
  minutes: number,
): Part {
  const box = {
    x: MARGIN + widget.x * CELL.width + GAP / 2,
    y: MARGIN + widget.y * CELL.height + GAP / 2,
    width: widget.width * CELL.width - GAP,
    height: widget.height * CELL.height - GAP,
  };
  if (widget.type === "text") return words(widget.properties.markdown, box);

  const { title } = widget.properties;
  const frame = [
    rectangle({ ...box, r: 4 }, INK.card, INK.line),
    text(box.x + 10, box.y + 7, title, { fontWeight: "bold", width: box.width - 26 }),
  ];
  const inner = { ...box, y: box.y + TITLE, height: box.height - TITLE };
  const part = content();
  return { ...part, graphic: [...frame, ...(part.graphic ?? [])] };

  function content(): Part {
    if (widget.type === "alarm") return alarms(sorted(widget.properties.alarms, states), inner);
    if (widget.type === "text") return {};
    const lines = linesOf(widget, day, minutes);
    if (widget.properties.view === "timeSeries") {
      return graph(widget, lines, inner, { index, minutes });
    }
    const [line, ...others] = lines;
    if (line === undefined || others.length > 0) {
      throw new Error(`"${title}" shows ${lines.length} numbers, but only one is understood here.`);
    }
    return number(line, widget.properties.sparkline, inner, { index, minutes });
  }
}

/** As the widget asks: those that ring first, then by the time of the last change, newest first. */
function sorted(
  ids: readonly string[],
  states: ReadonlyMap<string, AlarmInPicture>,
): readonly AlarmInPicture[] {
  const shown = ids.map((id) => {
    const state = states.get(id);
    if (state !== undefined) return state;
    throw new Error(`The dashboard shows the alarm ${id}, which is not in the template.`);
  });
  const rank = ({ state }: AlarmInPicture) => (state === "ALARM" ? 0 : 1);
  return shown.toSorted((a, b) => rank(a) - rank(b) || b.changedAt - a.changedAt);
}

/** How every alarm of the template stands at the end, by its logical id. */
function alarmStates(
  stack: Synthesised,
  day: Measurements,
  minutes: number,
): ReadonlyMap<string, AlarmInPicture> {
  const all = { metric: metricAlarmsOf(stack), composite: compositeAlarmsOf(stack) };
  // In the first hour the alarms' windows reach back to before the day.
  const { rang, ended } = evaluate(all, day, { from: 60, to: minutes });
  return new Map(
    [...all.metric, ...all.composite].map(({ id, logicalId }) => {
      const began = rang.get(id)?.at(-1) ?? -1;
      const over = ended.get(id)?.at(-1) ?? -1;
      const state = began > over ? "ALARM" : "OK";
      return [logicalId, { name: id, state, changedAt: Math.max(began, over) }];
    }),
  );
}

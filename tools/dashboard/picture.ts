import { metricAlarmsOf } from "../cloudwatch/alarms.ts";
import { compositeAlarmsOf } from "../cloudwatch/composite.ts";
import { evaluate } from "../cloudwatch/evaluate.ts";
import type { Measurements } from "../cloudwatch/measurements.ts";
import type { Synthesised } from "../template/synthesise.ts";
import { dashboardOf } from "./definition.ts";
import type { Widget } from "./definition.ts";
import { graph } from "./graph.ts";
import { alarms, number, summary } from "./small-widgets.ts";
import type { AlarmState } from "./small-widgets.ts";
import { element, fitted, FONT, INK, moved, text } from "./svg.ts";
import { linesOf } from "./values.ts";
import { words } from "./words.ts";

/** Pixels of one of the 24 columns, and of one row. */
const CELL = { width: 54, height: 47 };
const GAP = 6;
const MARGIN = 8;
const TITLE = 24;

/**
 * Draws the dashboard of a template as CloudWatch shows it, with what was measured in so many minutes.
 *
 * @param options.caption - what the measurements are.
 * @throws Error when the dashboard has something that this cannot draw, or a metric that was not measured.
 */
export function picture(
  stack: Synthesised,
  day: Measurements,
  options: { readonly minutes: number; readonly caption: string },
): string {
  const { minutes, caption } = options;
  const widgets = dashboardOf(stack);
  const states = alarmStates(stack, day, minutes);
  const rows = Math.max(...widgets.map(({ y, height }) => y + height));
  const width = 24 * CELL.width + 2 * MARGIN;
  const height = rows * CELL.height + 2 * MARGIN;
  const style = `.axis{font-size:9.5px;fill:${INK.faint}}.title{font-size:12px;font-weight:bold}`;
  return `${element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: `0 0 ${width} ${height}`,
      "font-family": FONT,
      "font-size": 11.5,
      fill: INK.text,
      role: "img",
      "aria-label": `The dashboard of stage ${stack.stage.stage} on a simulated day`,
    },
    element("style", {}, style),
    element("rect", { width, height, fill: INK.page }),
    ...widgets.map((widget) => `\n${draw(widget, states, day, minutes)}`),
    text(width - 16, 28, caption, { "text-anchor": "end", fill: INK.faint }),
    "\n",
  )}\n`;
}

interface AlarmInPicture {
  readonly name: string;
  readonly state: AlarmState;
  readonly changedAt: number;
}

function draw(
  widget: Widget,
  states: ReadonlyMap<string, AlarmInPicture>,
  day: Measurements,
  minutes: number,
): string {
  const box = { width: widget.width * CELL.width - GAP, height: widget.height * CELL.height - GAP };
  const at = [
    MARGIN + widget.x * CELL.width + GAP / 2,
    MARGIN + widget.y * CELL.height + GAP / 2,
  ] as const;
  if (widget.type === "text") return moved(...at, words(widget.properties.markdown, box));

  const { title } = widget.properties;
  const inner = { width: box.width, height: box.height - TITLE };
  return moved(
    ...at,
    element("rect", { ...box, rx: 4, fill: INK.card, stroke: INK.line }),
    text(10, 17, fitted(title, 12.6, box.width - 16), { class: "title" }),
    moved(0, TITLE, content()),
  );

  function content(): string {
    if (widget.type === "alarm") {
      const shown = sorted(widget.properties.alarms, states);
      return alarms(shown, inner) + summary(shown, inner);
    }
    if (widget.type === "text") return "";
    const lines = linesOf(widget, day, minutes);
    if (widget.properties.view === "timeSeries") return graph(widget, lines, inner, minutes);
    const [line, ...others] = lines;
    if (line === undefined || others.length > 0) {
      throw new Error(`"${title}" shows ${lines.length} numbers, but only one is understood here.`);
    }
    return number(line, widget.properties.sparkline, inner, minutes);
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

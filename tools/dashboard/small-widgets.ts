import { scaleLinear } from "d3-scale";
import { line as pathOf } from "d3-shape";
import { shortNumber } from "./graph.ts";
import type { Box } from "./graph.ts";
import { element, fitted, INK, text, widthOf } from "./svg.ts";
import type { Line } from "./values.ts";

export type AlarmState = "ALARM" | "OK";

const STATES = {
  ALARM: { fill: "#fdf3f1", stroke: "#d13212", mark: "⚠", ink: "#d13212" },
  OK: { fill: "#f2f8f0", stroke: "#7cb86b", mark: "✓", ink: "#1d8102" },
} as const;

const COLUMNS = 5;

/** A grid of tiles, one an alarm. */
export function alarms(
  all: readonly { readonly name: string; readonly state: AlarmState }[],
  box: Box,
): string {
  const rows = Math.ceil(all.length / COLUMNS);
  const [gap, margin] = [5, 10];
  const width = (box.width - 2 * margin - (COLUMNS - 1) * gap) / COLUMNS;
  const height = (box.height - margin - (rows - 1) * gap) / rows;
  return all
    .map(({ name, state }, index) => {
      const x = margin + (index % COLUMNS) * (width + gap);
      const y = Math.floor(index / COLUMNS) * (height + gap);
      const { fill, stroke, mark, ink } = STATES[state];
      const middle = y + height / 2 + 4;
      return [
        element("rect", { x, y, width, height, rx: 3, fill, stroke }),
        text(x + 8, middle, mark, { "font-size": 13, "font-weight": "bold", fill: ink }),
        text(x + 24, middle, fitted(name, 10, width - 26), { "font-size": 10 }),
      ].join("");
    })
    .join("");
}

/** How they stand, in as few words as a glance takes. */
export function summary(all: readonly { readonly state: AlarmState }[], box: Box): string {
  const ringing = all.filter(({ state }) => state === "ALARM").length;
  const [words, { ink }] =
    ringing === 0 ? [`all ${all.length} OK`, STATES.OK] : [`${ringing} in alarm`, STATES.ALARM];
  return text(box.width - 10, -7, words, {
    "text-anchor": "end",
    "font-size": 12,
    "font-weight": "bold",
    fill: ink,
  });
}

/** The newest value, large, and the curve that led to it. */
export function number({ points }: Line, hasSparkline: boolean, box: Box, minutes: number): string {
  const measured = points.flatMap(({ minute, value }) =>
    value === null ? [] : [{ minute, value }],
  );
  const newest = measured.at(-1);
  const shown = newest === undefined ? "--" : shortNumber(newest.value);
  const drawn = text(12, 40, shown, { "font-size": 38, "font-weight": "bold" });
  if (!hasSparkline || measured.length < 2) return drawn;
  const from = Math.max(widthOf(shown, 38) + 30, box.width * 0.42);
  const x = scaleLinear([0, minutes], [from, box.width - 12]);
  const highest = Math.max(...measured.map(({ value }) => value));
  const y = scaleLinear([0, Math.max(highest, 1)], [box.height - 14, 12]);
  const shape = pathOf<(typeof measured)[number]>()
    .x(({ minute }) => x(minute))
    .y(({ value }) => y(value))
    .digits(1);
  const curve = element("path", {
    d: shape(measured) ?? "",
    fill: "none",
    stroke: "#1f77b4",
    "stroke-width": "1.3",
  });
  const most = text(box.width - 12, 8, `most: ${shortNumber(highest)}`, {
    "text-anchor": "end",
    class: "axis",
    fill: INK.faint,
  });
  return [drawn, curve, most].join("");
}

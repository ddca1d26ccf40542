import type { Box, Part } from "./chart.ts";
import { FONT } from "./chart.ts";
import { hours, shortNumber } from "./graph.ts";
import { INK } from "./ink.ts";
import type { Line } from "./values.ts";

export type AlarmState = "ALARM" | "OK";

const STATES = {
  ALARM: { fill: "#fdf3f1", stroke: "#d13212", mark: "⚠", ink: "#d13212" },
  OK: { fill: "#f2f8f0", stroke: "#7cb86b", mark: "✓", ink: "#1d8102" },
} as const;

const COLUMNS = 5;

export function rectangle(shape: Box & { readonly r?: number }, fill: string, stroke?: string) {
  return { type: "rect", silent: true, shape, style: { fill, stroke } };
}

export function text(x: number, y: number, content: string, style: object = {}) {
  return {
    type: "text",
    silent: true,
    x,
    y,
    style: {
      text: content,
      fontFamily: FONT,
      fontSize: 12,
      fill: INK.text,
      overflow: "truncate",
      ...style,
    },
  };
}

/** A grid of tiles, one an alarm, and above it how they stand, in as few words as a glance takes. */
export function alarms(
  all: readonly { readonly name: string; readonly state: AlarmState }[],
  box: Box,
): Part {
  const rows = Math.ceil(all.length / COLUMNS);
  const [gap, margin] = [5, 10];
  const width = (box.width - 2 * margin - (COLUMNS - 1) * gap) / COLUMNS;
  const height = (box.height - margin - (rows - 1) * gap) / rows;
  const tiles = all.flatMap(({ name, state }, index) => {
    const x = box.x + margin + (index % COLUMNS) * (width + gap);
    const y = box.y + Math.floor(index / COLUMNS) * (height + gap);
    const { fill, stroke, mark, ink } = STATES[state];
    const middle = { verticalAlign: "middle" };
    return [
      rectangle({ x, y, width, height, r: 3 }, fill, stroke),
      text(x + 8, y + height / 2 + 1, mark, {
        ...middle,
        fontSize: 13,
        fontWeight: "bold",
        fill: ink,
      }),
      text(x + 24, y + height / 2 + 1, name, { ...middle, fontSize: 10, width: width - 26 }),
    ];
  });
  const ringing = all.filter(({ state }) => state === "ALARM").length;
  const [words, { ink }] =
    ringing === 0 ? [`all ${all.length} OK`, STATES.OK] : [`${ringing} in alarm`, STATES.ALARM];
  const style = { align: "right", fontWeight: "bold", fill: ink };
  return { graphic: [...tiles, text(box.x + box.width - 10, box.y - 17, words, style)] };
}

/** The newest value, large, and the curve that led to it. */
export function number(
  { points }: Line,
  hasSparkline: boolean,
  box: Box,
  { index, minutes }: { readonly index: number; readonly minutes: number },
): Part {
  const measured = points.filter(({ value }) => value !== null);
  const newest = measured.at(-1)?.value ?? null;
  const shown = newest === null ? "--" : shortNumber(newest);
  const isDrawn = hasSparkline && measured.length > 1;
  const highest = Math.max(...measured.map(({ value }) => value ?? 0));
  const left = Math.max(shown.length * 24 + 30, box.width * 0.42);
  const most = text(box.x + box.width - 12, box.y, `most: ${shortNumber(highest)}`, {
    align: "right",
    fontSize: 10,
    fill: INK.faint,
  });
  return {
    graphic: [
      text(box.x + 12, box.y + 8, shown, { fontSize: 38, fontWeight: "bold" }),
      ...(isDrawn ? [most] : []),
    ],
    // Also without a curve, so that every grid has the two axes that its number says.
    grid: [
      {
        left: box.x + left,
        top: box.y + 12,
        width: box.width - left - 12,
        height: box.height - 26,
      },
    ],
    xAxis: [{ ...hours(index, minutes), show: false }],
    yAxis: [0, 1].map(() => ({ gridIndex: index, min: 0, show: false })),
    series: isDrawn
      ? [
          {
            type: "line",
            silent: true,
            xAxisIndex: index,
            yAxisIndex: 2 * index,
            color: "#1f77b4",
            lineStyle: { width: 1.3 },
            showSymbol: false,
            data: measured.map(({ minute, value }) => [minute, value]),
          },
        ]
      : [],
  };
}

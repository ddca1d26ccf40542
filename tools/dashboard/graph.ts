import type { Box, Part } from "./chart.ts";
import type { MetricWidget } from "./definition.ts";
import { INK } from "./ink.ts";
import type { Line } from "./values.ts";

/** CloudWatch's colours for lines that name none, in its order, without its green, orange and red. */
const COLOURS = [
  "#1f77b4",
  "#9467bd",
  "#8c564b",
  "#e377c2",
  "#7f7f7f",
  "#bcbd22",
  "#17becf",
  "#aec7e8",
];

/** An axis's label, and a legend's. */
const SMALL = { fontSize: 10, color: INK.faint };
const LEGEND_FONT = 10;
const LEGEND_LINE = 14;

/**
 * Lines or areas over the hours of a day, with axes, limits and a legend.
 *
 * @param index - the graph's number in its chart; the series of each have names of their own by it.
 */
export function graph(
  widget: MetricWidget,
  lines: readonly Line[],
  box: Box,
  { index, minutes }: { readonly index: number; readonly minutes: number },
): Part {
  const { stacked, annotations, yAxis } = widget.properties;
  const taken = new Set(lines.map(({ color }) => color));
  const free = COLOURS.filter((color) => !taken.has(color));
  let next = 0;
  const named = lines.map((line) => ({
    ...line,
    name: `${index}:${line.label}`,
    color: line.color ?? free[next++ % free.length],
  }));
  const hasRight = lines.some((line) => line.yAxis === "right");
  const legendHeight = rowsOf(lines, box.width) * LEGEND_LINE + 6;
  const limits = annotations?.horizontal ?? [];
  const highestLimit = Math.max(...limits.map(({ value }) => value * 1.12));
  return {
    grid: [
      {
        left: box.x + 38,
        top: box.y + 8,
        width: box.width - 38 - (hasRight ? 36 : 8),
        height: box.height - 26 - legendHeight,
      },
    ],
    xAxis: [hours(index, minutes)],
    yAxis: (["left", "right"] as const).map((side) => ({
      gridIndex: index,
      position: side,
      splitNumber: 4,
      min: yAxis?.[side]?.min ?? 0,
      max: ({ max }: { readonly max: number }) => {
        const most = Math.max(yAxis?.[side]?.max ?? 0, max, side === "left" ? highestLimit : 0, 1);
        return roundUp(most);
      },
      axisLabel: { ...SMALL, show: side === "left" || hasRight, formatter: shortNumber },
      axisLine: { show: false },
      axisTick: { show: false },
      splitLine: { show: side === "left", lineStyle: { color: "#eaeded" } },
    })),
    series: named.map(({ name, color, yAxis: side, points }, position) => ({
      type: "line",
      silent: true,
      name,
      xAxisIndex: index,
      yAxisIndex: 2 * index + (side === "right" ? 1 : 0),
      color,
      lineStyle: { width: 1.3 },
      // One point alone is no line.
      showSymbol: points.filter(({ value }) => value !== null).length === 1,
      // What has the axis on the right is background to the rest.
      z: side === "right" ? 1 : 2,
      ...(stacked &&
        side === "left" && {
          stack: String(index),
          areaStyle: { opacity: 0.75 },
          lineStyle: { width: 0 },
        }),
      data: shown(points, stacked).map(({ minute, value }) => [minute, value ?? 0]),
      ...(position === 0 && { markLine: { ...MARKS, data: limits.map(markOf) } }),
    })),
    legend: [
      {
        left: box.x + 4,
        top: box.y + box.height - legendHeight,
        width: box.width - 8,
        selectedMode: false,
        padding: [4, 4],
        itemWidth: 9,
        itemHeight: 9,
        itemGap: 8,
        icon: "roundRect",
        textStyle: { fontSize: LEGEND_FONT, color: INK.text },
        data: named.map(({ name }) => name),
        formatter: (name: string) => name.slice(name.indexOf(":") + 1),
      },
    ],
  };
}

/**
 * What of a line is drawn. A level line goes through its points anyway: half of a picture of a quiet day. A stacked line
 * has all its points, because others stand on them, unless it is 0 everywhere.
 */
function shown(points: Line["points"], isStacked: boolean): Line["points"] {
  if (isStacked) return points.some(({ value }) => (value ?? 0) > 0) ? points : [];
  const measured = points.filter(({ value }) => value !== null);
  return measured.filter(
    ({ value }, at) => value !== measured[at - 1]?.value || value !== measured[at + 1]?.value,
  );
}

const MARKS = { silent: true, symbol: "none" };

function markOf({ value, label, color }: { value: number; label: string; color: string }) {
  return {
    yAxis: value,
    lineStyle: { color, type: "dashed" },
    label: { formatter: label, position: "insideEndTop", fontSize: 10, color },
  };
}

/** The x-axis of a day. */
export function hours(gridIndex: number, minutes: number) {
  return {
    gridIndex,
    type: "value",
    min: 0,
    max: minutes,
    interval: 360,
    axisLabel: {
      ...SMALL,
      alignMinLabel: "left",
      alignMaxLabel: "right",
      formatter: (minute: number) => `${String(minute / 60).padStart(2, "0")}:00`,
    },
    axisLine: { show: false },
    axisTick: { show: false },
    splitLine: { show: false },
  };
}

/** In how many rows a legend of this width stands, by letters of a usual width. */
function rowsOf(lines: readonly Line[], width: number): number {
  let [rows, used] = [1, 0];
  for (const { label } of lines) {
    const needed = label.length * LEGEND_FONT * 0.58 + 22;
    if (used > 0 && used + needed > width - 16) [rows, used] = [rows + 1, 0];
    used += needed;
  }
  return rows;
}

/** The end of an axis in four steps, of a size that ECharts takes too. */
function roundUp(value: number): number {
  const unit = 10 ** Math.floor(Math.log10(value / 4));
  const step = [1, 2, 3, 5, 10].find((factor) => factor * unit * 4 >= value) ?? 10;
  return step * unit * 4;
}

/** `1.2k`, `3M`: what fits beside an axis. */
export function shortNumber(value: number): string {
  return new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 })
    .format(value)
    .replace("K", "k");
}

import { scaleLinear } from "d3-scale";
import { area, line as pathOf } from "d3-shape";
import type { MetricWidget } from "./definition.ts";
import { legendOf, withColours } from "./legend.ts";
import type { Coloured } from "./legend.ts";
import { element, tenth, text } from "./svg.ts";
import type { Line } from "./values.ts";

export interface Box {
  readonly width: number;
  readonly height: number;
}

/** Lines or areas over the hours of a day, with axes, limits and a legend. */
export function graph(
  widget: MetricWidget,
  lines: readonly Line[],
  box: Box,
  minutes: number,
): string {
  const { stacked, annotations, yAxis } = widget.properties;
  const coloured = withColours(lines);
  const legend = legendOf(coloured, box.width);
  const hasRight = coloured.some((line) => line.yAxis === "right");
  const plot = {
    left: 38,
    right: box.width - (hasRight ? 36 : 8),
    top: 8,
    bottom: box.height - 18 - legend.height,
  };
  const x = scaleLinear([0, minutes], [plot.left, plot.right]);
  const limits = annotations?.horizontal ?? [];
  const axes = (["left", "right"] as const).map((side) => {
    const own = coloured.filter((line) => line.yAxis === side);
    const layers = stacked && side === "left" ? stackedUp(own) : own.map(standing);
    const tops = layers.flatMap(({ points }) =>
      points.flatMap(({ top }) => (top === null ? [] : [top])),
    );
    const marks = side === "left" ? limits.map(({ value }) => value) : [];
    const highest = Math.max(
      yAxis?.[side]?.max ?? 0,
      ...tops,
      ...marks.map((mark) => mark * 1.12),
      1,
    );
    const y = scaleLinear([yAxis?.[side]?.min ?? 0, highest], [plot.bottom, plot.top]).nice(4);
    return { side, layers, y, isFilled: stacked && side === "left" };
  });
  const [left, right] = axes;
  if (left === undefined || right === undefined) return "";
  // What has the axis on the right is background to the rest.
  const drawn = axes
    .toReversed()
    .flatMap(({ layers, y, isFilled }) => layers.map((layer) => drawLayer(layer, x, y, isFilled)));
  const limitLines = limits.map(({ value, label, color }) => {
    const at = left.y(value);
    return [
      element("path", {
        d: `M${plot.left} ${tenth(at)}H${tenth(plot.right)}`,
        stroke: color,
        "stroke-dasharray": "4 3",
      }),
      text(plot.right - 2, at - 3, label, { fill: color, "text-anchor": "end", "font-size": 9.5 }),
    ].join("");
  });
  return [
    ...gridOf(left.y, plot),
    ...(hasRight ? numbersOf(right.y, plot.right + 5, "start") : []),
    ...hoursOf(x, plot.bottom, minutes),
    ...drawn,
    ...limitLines,
    legend.drawn(box.height - legend.height + 8),
  ].join("");
}

type Scale = ReturnType<typeof scaleLinear<number, number>>;
type Plot = Readonly<Record<"left" | "right" | "top" | "bottom", number>>;

interface Layer {
  readonly color: string;
  readonly points: readonly {
    readonly minute: number;
    readonly bottom: number;
    readonly top: number | null;
  }[];
}

function standing({ color, points }: Coloured): Layer {
  return { color, points: points.map(({ minute, value }) => ({ minute, bottom: 0, top: value })) };
}

/** One on top of the other; what was not measured adds nothing. */
function stackedUp(lines: readonly Coloured[]): readonly Layer[] {
  const heights = new Map<number, number>();
  return lines.map(({ color, points }) => ({
    color,
    points: points.map(({ minute, value }) => {
      const bottom = heights.get(minute) ?? 0;
      const top = bottom + (value ?? 0);
      heights.set(minute, top);
      return { minute, bottom, top };
    }),
  }));
}

function drawLayer({ color, points }: Layer, x: Scale, y: Scale, isFilled: boolean): string {
  // What is nowhere above another layer has nothing to show.
  if (isFilled && points.every(({ bottom, top }) => top === bottom)) return "";
  if (isFilled) {
    const shape = area<Layer["points"][number]>()
      .x(({ minute }) => x(minute))
      .y0(({ bottom }) => y(bottom))
      .y1(({ top }) => y(top ?? 0))
      .digits(1);
    return element("path", { d: shape([...points]) ?? "", fill: color, "fill-opacity": "0.75" });
  }
  const measured = withoutLevel(points.filter(({ top }) => top !== null));
  const [only] = measured;
  if (only === undefined) return "";
  if (measured.length === 1) {
    return element("circle", { cx: x(only.minute), cy: y(only.top ?? 0), r: 2.2, fill: color });
  }
  const shape = pathOf<Layer["points"][number]>()
    .x(({ minute }) => x(minute))
    .y(({ top }) => y(top ?? 0))
    .digits(1);
  return element("path", {
    d: shape(measured) ?? "",
    fill: "none",
    stroke: color,
    "stroke-width": "1.3",
  });
}

/** Leaves out what a level line goes through anyway: half of a picture of a quiet day. */
function withoutLevel(points: Layer["points"]): Layer["points"] {
  return points.filter(
    ({ top }, index) => top !== points[index - 1]?.top || top !== points[index + 1]?.top,
  );
}

function gridOf(y: Scale, plot: Plot): readonly string[] {
  const lines = y.ticks(4).map((tick) =>
    element("path", {
      d: `M${plot.left} ${tenth(y(tick))}H${tenth(plot.right)}`,
      stroke: "#eaeded",
    }),
  );
  return [...lines, ...numbersOf(y, plot.left - 5, "end")];
}

function numbersOf(y: Scale, x: number, anchor: "start" | "end"): readonly string[] {
  return y
    .ticks(4)
    .map((tick) =>
      text(x, y(tick) + 3.5, shortNumber(tick), { "text-anchor": anchor, class: "axis" }),
    );
}

function hoursOf(x: Scale, bottom: number, minutes: number): readonly string[] {
  const hours = Array.from({ length: minutes / 60 / 6 + 1 }, (_, index) => index * 6);
  return hours.map((hour, index) => {
    const anchor = index === 0 ? "start" : index === hours.length - 1 ? "end" : "middle";
    const label = `${String(hour).padStart(2, "0")}:00`;
    return text(x(hour * 60), bottom + 13, label, { "text-anchor": anchor, class: "axis" });
  });
}

/** `1.2k`, `3M`: what fits beside an axis. */
export function shortNumber(value: number): string {
  if (Math.abs(value) >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`;
  if (Math.abs(value) >= 1e3) return `${Number((value / 1e3).toPrecision(3))}k`;
  return String(Number(value.toPrecision(3)));
}

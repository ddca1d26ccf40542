import { element, fitted, INK, text, widthOf } from "./svg.ts";
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

const LEGEND_FONT = 10;
const LEGEND_LINE = 14;

/** A line that has its colour. */
export interface Coloured extends Line {
  readonly color: string;
}

export function withColours(lines: readonly Line[]): readonly Coloured[] {
  const taken = new Set(lines.map(({ color }) => color));
  const free = COLOURS.filter((color) => !taken.has(color));
  let next = 0;
  return lines.map((line) => ({
    ...line,
    color: line.color ?? free[next++ % free.length] ?? INK.text,
  }));
}

/** Names beside colours, in as many rows as they take. */
export function legendOf(lines: readonly Coloured[], width: number) {
  const rows: { line: Coloured; x: number }[][] = [[]];
  let x = 10;
  for (const line of lines) {
    const needed = widthOf(line.label, LEGEND_FONT) + 24;
    if (x > 10 && x + needed > width - 6) {
      rows.push([]);
      x = 10;
    }
    rows.at(-1)?.push({ line, x });
    x += needed;
  }
  return {
    height: rows.length * LEGEND_LINE + 6,
    drawn: (top: number) =>
      rows
        .flatMap((row, index) =>
          row.map(({ line, x }) => {
            const y = top + index * LEGEND_LINE;
            return [
              element("rect", { x, y: y - 1, width: 9, height: 9, rx: 1.5, fill: line.color }),
              text(x + 13, y + 7, fitted(line.label, LEGEND_FONT, width - x - 20), {
                "font-size": LEGEND_FONT,
              }),
            ].join("");
          }),
        )
        .join(""),
  };
}

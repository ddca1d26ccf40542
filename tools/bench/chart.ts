import type { Interval } from "./statistics.ts";

/** A bar of two parts with a caption, for {@link chartOf}. */
export interface Bar {
  readonly label: string;
  readonly parts: readonly [number, number];
  /** How far the length varies, as a line over the bar's end. */
  readonly whisker: Interval;
  readonly caption: string;
  /** The one that the others stand beside. */
  readonly isOurs: boolean;
}

export interface Chart {
  readonly title: string;
  readonly subtitle: string;
  /** What the two parts of each bar are. */
  readonly legend: readonly [string, string];
  /** What our bar may reach. */
  readonly mark: { readonly at: number; readonly label: string };
  readonly bars: readonly Bar[];
}

const WIDTH = 800;
const LEFT = 186;
const RIGHT = 166;
const TOP = 100;
const ROW = 42;
const BAR = 24;

/** Follows the page that it stands on: a light or a dark one. */
const STYLE = `text{font:13px system-ui,-apple-system,"Segoe UI",sans-serif;fill:#1f2328}
.title{font-size:17px;font-weight:600}.quiet{fill:#59636e;font-size:12px}.ours{font-weight:600}
.first{fill:#c2cbd6}.second{fill:#8895a7}.ours.first{fill:#7cc4a4}.ours.second{fill:#1f8a5b}
.line{stroke:#59636e;stroke-width:1.2}.mark{stroke:#c4432b;stroke-width:1.6;stroke-dasharray:3 3}
.axis{stroke:#d1d9e0}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.quiet{fill:#9198a1}.first{fill:#4b5563}.second{fill:#7d8794}
.ours.first{fill:#2c6e52}.ours.second{fill:#3fb883}.line{stroke:#b6bec8}.mark{stroke:#ff8a70}.axis{stroke:#3d444d}}`;

/** Horizontal bars as an SVG that reads on a light and on a dark page. */
export function chartOf({ title, subtitle, legend, mark, bars }: Chart): string {
  const longest = Math.max(...bars.flatMap(({ parts: [a, b], whisker }) => [a + b, whisker.high]));
  const scale = (WIDTH - LEFT - RIGHT) / longest;
  const x = (value: number) => oneDecimal(LEFT + value * scale);
  const bottom = TOP + bars.length * ROW;

  const keys = legend.map((label, index) => {
    const at = LEFT + index * 78;
    const shade = index === 0 ? "first" : "second";
    return `<rect class="${shade}" x="${at}" y="66" width="12" height="12" rx="2"/>${text(at + 18, 76, label, "quiet")}`;
  });
  const markKey = `<path class="mark" d="M${LEFT + 292} 63v18"/>${text(LEFT + 302, 76, mark.label, "quiet")}`;
  const rows = bars.map(({ label, parts: [first, second], whisker, caption, isOurs }, index) => {
    const y = TOP + index * ROW;
    const ours = isOurs ? "ours " : "";
    const end = Math.max(first + second, whisker.high, isOurs ? mark.at : 0);
    const [length, rest] = [first, second].map((part) => oneDecimal(part * scale));
    const [low, high] = [x(whisker.low), x(whisker.high)];
    const middle = y + BAR / 2;
    return [
      text(LEFT - 12, middle + 4.5, label, ours, "end"),
      `<rect class="${ours}first" x="${LEFT}" y="${y}" width="${length}" height="${BAR}"/>`,
      `<rect class="${ours}second" x="${x(first)}" y="${y}" width="${rest}" height="${BAR}"/>`,
      `<path class="line" d="M${low} ${middle}H${high}M${low} ${middle - 4}v8M${high} ${middle - 4}v8"/>`,
      isOurs ? `<path class="mark" d="M${x(mark.at)} ${y - 5}V${y + BAR + 5}"/>` : "",
      text(x(end) + 10, middle + 4.5, caption, ours),
    ].join("");
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + 12}" role="img" aria-label="${escaped(title)}">
<style>${STYLE}</style>
${text(20, 28, title, "title")}
${text(20, 48, subtitle, "quiet")}
${[...keys, markKey].join("\n")}
<path class="axis" d="M${LEFT} ${TOP - 8}V${bottom - 6}"/>
${rows.join("\n")}
</svg>
`;
}

function text(x: number, y: number, content: string, shade = "", anchor = "start"): string {
  return `<text class="${shade.trim()}" x="${x}" y="${y}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

function oneDecimal(value: number): number {
  return Number(value.toFixed(1));
}

function escaped(content: string): string {
  return content.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/"/g, "&quot;");
}

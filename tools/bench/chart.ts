/** A bar of two parts with a caption, for {@link chartOf}. */
export interface Bar {
  readonly label: string;
  readonly parts: readonly [number, number];
  readonly caption: string;
}

const WIDTH = 760;
const LEFT = 230;
const RIGHT = 150;
const ROW = 34;
const TOP = 64;
const COLOURS = ["#8fb8de", "#2f6690"] as const;

/**
 * Horizontal bars as an SVG that reads on a light and on a dark page.
 *
 * @param legend - what the two parts of each bar are.
 */
export function chartOf(title: string, legend: readonly [string, string], bars: readonly Bar[]) {
  const longest = Math.max(...bars.map(({ parts: [first, second] }) => first + second));
  const scale = (WIDTH - LEFT - RIGHT) / longest;
  const height = TOP + bars.length * ROW + 12;
  const keys = legend.map((text, index) => {
    const x = LEFT + index * 200;
    return `<rect x="${x}" y="36" width="12" height="12" fill="${COLOURS[index]}"/><text x="${x + 18}" y="46">${escaped(text)}</text>`;
  });
  const rows = bars.map(({ label, parts: [first, second], caption }, index) => {
    const y = TOP + index * ROW;
    const [a, b] = [first * scale, second * scale].map((length) => Number(length.toFixed(1)));
    return [
      `<text x="${LEFT - 10}" y="${y + 16}" text-anchor="end">${escaped(label)}</text>`,
      `<rect x="${LEFT}" y="${y}" width="${a}" height="22" fill="${COLOURS[0]}"/>`,
      `<rect x="${LEFT + (a ?? 0)}" y="${y}" width="${b}" height="22" fill="${COLOURS[1]}"/>`,
      `<text x="${LEFT + (a ?? 0) + (b ?? 0) + 8}" y="${y + 16}">${escaped(caption)}</text>`,
    ].join("");
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}">
<style>text{font:13px system-ui,sans-serif;fill:#24292f}@media(prefers-color-scheme:dark){text{fill:#e6edf3}}</style>
<text x="12" y="22" font-weight="600">${escaped(title)}</text>
${[...keys, ...rows].join("\n")}
</svg>
`;
}

function escaped(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/"/g, "&quot;");
}

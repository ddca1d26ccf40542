/** Text of the picture, in one family that every machine has. */
export const FONT = `"Amazon Ember", "Helvetica Neue", Arial, sans-serif`;

export const INK = {
  text: "#16191f",
  faint: "#687078",
  line: "#d5dbdb",
  card: "#ffffff",
  page: "#f2f3f3",
};

type Attributes = Readonly<Record<string, string | number>>;

/** One element; numbers to a tenth of a pixel, so that the file stays small. */
export function element(
  name: string,
  attributes: Attributes,
  ...children: readonly string[]
): string {
  const written = Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${typeof value === "number" ? tenth(value) : escaped(value)}"`)
    .join("");
  return children.length === 0
    ? `<${name}${written}/>`
    : `<${name}${written}>${children.join("")}</${name}>`;
}

export function text(x: number, y: number, content: string, attributes: Attributes = {}): string {
  return element("text", { x, y, ...attributes }, escaped(content));
}

/** Draws something elsewhere. */
export function moved(x: number, y: number, ...children: readonly string[]): string {
  return element("g", { transform: `translate(${tenth(x)} ${tenth(y)})` }, ...children);
}

export function tenth(value: number): string {
  return String(Math.round(value * 10) / 10);
}

export function escaped(content: string): string {
  return content
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/"/g, "&quot;");
}

/** Widths of Arial's letters, in parts of the font's size; no browser is here to measure. */
const WIDTHS: readonly (readonly [RegExp, number])[] = [
  [/[iljI.,:;'|!]/, 0.25],
  [/[ftr()[\]\-/ ]/, 0.33],
  [/[mwMW%@…]/, 0.86],
  [/[A-Z]/, 0.68],
  [/./, 0.55],
];

/** About how wide a text is. */
export function widthOf(content: string, fontSize: number): number {
  const widths = Array.from(
    content,
    (letter) => WIDTHS.find(([letters]) => letters.test(letter))?.[1] ?? 0,
  );
  return fontSize * widths.reduce((sum, width) => sum + width, 0);
}

/** Cut to a width, with an ellipsis where something is missing. */
export function fitted(content: string, fontSize: number, width: number): string {
  if (widthOf(content, fontSize) <= width) return content;
  let end = content.length;
  while (end > 0 && widthOf(`${content.slice(0, end)}…`, fontSize) > width) end -= 1;
  return `${content.slice(0, end).trimEnd()}…`;
}

import stringWidth from "string-width";

import { plain } from "./lines.ts";
import type { Line } from "./lines.ts";

/** Less is no width to read in. */
const LEAST_COLUMNS = 20;

/**
 * The lines of a text in so many columns: broken between words, and what follows is set in under the line's own text. A
 * word that is longer than a line stays whole, so that it can be copied.
 */
export function wrapped(line: Line, columns: number): readonly Line[] {
  const width = Math.max(columns, LEAST_COLUMNS);
  const text = plain(line);
  if (stringWidth(text) <= width) return [line];
  const [indent = ""] = /^ */.exec(text) ?? [];
  const hanging = `${indent}    `;
  const lines: string[] = [];
  let current = indent;
  for (const word of text.trim().split(/ +/)) {
    const joined = current.trim() === "" ? `${current}${word}` : `${current} ${word}`;
    if (stringWidth(joined) <= width || current.trim() === "") {
      current = joined;
      continue;
    }
    lines.push(current);
    current = `${hanging}${word}`;
  }
  return [...lines, current];
}

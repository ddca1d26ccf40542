import cliTruncate from "cli-truncate";
import stringWidth from "string-width";

/**
 * What may be printed. No external text reaches a terminal unchanged: `visible` is applied to every text in one place, the
 * screen, which takes whole lines. So no caller can forget it, and no text can begin a line or a style of its own.
 */

/** The styles that we use. */
export type Style = "green" | "red" | "dim" | "bold";

/** A text in a style: data until the screen prints it, since an external text may hold a terminal's own codes. */
export class Painted {
  readonly style: Style;
  readonly text: string;

  constructor(style: Style, text: string) {
    this.style = style;
    this.text = text;
  }
}

/** One line. Whatever would end it, or move the cursor, is shown by its number. */
export type Line = string | readonly (string | Painted)[];

/** Colours a text that is safe, or not. */
export type Paint = (style: Style, safe: string) => string;

/**
 * Control characters of C0 and C1, DEL, formatting and bidirectional controls, line and paragraph separators, halves of
 * surrogates, characters for private use or without a meaning, and everything else that a terminal need not show.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** A letter may carry an accent or two; a pile of them writes over the lines above. */
const PILE = /(\p{M}{3})(\p{M}+)/gu;

/** The text with everything invisible as `\u{…}`. What is visible stays as it is, so that applying it twice is as once. */
export function visible(text: string): string {
  return text
    .replace(INVISIBLE, numberOf)
    .replace(PILE, (_, kept: string, more: string) => kept + more.replace(/./gu, numberOf));
}

/** The line as it is printed. */
export function rendered(line: Line, paint: Paint): string {
  if (typeof line === "string") return visible(line);
  return line
    .map((part) =>
      part instanceof Painted ? paint(part.style, visible(part.text)) : visible(part),
    )
    .join("");
}

/** Without styles. */
export function plain(line: Line): string {
  return rendered(line, (_, safe) => safe);
}

/**
 * The text as it is printed, in so many columns: cut off with an ellipsis, or filled up.
 *
 * A terminal gives two columns to a letter of Chinese, Japanese or Korean and to an emoji, and none to an accent.
 */
export function fitted(text: string, columns: number, align: "left" | "right" = "left"): string {
  const short = cliTruncate(visible(text), columns);
  const filling = " ".repeat(columns - stringWidth(short));
  return align === "right" ? filling + short : short + filling;
}

/** A value as JSON that a terminal does not obey: what is invisible stands by its number there too. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, null, 2)
    .split("\n")
    .map((line) =>
      line
        .replace(INVISIBLE, escaped)
        .replace(PILE, (_, kept: string, more: string) => kept + escaped(more)),
    )
    .join("\n");
}

/** As JSON writes a letter by its number: each half of a surrogate pair for itself. */
function escaped(letters: string): string {
  return letters
    .split("")
    .map((half) => `\\u${half.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
}

function numberOf(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

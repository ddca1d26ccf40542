declare global {
  // Node 24 has it; the library of TypeScript 7 does not (ECMAScript: JSON.parse source text access).
  interface JSON {
    rawJSON(source: string): object;
  }
}

/** No number that somebody means has more digits; a longer one is kept as it stands, unexamined. */
const MOST_DIGITS = 40;

/**
 * A number of external JSON that JavaScript would write otherwise than it stands there:
 * `12345678901234567890`, `1e400`, `1.50`. It keeps its source text, so that no id is rounded.
 */
export class SourceNumber {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }

  /** JavaScript's number for it; infinite where it can hold none. */
  get value(): number {
    return Number(this.source);
  }

  /** Whether JavaScript's number is another one. */
  get isRounded(): boolean {
    const { source, value } = this;
    return source.length > MOST_DIGITS || decimalOf(source) !== decimalOf(String(value));
  }

  /** `JSON.stringify` writes the source text. */
  toJSON(): unknown {
    return JSON.rawJSON(this.source);
  }
}

/** The same text for all texts of one number: `150`, `1.50e2`. */
function decimalOf(text: string): string {
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(text);
  if (parts === null) return text;
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = parts;
  const digits = `${whole}${fraction}`.replace(/0+$/, "");
  const power = Number(exponent) + whole.length;
  const leading = /^0*/.exec(digits)?.[0].length ?? 0;
  return digits.length === leading ? "0" : `${sign}0.${digits.slice(leading)}e${power - leading}`;
}

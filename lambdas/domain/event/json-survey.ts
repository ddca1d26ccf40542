/** What one pass over a text tells of the JSON in it, before anything parses it. */
export interface JsonSurvey {
  /** Levels of arrays and objects. */
  readonly depth: number;
  /** Arrays and objects. */
  readonly nodes: number;
  /** Whether a number stands in it that JavaScript would write otherwise. */
  readonly hasOddNumber: boolean;
}

/** A whole number of so many digits is the one that JavaScript reads. */
const SAFE_LENGTH = 15;

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?$/i;

const QUOTE = 0x22;
const PLUS = 0x2b;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const BACKSLASH = 0x5c;
/** The bit in which `[` differs from `{`, `]` from `}`, and `E` from `e`. */
const CASE = 0x20;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const EXPONENT = 0x65;

/** Surveys a text, whether it is JSON or not, in a time that grows with its length alone. */
export function surveyJson(text: string): JsonSurvey {
  let hasOddNumber = false;
  let deepest = 0;
  let depth = 0;
  let nodes = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    const lower = code | CASE;
    if (code === QUOTE) index = endOfString(text, index);
    else if (code === MINUS || isDigit(code)) {
      const end = endOfNumber(text, index);
      hasOddNumber ||= isOdd(text, index, end);
      index = end - 1;
    } else if (lower === OPEN) {
      nodes += 1;
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (lower === CLOSE) depth -= 1;
  }
  return { depth: deepest, nodes, hasOddNumber };
}

/** Where the closing quote of the string stands that begins here. */
function endOfString(text: string, start: number): number {
  // Most of a body is text, and `indexOf` goes over it much faster than a loop.
  let end = text.indexOf('"', start + 1);
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end === -1 ? text.length : end;
}

/** Whether an odd number of backslashes stands before it. */
function isEscaped(text: string, index: number): boolean {
  let before = index - 1;
  while (text.charCodeAt(before) === BACKSLASH) before -= 1;
  return (index - before) % 2 === 0;
}

function endOfNumber(text: string, start: number): number {
  let index = start + 1;
  while (index < text.length && isOfNumber(text.charCodeAt(index))) index += 1;
  return index;
}

function isOdd(text: string, start: number, end: number): boolean {
  const isShort = end - start <= SAFE_LENGTH;
  if (isShort && isWhole(text, start, end)) return false;
  const number = text.slice(start, end);
  return NUMBER.test(number) && String(Number(number)) !== number;
}

function isWhole(text: string, start: number, end: number): boolean {
  for (let index = start; index < end; index += 1) {
    if (!isDigit(text.charCodeAt(index))) return false;
  }
  return true;
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE;
}

function isOfNumber(code: number): boolean {
  return (
    isDigit(code) || code === DOT || code === MINUS || code === PLUS || (code | CASE) === EXPONENT
  );
}

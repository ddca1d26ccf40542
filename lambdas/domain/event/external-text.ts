import { EXTERNAL_INPUT } from "../../settings/limits.ts";
import { SourceNumber } from "./source-number.ts";

/**
 * Text that somebody else wrote, as it stood; a number where text is wanted is its source text.
 *
 * @returns null when there is none: absent, empty, only white space, or no text.
 */
export function readText(value: unknown): string | null {
  if (typeof value === "string") return value.trim() === "" ? null : value;
  if (typeof value === "number") return String(value);
  return value instanceof SourceNumber ? value.source : null;
}

/**
 * A token of Alloy's. It becomes part of keys and of paths of Alloy's API, so only what looks like one
 * is one (`EXTERNAL_INPUT.token`).
 */
export function readToken(value: unknown): string | null {
  const text = readText(value);
  return text !== null && isToken(text) ? text : null;
}

/** The same where nothing can be done without it: Alloy's tokens are text, and a number is something else. */
export function readRequiredToken(value: unknown): string | null {
  return typeof value === "string" ? readToken(value) : null;
}

export function isToken(text: string): boolean {
  return EXTERNAL_INPUT.token.test(text);
}

/** A number, or text that is one. @returns null when it is none, or none that JavaScript can hold. */
export function readNumber(value: unknown): number | null {
  const text = readText(value);
  const number = text === null ? Number.NaN : Number(text);
  return Number.isFinite(number) ? number : null;
}

/** @returns null when it says neither. */
export function readFlag(value: unknown): boolean | null {
  if (typeof value === "boolean") return value;
  if (typeof value !== "string") return null;
  const word = value.trim().toLowerCase();
  if (word === "true") return true;
  return word === "false" ? false : null;
}

/** Whether DynamoDB takes a text as the hash key of an index. */
export function isIndexKey(text: string): boolean {
  const most = EXTERNAL_INPUT.indexKeyBytes;
  if (text === "") return false;
  // No character takes more than three bytes per unit of a string.
  return text.length * 3 <= most || new TextEncoder().encode(text).length <= most;
}

/** Reads the free texts of one body: what is absurdly long is cut, and counted. */
export class FreeTexts {
  #cut = 0;

  /** How many of them were cut. */
  get cut(): number {
    return this.#cut;
  }

  /** A name, an outcome, a type. */
  text(value: unknown): string | null {
    return this.#within(readText(value), EXTERNAL_INPUT.textBytes);
  }

  /** An id of the client's own. */
  id(value: unknown): string | null {
    return this.#within(readText(value), EXTERNAL_INPUT.idBytes);
  }

  #within(text: string | null, bytes: number): string | null {
    if (text === null) return null;
    const kept = cutTo(text, bytes);
    if (kept !== text) this.#cut += 1;
    return kept;
  }
}

/** Ends a text that was cut, as on the bus; three bytes of UTF-8. */
const CUT = "…";
const CUT_BYTES = 3;

/** The text, or as many whole characters of it as fit into so many bytes of UTF-8, and "…". */
export function cutTo(text: string, bytes: number): string {
  // No character takes more than three bytes per unit of a string.
  if (text.length * 3 <= bytes) return text;
  const buffer = new Uint8Array(bytes);
  const encoder = new TextEncoder();
  if (encoder.encodeInto(text, buffer).read === text.length) return text;
  const { written } = encoder.encodeInto(text, buffer.subarray(0, bytes - CUT_BYTES));
  // A copy: a slice would keep the whole text in memory.
  return `${new TextDecoder().decode(buffer.subarray(0, written))}${CUT}`;
}

import { SourceNumber } from "./source-number.ts";

/** Alloy was founded in 2015: nothing of its is older. */
export const EARLIEST_MS = Date.UTC(2015, 0, 1);
/** Nor is anything of its from after this. */
export const LATEST_MS = Date.UTC(2100, 0, 1);

const NUMBER = /^\d{1,20}(?:\.\d{1,20})?(?:e\+?\d{1,2})?$/i;
const ISO =
  /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?) ?(Z|[+-]\d{2}(?::?\d{2})?)$/i;

/**
 * The one rule of times that others name: webhooks, answers of Alloy's, submissions, corrections and
 * envelopes. What it returns lies between 2015 and 2100, so that nothing behind it can fail by it.
 *
 * It reads epoch milliseconds, epoch seconds (no number is a time in both), either as a number or as
 * text, and ISO 8601 text that names its zone.
 *
 * @returns whole epoch milliseconds; null for anything else.
 */
export function readTime(value: unknown): number | null {
  if (typeof value === "number") return fromNumber(value);
  if (value instanceof SourceNumber) return fromNumber(value.value);
  if (typeof value !== "string") return null;
  const text = value.trim();
  return NUMBER.test(text) ? fromNumber(Number(text)) : fromIso(text);
}

/** Whether a time can be one. */
export function isPlausible(epochMs: number): boolean {
  return Number.isInteger(epochMs) && epochMs >= EARLIEST_MS && epochMs < LATEST_MS;
}

function fromNumber(number: number): number | null {
  const [milliseconds, seconds] = [Math.floor(number), Math.floor(number * 1_000)];
  if (isPlausible(milliseconds)) return milliseconds;
  return isPlausible(seconds) ? seconds : null;
}

function fromIso(text: string): number | null {
  const parts = ISO.exec(text);
  if (parts === null) return null;
  const [, day = "", time = "", zone = ""] = parts;
  const offset = zone.toUpperCase() === "Z" ? "Z" : `${zone.slice(0, 3)}:${zone.slice(-2)}`;
  const epochMs = Date.parse(`${day}T${time}${zone.length === 3 ? `${zone}:00` : offset}`);
  return isPlausible(epochMs) ? epochMs : null;
}

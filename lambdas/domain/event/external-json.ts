import { EXTERNAL_INPUT } from "../../settings/limits.ts";
import { surveyJson } from "./json-survey.ts";
import { SourceNumber } from "./source-number.ts";

/** A JSON object of which nothing is known yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Reads JSON that somebody else wrote. Every boundary reads through it, so that nothing behind it meets
 * JSON that is too deep to be walked or written again, or a number that is not the one that was sent.
 *
 * Numbers that JavaScript would write otherwise than they stand are `SourceNumber`s.
 *
 * @returns the reason instead, as the end of a sentence and without anything of the text, when it is no
 * JSON, or more than `EXTERNAL_INPUT` allows: in bytes, in levels, in lists and objects.
 */
export function readJson(text: string): { readonly json: unknown } | { readonly reason: string } {
  if (text.length > EXTERNAL_INPUT.jsonBytes) {
    return { reason: `is larger than ${EXTERNAL_INPUT.jsonBytes} bytes` };
  }
  const { depth, nodes, hasOddNumber } = surveyJson(text);
  if (depth > EXTERNAL_INPUT.jsonDepth) {
    return { reason: `is nested deeper than ${EXTERNAL_INPUT.jsonDepth} levels` };
  }
  if (nodes > EXTERNAL_INPUT.jsonNodes) {
    return { reason: `holds more than ${EXTERNAL_INPUT.jsonNodes} lists and objects` };
  }
  try {
    // A reviver takes ten times as long, and hardly any text has something for it to keep.
    return { json: hasOddNumber ? JSON.parse(text, keepSource) : JSON.parse(text) };
  } catch {
    // The parser's own message would quote the text, which may hold personal data.
    return { reason: `is not JSON (${text.length} characters)` };
  }
}

/** Whether a value of external JSON is an object with fields. */
export function isJsonObject(value: unknown): value is JsonObject {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof SourceNumber)
  );
}

/** The object under this name; an empty one when there is none. */
export function objectIn(object: JsonObject, name: string): JsonObject {
  const value = object[name];
  return isJsonObject(value) ? value : {};
}

/** The list under this name; an empty one when there is none. */
export function listIn(object: JsonObject, name: string): readonly unknown[] {
  const value = object[name];
  return Array.isArray(value) ? value : [];
}

/** @param context - Node's own: the source text of a value that is neither a list nor an object. */
function keepSource(_: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== "number" || source === undefined || source === String(value)) return value;
  return new SourceNumber(source);
}

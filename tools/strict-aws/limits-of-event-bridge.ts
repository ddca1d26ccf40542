import { LimitRefusal } from "./limit-refusal.ts";
import { LIMITS } from "./limits.ts";

/** An entry of a PutEvents, as far as its limits go. */
export interface EventEntry {
  readonly Time?: unknown;
  readonly Source?: string | undefined;
  readonly DetailType?: string | undefined;
  readonly Detail?: string | undefined;
  readonly Resources?: readonly string[] | undefined;
}

/** An entry's size by EventBridge's own formula. */
export function entryBytes(entry: EventEntry): number {
  const { Time, Source = "", DetailType = "", Detail = "", Resources = [] } = entry;
  return [Source, DetailType, Detail, ...Resources].reduce(
    (sum, text) => sum + Buffer.byteLength(text),
    Time === undefined ? 0 : LIMITS.eventTimeBytes.most,
  );
}

/** Why EventBridge does not take a call at all; null: it looks at its entries one by one. */
export function putEventsRefusal(entries: readonly EventEntry[]): LimitRefusal | null {
  if (entries.length === 0 || entries.length > LIMITS.eventEntries.most) {
    const relation =
      entries.length === 0 ? "greater than or equal to 1" : "less than or equal to 10";
    return new LimitRefusal(
      "eventEntries",
      "ValidationException",
      `1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length ${relation}`,
    );
  }
  const bytes = entries.reduce((sum, entry) => sum + entryBytes(entry), 0);
  if (bytes > LIMITS.eventBytes.most) {
    return new LimitRefusal(
      "eventBytes",
      "ValidationException",
      `Total size of the entries in the request is over the limit: ${bytes} bytes.`,
    );
  }
  return null;
}

/** Why EventBridge does not take an entry, while it takes the others; null: it does. */
export function entryRefusal(entry: EventEntry): LimitRefusal | null {
  const read = readEntry(entry);
  return read instanceof LimitRefusal ? read : null;
}

/** The detail of an entry that EventBridge takes, parsed; or why it does not take it. */
export function readEntry(entry: EventEntry) {
  for (const name of ["Source", "DetailType", "Detail"] as const) {
    if (!entry[name]) {
      return new LimitRefusal(
        "parameter",
        "InvalidArgument",
        `Parameter ${name} is not valid. Reason: ${name} is a required argument.`,
      );
    }
  }
  const { Detail = "" } = entry;
  const detail = objectIn(Detail);
  if (detail === null) {
    return new LimitRefusal("notJson", "MalformedDetail", "Detail is malformed.");
  }
  // A text has no more levels than characters.
  if (Detail.length > LIMITS.eventLevels.most && levelsOf(Detail) > LIMITS.eventLevels.most) {
    return new LimitRefusal("eventLevels", "MalformedDetail", "Detail is malformed.");
  }
  return { detail };
}

function objectIn(text: string) {
  if (!text.trimStart().startsWith("{")) return null;
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON, or deeper than the parser goes: EventBridge does not take it either.
    return null;
  }
}

/** Levels of a JSON text, without recursion: it may be deeper than the stack. */
export function levelsOf(json: string): number {
  let [levels, deepest, isText] = [0, 0, false];
  for (let at = 0; at < json.length; at += 1) {
    const character = json.charCodeAt(at);
    if (isText) {
      if (character === BACKSLASH) at += 1;
      else if (character === QUOTE) isText = false;
    } else if (character === QUOTE) isText = true;
    else if (character === BRACE || character === BRACKET) {
      levels += 1;
      if (levels > deepest) deepest = levels;
    } else if (character === BRACE + 2 || character === BRACKET + 2) levels -= 1;
  }
  return deepest;
}

const [QUOTE, BACKSLASH, BRACE, BRACKET] = [0x22, 0x5c, 0x7b, 0x5b];

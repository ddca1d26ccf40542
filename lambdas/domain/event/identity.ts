import { createHash, hash as digestOf } from "node:crypto";

import { EXTERNAL_INPUT } from "../../settings/limits.ts";
import { SourceNumber } from "./source-number.ts";

/** The fields of an event that stand in a webhook's `data` and in Alloy's event list alike (docs/contracts.md#event-identity). */
export interface EventIdentity {
  readonly applicationToken: string;
  readonly type: string;
  /** `data.timestamp`, epoch milliseconds. */
  readonly at: number;
  readonly entityApplicationToken: string | null;
  readonly nodeId: string | null;
}

/**
 * The id of one Journey event: the same for every attempt of Alloy's, for the poller's copy of it
 * and for a replay, since it uses neither `request_token`, nor the envelope's timestamp, nor the
 * bytes of the body, which differ between attempts of one event.
 *
 * @returns 32 lower-case hex digits.
 */
export function eventIdOf(identity: EventIdentity): string {
  return hash([
    identity.applicationToken,
    identity.type,
    identity.at,
    identity.entityApplicationToken ?? "",
    identity.nodeId ?? "",
  ]);
}

/**
 * The id of a body that is not a Journey event: two bodies with the same content, in whatever order
 * of keys, are one. The envelope's `request_token` and `timestamp` do not count.
 */
export function contentIdOf(type: string, content: unknown): string {
  const sha256 = createHash("sha256");
  // In parts: a content of megabytes must not stand in memory once more as text.
  let part = `["content",${JSON.stringify(type)},`;
  writeCanonical(content ?? null, 0, (text) => {
    part += text;
    if (part.length < PART_LENGTH) return;
    sha256.update(part);
    part = "";
  });
  return sha256.update(`${part}]`).digest("hex").slice(0, ID_LENGTH);
}

const ID_LENGTH = 32;
const PART_LENGTH = 65_536;

function hash(parts: readonly unknown[]): string {
  return digestOf("sha256", JSON.stringify(parts)).slice(0, ID_LENGTH);
}

/**
 * The value as JSON with the keys of every object in one order, and each number by its value. No JSON that
 * was read is deeper than it goes; below that, everything is alike.
 */
function writeCanonical(value: unknown, depth: number, write: (text: string) => void): void {
  if (depth > EXTERNAL_INPUT.jsonDepth) write("null");
  else if (Array.isArray(value)) {
    write("[");
    for (let index = 0; index < value.length; index += 1) {
      if (index > 0) write(",");
      writeCanonical(value[index] ?? null, depth + 1, write);
    }
    write("]");
  } else if (value instanceof SourceNumber) {
    write(value.isRounded ? value.source : JSON.stringify(value.value));
  } else if (typeof value === "object" && value !== null) {
    write("{");
    let separator = "";
    for (const key of keysInOrder(value)) {
      const inner: unknown = Reflect.get(value, key);
      if (inner === undefined) continue;
      write(`${separator}${JSON.stringify(key)}:`);
      writeCanonical(inner, depth + 1, write);
      separator = ",";
    }
    write("}");
  } else write(JSON.stringify(value));
}

/** In the order of every release: those that are whole numbers come first, as in any object. */
function keysInOrder(value: object): readonly string[] {
  const keys = Object.keys(value);
  // Most objects come so, and a body of megabytes has hundred thousands.
  if (keys.every((key, index) => index === 0 || (keys[index - 1] ?? "") < key)) return keys;
  return Object.keys(Object.fromEntries(keys.toSorted().map((key) => [key, null])));
}

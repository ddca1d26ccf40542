import { hash as digestOf } from "node:crypto";

/** The fields of an event that stand in a webhook's `data` and in Alloy's event list alike (design 2.4). */
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
  return hash(["content", type, canonical(content)]);
}

function hash(parts: readonly unknown[]): string {
  return digestOf("sha256", JSON.stringify(parts)).slice(0, 32);
}

/** The value with the keys of every object in alphabetical order. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, inner]) => [key, canonical(inner)]),
  );
}

import { isDeepStrictEqual } from "node:util";

import * as v from "valibot";

/** The part of JSON Schema that the schemas of events use; what is none of it fails. */
interface Schema {
  readonly type?: string | undefined;
  readonly const?: unknown;
  readonly enum?: readonly unknown[] | undefined;
  readonly anyOf?: readonly Schema[] | undefined;
  readonly properties?: Readonly<Record<string, Schema>> | undefined;
  readonly required?: readonly string[] | undefined;
  readonly items?: Schema | undefined;
  readonly maxLength?: number | undefined;
  readonly pattern?: string | undefined;
  readonly format?: string | undefined;
}

const SchemaSchema: v.GenericSchema<Schema> = v.strictObject({
  $schema: v.optional(v.string()),
  description: v.optional(v.string()),
  examples: v.optional(v.array(v.unknown())),
  type: v.optional(v.string()),
  const: v.optional(v.unknown()),
  enum: v.optional(v.array(v.unknown())),
  anyOf: v.optional(v.array(v.lazy(() => SchemaSchema))),
  properties: v.optional(
    v.record(
      v.string(),
      v.lazy(() => SchemaSchema),
    ),
  ),
  required: v.optional(v.array(v.string())),
  items: v.optional(v.lazy(() => SchemaSchema)),
  maxLength: v.optional(v.number()),
  pattern: v.optional(v.string()),
  format: v.optional(v.string()),
});

/**
 * What of an event's schema has changed since a release, other than by addition. Readers of the release must take the
 * events as they are now, and today's readers the events of the release. A text may become shorter: no reader refuses a
 * long one.
 *
 * @param released - JSON Schema of the release.
 * @param now - the same as it is now.
 * @returns a sentence for each change that needs a new version of the event; none when there is no such change.
 * @throws ValiError when a schema has a keyword that this comparison does not know.
 */
export function breakingChanges(released: unknown, now: unknown): readonly string[] {
  return compare(v.parse(SchemaSchema, released), v.parse(SchemaSchema, now), "");
}

function compare(released: Schema, now: Schema, path: string): readonly string[] {
  const name = path === "" ? "The detail" : `"${path}"`;
  const [before, after] = [alternativesOf(released), alternativesOf(now)];
  const lost = before.filter((one) => !after.some((other) => isSame(one, other)));
  const gained = after.filter((other) => !before.some((one) => isSame(one, other)));
  // One kind each side: of two objects, lists or texts, say what differs.
  const [one, other] = [lost[0], gained[0]];
  if (lost.length === 1 && gained.length === 1 && one?.type === other?.type) {
    if (one?.properties !== undefined && other?.properties !== undefined) {
      return compareFields(one, other, path);
    }
    if (one?.items !== undefined && other?.items !== undefined) {
      return compare(one.items, other.items, `${path}[]`);
    }
  }
  return [
    ...gained.map(
      (kind) => `${name} may be ${wordsFor(kind)} now. Readers of the release do not take that.`,
    ),
    ...lost.map(
      (kind) => `${name} cannot be ${wordsFor(kind)} any more. Events of the release may be.`,
    ),
  ];
}

function compareFields(released: Schema, now: Schema, path: string): readonly string[] {
  const [before = {}, after = {}] = [released.properties, now.properties];
  const [requiredBefore = [], requiredNow = []] = [released.required, now.required];
  const pathOf = (field: string) => (path === "" ? field : `${path}.${field}`);
  const removed = Object.keys(before)
    .filter((field) => !(field in after))
    .map((field) => `"${pathOf(field)}" was removed.`);
  const changed = Object.entries(before).flatMap(([field, schema]) => {
    const found = after[field];
    return found === undefined ? [] : compare(schema, found, pathOf(field));
  });
  const optional = requiredBefore
    .filter((field) => field in after && !requiredNow.includes(field))
    .map((field) => `"${pathOf(field)}" may be absent now. Readers of the release require it.`);
  const required = requiredNow
    .filter((field) => !requiredBefore.includes(field))
    .map((field) => `"${pathOf(field)}" is required now. Events of the release may not have it.`);
  return [...removed, ...changed, ...optional, ...required];
}

/** Each value or kind of value by itself, without what says nothing about it. */
function alternativesOf({ anyOf, ...schema }: Schema): readonly Schema[] {
  if (anyOf !== undefined) return anyOf.flatMap(alternativesOf);
  if (schema.enum !== undefined) return schema.enum.map((value) => ({ const: value }));
  if ("const" in schema) return [{ const: schema.const }];
  const { type, properties, required, items, maxLength, pattern, format } = schema;
  return [{ type, properties, required, items, maxLength, pattern, format }];
}

/** Whether the change from the one to the other is none, or an addition. */
function isSame(released: Schema, now: Schema): boolean {
  if (released.properties !== undefined && now.properties !== undefined) {
    return compareFields(released, now, "").length === 0;
  }
  if (released.items !== undefined && now.items !== undefined) {
    return compare(released.items, now.items, "").length === 0;
  }
  return isOnlyShorter(released, now);
}

/** Or of the same length. */
function isOnlyShorter(
  { maxLength: before = Number.POSITIVE_INFINITY, ...released }: Schema,
  { maxLength: after = Number.POSITIVE_INFINITY, ...now }: Schema,
): boolean {
  return after <= before && isDeepStrictEqual(released, now);
}

function wordsFor({ type, const: value, ...rules }: Schema): string {
  if (type === undefined) return value === undefined ? "anything" : JSON.stringify(value);
  const { maxLength, pattern, format } = rules;
  const limits = [
    ...(maxLength === undefined ? [] : [`of at most ${maxLength} characters`]),
    ...(pattern === undefined ? [] : [`of the pattern ${pattern}`]),
    ...(format === undefined ? [] : [`in the format ${format}`]),
  ];
  return [`of type ${type}`, ...limits].join(" ");
}

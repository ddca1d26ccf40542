import type { Context, Parser, Values } from "dynalite/db/conditionParser.js";

/** What a parser made of an expression, with the values that it was given, and what of names and values is unused since. */
interface Read {
  readonly tree: unknown;
  readonly values: Values;
  readonly unused: Unused;
}

interface Unused {
  readonly names: readonly string[];
  readonly values: readonly string[];
}

/** Where a parser looks at a value itself. Of the others it looks at the type alone. */
const LOOKS_AT_VALUES = /between|attribute_type/i;

/**
 * Has a parser of dynalite read each expression once. Its time grows by a power with each parenthesis in another, and the same
 * statement comes again and again with other values: what the parser made of the first serves for the others, with their
 * values in place.
 *
 * Only what it took is kept: what it refuses, it refuses each time by itself. All that it decides by is in the key: the
 * expression, the names, the type of each value, and what other expressions of the request have used.
 */
export function readOnce(parser: Parser): void {
  const { parse } = parser;
  const known = new Map<string, Read>();
  parser.parse = (expression, options) => {
    const { context } = options;
    if (LOOKS_AT_VALUES.test(expression)) return parse(expression, options);
    const values = context.attrVals ?? {};
    const types = Object.entries(values).map(([name, value]) => [name, ...Object.keys(value)]);
    const key = JSON.stringify([expression, context.attrNames, types, unusedOf(context)]);
    const read = known.get(key);
    if (read !== undefined) {
      context.unusedAttrNames = asKeys(read.unused.names);
      context.unusedAttrVals = asKeys(read.unused.values);
      return withValues(read.tree, read.values, values);
    }
    const tree = parse(expression, options);
    // A text is a refusal. The caller may change the tree that it gets.
    if (typeof tree !== "string") {
      const copy = withValues(tree, values, values);
      known.set(key, { tree: copy, values, unused: unusedOf(context) });
    }
    return tree;
  };
}

function unusedOf({ unusedAttrNames, unusedAttrVals }: Context): Unused {
  return { names: Object.keys(unusedAttrNames), values: Object.keys(unusedAttrVals) };
}

function asKeys(names: readonly string[]): Record<string, true> {
  return Object.fromEntries(names.map((name) => [name, true]));
}

/** A copy of a tree, in which the values of the same names stand in the place of those that were given before. */
function withValues(tree: unknown, before: Values, now: Values): unknown {
  const copies = new Map<unknown, unknown>(
    Object.entries(before).map(([name, value]) => [value, now[name]]),
  );
  const copyOf = (part: unknown): unknown => {
    if (typeof part !== "object" || part === null) return part;
    if (copies.has(part)) return copies.get(part);
    const copy: Record<string, unknown> = Array.isArray(part)
      ? []
      : Object.create(Object.getPrototypeOf(part));
    copies.set(part, copy);
    for (const [key, inner] of Object.entries(part)) copy[key] = copyOf(inner);
    return copy;
  };
  return copyOf(tree);
}

import type { Context, Parser, Values } from "dynalite/db/conditionParser.js";

type Names = Readonly<Record<string, string>>;

/** What a parser made of an expression whose names stand for themselves, and what of names and values is unused since. */
interface Read {
  readonly tree: unknown;
  readonly values: Values;
  readonly unusedNames: Record<string, true>;
  readonly unusedValues: Record<string, true>;
}

/** Where a parser looks at a value itself. Of the others it looks at the type alone. */
const LOOKS_AT_VALUES = /between|attribute_type/i;

/**
 * Has a parser of dynalite read each expression once. Its time grows by a power with each parenthesis in another, and the same
 * statement comes again and again about other attributes, with other values: what the parser made of the first serves for the
 * others, with their names and values in place.
 *
 * Only what it took is kept: what it refuses, it refuses each time by itself. All that it decides by is in the key: the
 * expression, its placeholders, the type of each value, and what other expressions of the request have used. Which
 * attributes are meant, it asks only to see whether two paths are one; so it reads by itself where two names are.
 */
export function readOnce(parser: Parser): void {
  const { parse } = parser;
  const known = new Map<string, Read>();
  parser.parse = (expression, options) => {
    const { context } = options;
    const { attrNames: names = {}, attrVals: values = {} } = context;
    if (LOOKS_AT_VALUES.test(expression) || !areApart(names, expression)) {
      return parse(expression, options);
    }
    const types = Object.entries(values).map(([name, value]) => [name, ...Object.keys(value)]);
    const unused = [context.unusedAttrNames, context.unusedAttrVals];
    const key = JSON.stringify([expression, Object.keys(names), types, unused]);
    const read = known.get(key) ?? readByPlaceholders(parse, expression, context);
    if (read === null) return parse(expression, options);
    known.set(key, read);
    context.unusedAttrNames = { ...read.unusedNames };
    context.unusedAttrVals = { ...read.unusedValues };
    return inPlace(read, names, values);
  };
}

/** Whether each name is an attribute that the expression has by no other name. */
function areApart(names: Names, expression: string): boolean {
  const attributes = Object.values(names);
  if (new Set(attributes).size < attributes.length) return false;
  const own = new Set(expression.match(/[#:]?\w+/g));
  return attributes.every((attribute) => attribute !== "" && !own.has(attribute));
}

/** @returns null when the parser refuses it. */
function readByPlaceholders(
  parse: Parser["parse"],
  expression: string,
  given: Context,
): Read | null {
  const { attrNames, attrVals: values = {} } = given;
  const context = {
    ...given,
    attrNames: attrNames && Object.fromEntries(Object.keys(attrNames).map((name) => [name, name])),
    unusedAttrNames: { ...given.unusedAttrNames },
    unusedAttrVals: { ...given.unusedAttrVals },
  };
  try {
    const tree = parse(expression, { context });
    if (typeof tree === "string") return null;
    const { unusedAttrNames: unusedNames, unusedAttrVals: unusedValues } = context;
    return { tree, values, unusedNames, unusedValues };
  } catch {
    // Whoever asks for it has the parser refuse it again, by the names that were given.
    return null;
  }
}

/** A copy of a tree, in which these names and values stand in the place of the placeholders and of the values before. */
function inPlace({ tree, values: before }: Read, names: Names, values: Values): unknown {
  const copies = new Map<unknown, unknown>(
    Object.entries(before).map(([name, value]) => [value, values[name]]),
  );
  const nameOf = (text: string) => (text.startsWith("#") ? (names[text] ?? text) : text);
  const copyOf = (part: unknown): unknown => {
    if (typeof part === "string") return nameOf(part);
    if (typeof part !== "object" || part === null) return part;
    const known = copies.get(part);
    if (known !== undefined) return known;
    const copy: Record<string, unknown> = Array.isArray(part)
      ? []
      : Object.create(Object.getPrototypeOf(part));
    copies.set(part, copy);
    for (const [key, inner] of Object.entries(part)) copy[nameOf(key)] = copyOf(inner);
    return copy;
  };
  return copyOf(tree);
}

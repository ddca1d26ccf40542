import type { Context, Parser, Values } from "dynalite/db/conditionParser.js";

type Names = Readonly<Record<string, string>>;

/** Makes a part of a tree anew, with these names and values in the place of the placeholders: dynalite changes what it gets. */
type Make = (names: Names, values: Values) => unknown;

/** What a parser made of an expression whose names stand for themselves, and what of names and values is unused since. */
interface Read {
  readonly tree: Make;
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
  const words = new Map<string, ReadonlySet<string>>();
  parser.parse = (expression, options) => {
    const { context } = options;
    const { attrNames: names = {}, attrVals: values = {} } = context;
    const own = words.get(expression) ?? new Set(expression.match(/[#:]?\w+/g));
    words.set(expression, own);
    if (LOOKS_AT_VALUES.test(expression) || !areApart(names, own)) {
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
    return read.tree(names, values);
  };
}

/** Whether each name is an attribute that an expression of these words has by no other name. */
function areApart(names: Names, own: ReadonlySet<string>): boolean {
  const attributes = Object.values(names);
  if (new Set(attributes).size < attributes.length) return false;
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
    const placeholders = new Map(Object.entries(values).map(([name, value]) => [value, name]));
    return { tree: makerOf(tree, placeholders), unusedNames, unusedValues };
  } catch {
    // Whoever asks for it has the parser refuse it again, by the names that were given.
    return null;
  }
}

/** @param placeholders - of the values that the tree was made with. */
function makerOf(part: unknown, placeholders: ReadonlyMap<unknown, string>): Make {
  if (typeof part === "string") return nameMakerOf(part);
  if (typeof part !== "object" || part === null) return () => part;
  const placeholder = placeholders.get(part);
  if (placeholder !== undefined) return (_, values) => values[placeholder];
  if (Array.isArray(part)) {
    const makers = part.map((one) => makerOf(one, placeholders));
    return (names, values) => makers.map((make) => make(names, values));
  }
  const makers = Object.entries(part).map(
    ([key, one]) => [nameMakerOf(key), makerOf(one, placeholders)] as const,
  );
  const prototype: object | null = Object.getPrototypeOf(part);
  return (names, values) => {
    const made: Record<string, unknown> = Object.create(prototype);
    for (const [nameOf, make] of makers) made[nameOf(names)] = make(names, values);
    return made;
  };
}

function nameMakerOf(text: string): (names: Names) => string {
  return text.startsWith("#") ? (names) => names[text] ?? text : () => text;
}

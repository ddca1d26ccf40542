import { LimitRefusal } from "./limit-refusal.ts";
import type { Rule } from "./limit-refusal.ts";
import { LIMITS } from "./limits.ts";
import { attributeBytes, isBytes, itemBytes, levelsOf } from "./attribute-size.ts";
import type { Attributes, AttributeValue } from "./attribute-size.ts";
import type { KeyAttribute, TableKeys } from "./table-keys.ts";

/** What a request says in expressions. */
export interface Expressions {
  readonly UpdateExpression?: string | undefined;
  readonly ConditionExpression?: string | undefined;
  readonly KeyConditionExpression?: string | undefined;
  readonly FilterExpression?: string | undefined;
  readonly ProjectionExpression?: string | undefined;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>> | undefined;
  readonly ExpressionAttributeValues?: Attributes | undefined;
}

const EXPRESSIONS = [
  "UpdateExpression",
  "ConditionExpression",
  "KeyConditionExpression",
  "FilterExpression",
  "ProjectionExpression",
] as const;

/** Operators and functions; the `=` of a SET is none (DynamoDB, Quotas: "Operators and operands"). */
const OPERATORS =
  /\b(?:AND|OR|NOT|BETWEEN|IN)\b|<>|<=|>=|[<>=+]|(?<=\s)-(?=\s)|\b[a-z_]+\s*(?=\()/gi;

/** Why DynamoDB does not take a request's expressions; null: it takes them. */
export function expressionRefusal(request: Expressions): LimitRefusal | null {
  for (const name of EXPRESSIONS) {
    const expression = request[name];
    if (expression === undefined) continue;
    const bytes = Buffer.byteLength(expression);
    if (bytes > LIMITS.expressionBytes.most) {
      return invalid(
        "expressionBytes",
        `Invalid ${name}: Expression size has exceeded the maximum allowed size; expression size: ${bytes}`,
      );
    }
    const operators = operatorsIn(name, expression);
    if (operators > LIMITS.operators.most) {
      return invalid(
        "operators",
        `Invalid ${name}: The expression contains too many operators; operator count: ${operators}`,
      );
    }
    const most = Math.max(0, ...operandsOfIn(expression));
    if (most > LIMITS.operandsOfIn.most) {
      return invalid(
        "operandsOfIn",
        `Invalid ${name}: The IN operator is provided with too many operands; number of operands: ${most}`,
      );
    }
  }
  return placeholderRefusal(request);
}

function operatorsIn(name: (typeof EXPRESSIONS)[number], expression: string): number {
  const operators = expression.match(OPERATORS) ?? [];
  if (name !== "UpdateExpression") return operators.length;
  return operators.filter((operator) => operator !== "=").length;
}

function operandsOfIn(expression: string): readonly number[] {
  return [...expression.matchAll(/\bIN\s*\(([^)]*)\)/gi)].map(
    ([, operands = ""]) => operands.split(",").length,
  );
}

function placeholderRefusal(request: Expressions): LimitRefusal | null {
  const { ExpressionAttributeNames: names = {}, ExpressionAttributeValues: values = {} } = request;
  for (const [parameter, keys] of [
    ["ExpressionAttributeNames", Object.keys(names)],
    ["ExpressionAttributeValues", Object.keys(values)],
  ] as const) {
    const long = keys.find((key) => Buffer.byteLength(key) > LIMITS.placeholderBytes.most);
    if (long !== undefined) {
      return invalid(
        "placeholderBytes",
        `${parameter} contains invalid key: The expression attribute key is longer than ${LIMITS.placeholderBytes.most} bytes; Key: "${long}"`,
      );
    }
  }
  const bytes =
    Object.entries(names)
      .flat()
      .reduce((sum, text) => sum + Buffer.byteLength(text), 0) + itemBytes(values);
  if (bytes > LIMITS.substitutionBytes.most) {
    return invalid(
      "substitutionBytes",
      `The expression attribute names and values together are too long: ${bytes} bytes`,
    );
  }
  for (const name of Object.values(names)) {
    if (Buffer.byteLength(name) > LIMITS.attributeNameBytes.most) return nameRefusal();
  }
  return valuesRefusal(values);
}

/** Why DynamoDB does not store an item; null: it does. */
export function itemRefusal(item: Attributes, table: TableKeys | undefined): LimitRefusal | null {
  const bytes = itemBytes(item);
  if (bytes > LIMITS.itemBytes.most) {
    return invalid("itemBytes", `Item size has exceeded the maximum allowed size`);
  }
  for (const name of Object.keys(item)) {
    if (name === "" || Buffer.byteLength(name) > LIMITS.attributeNameBytes.most) {
      return nameRefusal();
    }
  }
  return valuesRefusal(item) ?? indexRefusal(item, table) ?? keyRefusal(item, table);
}

/** Why DynamoDB does not take these values of a table's own key; null: it takes them. */
export function keyRefusal(key: Attributes, table: TableKeys | undefined): LimitRefusal | null {
  for (const attribute of table?.keys ?? []) {
    const value = key[attribute.name];
    const refusal = value === undefined ? null : keyValueRefusal(value, attribute, "");
    if (refusal !== null) return refusal;
  }
  return null;
}

/** Why DynamoDB does not take these values of attributes that an index has as its keys; null: it takes them. */
export function indexRefusal(
  attributes: Attributes,
  table: TableKeys | undefined,
): LimitRefusal | null {
  for (const [index, keys] of Object.entries(table?.indexes ?? {})) {
    for (const attribute of keys) {
      const value = attributes[attribute.name];
      const where = ` IndexName: ${index}, IndexKey: ${attribute.name}`;
      const refusal = value === undefined ? null : keyValueRefusal(value, attribute, where);
      if (refusal !== null) return refusal;
    }
  }
  return null;
}

/** The values that an update gives to attributes, by the attributes' names. */
export function assignedBy(request: Expressions): Attributes {
  const { ExpressionAttributeNames: names = {}, ExpressionAttributeValues: values = {} } = request;
  const [, sets = ""] =
    /\bSET\b(.*?)(?:\b(?:REMOVE|ADD|DELETE)\b|$)/is.exec(request.UpdateExpression ?? "") ?? [];
  const assigned: Record<string, AttributeValue> = {};
  for (const [, name = "", placeholder = ""] of sets.matchAll(
    /([#\w]+)\s*=\s*(?:if_not_exists\s*\([^,]*,\s*)?(:\w+)/g,
  )) {
    const value = values[placeholder];
    if (value !== undefined) assigned[names[name] ?? name] = value;
  }
  return assigned;
}

function keyValueRefusal(
  value: AttributeValue,
  { name, type, kind }: KeyAttribute,
  where: string,
): LimitRefusal | null {
  const held = value[type];
  if (held === undefined) {
    return invalid(
      "keyType",
      `One or more parameter values were invalid: Type mismatch for key ${name} expected: ${type} actual: ${Object.keys(value)[0]}${where}`,
    );
  }
  if (type === "N" || (typeof held !== "string" && !isBytes(held))) return null;
  const bytes = attributeBytes(value);
  if (bytes === 0) {
    return invalid(
      "emptyKey",
      `One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: ${name}${where}`,
    );
  }
  const rule = kind === "hash" ? "hashKeyBytes" : "rangeKeyBytes";
  if (bytes <= LIMITS[rule].most) return null;
  return invalid(
    rule,
    kind === "hash"
      ? `One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of ${LIMITS.hashKeyBytes.most} bytes${where}`
      : `One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of ${LIMITS.rangeKeyBytes.most} bytes${where}`,
  );
}

function valuesRefusal(attributes: Attributes): LimitRefusal | null {
  for (const value of Object.values(attributes)) {
    if (levelsOf(value) > LIMITS.nestedLevels.most) {
      return invalid("nestedLevels", "Nesting Levels have exceeded supported limits");
    }
    const digits = /^[-+]?0*(\d*)\.?(\d*?)0*(?:e[-+]?\d+)?$/i.exec(value.N ?? "");
    const [, before = "", after = ""] = digits ?? [];
    const significant = (before + after).replace(/^0+/, "").replace(/0+$/, "").length;
    if (significant > LIMITS.numberDigits.most) {
      return invalid(
        "numberDigits",
        "Attempting to store more than 38 significant digits in a Number",
      );
    }
  }
  return null;
}

function nameRefusal(): LimitRefusal {
  return invalid(
    "attributeNameBytes",
    "One or more parameter values were invalid: Attribute name is empty or too large",
  );
}

export function invalid(rule: Rule, message: string): LimitRefusal {
  return new LimitRefusal(rule, "ValidationException", message);
}

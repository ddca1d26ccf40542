import { parsed, partOf } from "./expression.ts";
import type { Node } from "./expression.ts";

/** One value of one window; null when CloudWatch has none. */
export type Point = number | null;

/** Gives a metric's value in the window that is being calculated. */
export type Lookup = (id: string) => Point;

/** A calculation that was understood. */
export type Calculation = (lookup: Lookup) => Point;

const OPERATORS: Readonly<Record<string, (a: number, b: number) => Point>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => (b === 0 ? null : a / b),
  "==": (a, b) => Number(a === b),
  "!=": (a, b) => Number(a !== b),
  "<": (a, b) => Number(a < b),
  "<=": (a, b) => Number(a <= b),
  ">": (a, b) => Number(a > b),
  ">=": (a, b) => Number(a >= b),
  AND: (a, b) => Number(a !== 0 && b !== 0),
  "&&": (a, b) => Number(a !== 0 && b !== 0),
  OR: (a, b) => Number(a !== 0 || b !== 0),
  "||": (a, b) => Number(a !== 0 || b !== 0),
};

/**
 * Understands the part of CloudWatch's metric math that our alarms use: numbers, metrics, arithmetic,
 * comparisons, AND and OR, `IF` and `FILL(…, number)`. A missing value makes the result missing, but in
 * `FILL`; so does a division by zero.
 *
 * @throws Error at anything else: an expression that this does not understand is not tested.
 */
export function parseMetricMath(expression: string): Calculation {
  try {
    return calculationOf(parsed(expression));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`Metric math ${JSON.stringify(expression)}: ${why}.`, { cause: error });
  }
}

function calculationOf(node: Node): Calculation {
  if (node.type === "Literal" && typeof node.value === "number") {
    const { value } = node;
    return () => value;
  }
  if (node.type === "Identifier") return (lookup) => lookup(node.name);
  if (node.type === "BinaryExpression") {
    const [a, b] = [calculationOf(partOf(node.left)), calculationOf(partOf(node.right))];
    const apply = OPERATORS[node.operator];
    if (apply !== undefined) {
      return (lookup) => {
        const [x, y] = [a(lookup), b(lookup)];
        return x === null || y === null ? null : apply(x, y);
      };
    }
  }
  if (node.type === "CallExpression") {
    const callee = partOf(node.callee);
    const name = callee.type === "Identifier" ? callee.name : "";
    const called = [name, node.arguments.length].join(" of ");
    const [a, b, c] = node.arguments.map((part) => calculationOf(partOf(part)));
    if (called === "FILL of 2" && a && b) return (lookup) => a(lookup) ?? b(lookup);
    if (called === "IF of 3" && a && b && c) {
      return (lookup) => {
        const condition = a(lookup);
        if (condition === null) return null;
        return condition === 0 ? c(lookup) : b(lookup);
      };
    }
  }
  throw new Error(`${JSON.stringify(node)} is not understood here`);
}

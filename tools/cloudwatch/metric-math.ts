/** One value of one window; null when CloudWatch has none. */
export type Point = number | null;

/** Gives a metric's value in the window that is being calculated. */
export type Lookup = (id: string) => Point;

/** A calculation that was understood. */
export type Calculation = (lookup: Lookup) => Point;

const TOKEN = /\s*(?:(\d+(?:\.\d+)?)|([A-Za-z_][A-Za-z0-9_]*)|(==|!=|<=|>=|&&|\|\||[-+*/<>(),]))/y;

const COMPARISONS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};

/**
 * Understands the part of CloudWatch's metric math that our alarms use: numbers, metrics, arithmetic,
 * comparisons, AND and OR, `IF` and `FILL(…, number)`. A missing value makes the result missing, but in
 * `FILL`; so does a division by zero.
 *
 * @throws Error at anything else: an expression that this does not understand is not tested.
 */
export function parseMetricMath(expression: string): Calculation {
  const tokens = tokensOf(expression);
  let position = 0;

  const peek = () => tokens[position] ?? "";
  function take(expected?: string): string {
    const token = peek();
    if (token === "" || (expected !== undefined && token !== expected)) {
      throw new Error(
        `Metric math ${JSON.stringify(expression)}: "${token}" instead of ${expected ?? "a value"}.`,
      );
    }
    position += 1;
    return token;
  }

  function chain(
    operators: readonly string[],
    operand: () => Calculation,
    apply: (operator: string, a: number, b: number) => Point,
  ): Calculation {
    let left = operand();
    while (operators.includes(peek())) {
      const operator = take();
      const [a, b] = [left, operand()];
      left = (lookup) => {
        const [x, y] = [a(lookup), b(lookup)];
        return x === null || y === null ? null : apply(operator, x, y);
      };
    }
    return left;
  }

  const disjunction = (): Calculation =>
    chain(["OR", "||"], conjunction, (_, a, b) => Number(a !== 0 || b !== 0));
  const conjunction = (): Calculation =>
    chain(["AND", "&&"], comparison, (_, a, b) => Number(a !== 0 && b !== 0));
  const comparison = (): Calculation =>
    chain(Object.keys(COMPARISONS), sum, (operator, a, b) =>
      Number(COMPARISONS[operator]?.(a, b) ?? false),
    );
  const sum = (): Calculation =>
    chain(["+", "-"], product, (operator, a, b) => (operator === "+" ? a + b : a - b));
  const product = (): Calculation =>
    chain(["*", "/"], value, (operator, a, b) => {
      if (operator === "*") return a * b;
      return b === 0 ? null : a / b;
    });

  function value(): Calculation {
    const token = take();
    if (token === "(") {
      const inner = disjunction();
      take(")");
      return inner;
    }
    if (/^\d/.test(token)) return () => Number(token);
    if (peek() === "(") return call(token);
    if (/^[A-Za-z_]/.test(token)) return (lookup) => lookup(token);
    throw new Error(`Metric math ${JSON.stringify(expression)}: "${token}" instead of a value.`);
  }

  function call(name: string): Calculation {
    take("(");
    const parameters = [disjunction()];
    while (peek() === ",") {
      take(",");
      parameters.push(disjunction());
    }
    take(")");
    const [first, second, third] = parameters;
    if (name === "FILL" && parameters.length === 2 && first && second) {
      return (lookup) => first(lookup) ?? second(lookup);
    }
    if (name === "IF" && parameters.length === 3 && first && second && third) {
      return (lookup) => {
        const condition = first(lookup);
        if (condition === null) return null;
        return condition === 0 ? third(lookup) : second(lookup);
      };
    }
    throw new Error(
      `Metric math ${JSON.stringify(expression)}: ${name} with ${parameters.length} parameters is not understood here.`,
    );
  }

  const calculation = disjunction();
  if (position < tokens.length) take("the end");
  return calculation;
}

function tokensOf(expression: string): readonly string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < expression.trimEnd().length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(expression);
    if (match === null) {
      throw new Error(`Metric math ${JSON.stringify(expression)} is not understood at ${at}.`);
    }
    tokens.push(match[1] ?? match[2] ?? match[3] ?? "");
  }
  return tokens;
}

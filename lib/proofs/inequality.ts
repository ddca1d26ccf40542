/** A relation between two numbers that must hold before anything is deployed. */
export interface Inequality {
  /** What breaks when it does not hold. */
  readonly because: string;
  readonly smaller: Quantity;
  readonly larger: Quantity;
  /** True when equality is wrong too. */
  readonly strict: boolean;
}

interface Quantity {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

/** `larger` is at least `smaller`. */
export function atLeast(larger: Quantity, smaller: Quantity, because: string): Inequality {
  return { larger, smaller, because, strict: false };
}

/** `larger` is more than `smaller`. */
export function moreThan(larger: Quantity, smaller: Quantity, because: string): Inequality {
  return { larger, smaller, because, strict: true };
}

export function ms(name: string, value: number): Quantity {
  return { name, value, unit: "ms" };
}

export function bytes(name: string, value: number): Quantity {
  return { name, value, unit: "bytes" };
}

export function count(name: string, value: number): Quantity {
  return { name, value, unit: "" };
}

/** One sentence for each inequality that does not hold. */
export function violations(inequalities: readonly Inequality[]): readonly string[] {
  return inequalities.filter((one) => !holds(one)).map(sentenceOf);
}

function holds({ larger, smaller, strict }: Inequality): boolean {
  return strict ? larger.value > smaller.value : larger.value >= smaller.value;
}

function sentenceOf({ larger, smaller, strict, because }: Inequality): string {
  const relation = strict ? "must be more than" : "must be at least";
  return `${show(larger)} ${relation} ${show(smaller)}, or ${because}.`;
}

function show({ name, value, unit }: Quantity): string {
  return `${name} (${value.toLocaleString("en-US")}${unit === "" ? "" : ` ${unit}`})`;
}

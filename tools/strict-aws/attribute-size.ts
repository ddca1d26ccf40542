/** An attribute's value as the API has it: of these fields, one. */
export interface AttributeValue {
  readonly S?: string | undefined;
  readonly N?: string | undefined;
  readonly B?: string | Uint8Array | undefined;
  readonly BOOL?: boolean | undefined;
  readonly NULL?: boolean | undefined;
  readonly SS?: readonly string[] | undefined;
  readonly NS?: readonly string[] | undefined;
  readonly BS?: readonly (string | Uint8Array)[] | undefined;
  readonly L?: readonly AttributeValue[] | undefined;
  readonly M?: Attributes | undefined;
}

export type Attributes = Readonly<Record<string, AttributeValue>>;

export function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array;
}

/** An item's size, with the names of its attributes (DynamoDB, "Item sizes and formats"). */
export function itemBytes(item: Attributes): number {
  return Object.entries(item).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + attributeBytes(value),
    0,
  );
}

/** A value's size (DynamoDB, "Item sizes and formats"). */
export function attributeBytes(value: AttributeValue): number {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  if (value.N !== undefined) return numberBytes(value.N);
  if (value.B !== undefined) return binaryBytes(value.B);
  if (value.SS !== undefined) return sum(value.SS.map((text) => Buffer.byteLength(text)));
  if (value.NS !== undefined) return sum(value.NS.map(numberBytes));
  if (value.BS !== undefined) return sum(value.BS.map(binaryBytes));
  // A list or map has three bytes of its own, and one for each element.
  if (value.L !== undefined) return 3 + sum(value.L.map((one) => 1 + attributeBytes(one)));
  if (value.M !== undefined) return 3 + Object.keys(value.M).length + itemBytes(value.M);
  return 1;
}

/** How deep a value is: a list or map is one level, and what it holds is the next. */
export function levelsOf(value: AttributeValue): number {
  const inner = value.L ?? (value.M === undefined ? null : Object.values(value.M));
  return inner === null ? 0 : 1 + Math.max(0, ...inner.map(levelsOf));
}

/** About a byte for two significant digits, and one. */
function numberBytes(number: string): number {
  const digits = number
    .replace(/e.*$/i, "")
    .replace(/[^\d]/g, "")
    .replace(/^0+|0+$/g, "");
  return Math.ceil(digits.length / 2) + 1;
}

/** On the wire, bytes are base64. */
function binaryBytes(value: string | Uint8Array): number {
  return typeof value === "string" ? Buffer.from(value, "base64").length : value.byteLength;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

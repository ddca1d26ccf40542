import { marshall } from "@aws-sdk/util-dynamodb";

/** One conditional DynamoDB update under construction. */
export class DynamoUpdate {
  readonly #sets: string[] = [];
  readonly #removes: string[] = [];
  readonly #conditions: string[] = [];
  readonly #keys = new Map<string, string>();
  readonly #names: Record<string, string> = {};
  readonly #values: Record<string, unknown> = {};

  set(attribute: string, value: unknown): void {
    this.#sets.push(`${this.#name(attribute)} = ${this.#value(value)}`);
  }

  /** Keeps what is stored. */
  setIfAbsent(attribute: string, value: unknown): void {
    const name = this.#name(attribute);
    this.#sets.push(`${name} = if_not_exists(${name}, ${this.#value(value)})`);
  }

  increment(attribute: string, by = 1): void {
    const name = this.#name(attribute);
    const zero = this.#value(0);
    const added = this.#value(by);
    this.#sets.push(`${name} = if_not_exists(${name}, ${zero}) + ${added}`);
  }

  /** Appends to a list, unless the list has one of them: the condition says so. */
  appendNew(attribute: string, values: readonly string[]): void {
    const name = this.#name(attribute);
    const [none, all] = [this.#value([]), this.#value(values)];
    this.#sets.push(`${name} = list_append(if_not_exists(${name}, ${none}), ${all})`);
    const held = values.map((value) => `NOT contains(${name}, ${this.#value(value)})`);
    this.#conditions.push(`(attribute_not_exists(${name}) OR ${held.join(" AND ")})`);
  }

  remove(attribute: string): void {
    this.#removes.push(this.#name(attribute));
  }

  /** Sets an entry of a map that is stored. */
  setIn(attribute: string, entry: string, value: unknown): void {
    this.#sets.push(`${this.#name(attribute)}.${this.#name(entry)} = ${this.#value(value)}`);
  }

  requirePresent(attribute: string): void {
    this.#conditions.push(`attribute_exists(${this.#name(attribute)})`);
  }

  requireAbsent(attribute: string): void {
    this.#conditions.push(`attribute_not_exists(${this.#name(attribute)})`);
  }

  requireEqual(attribute: string, value: unknown): void {
    this.#conditions.push(`${this.#name(attribute)} = ${this.#value(value)}`);
  }

  /** An entry of the stored map has this value. */
  requireIn(attribute: string, entry: string, value: unknown): void {
    this.#conditions.push(`${this.#name(attribute)}.${this.#name(entry)} = ${this.#value(value)}`);
  }

  /** The stored list has so many elements. */
  requireLength(attribute: string, length: number): void {
    this.#conditions.push(`size(${this.#name(attribute)}) = ${this.#value(length)}`);
  }

  /** The stored value is absent, or stands in this relation to `value`. */
  requireAbsentOr(attribute: string, relation: "=" | "<" | "<=" | ">=", value: unknown): void {
    const name = this.#name(attribute);
    const wanted = this.#value(value);
    this.#conditions.push(`(attribute_not_exists(${name}) OR ${name} ${relation} ${wanted})`);
  }

  /**
   * The attribute is what it is to be, once this is the first value of its source: absent, or this value. Where the source
   * has a value already, the attribute was chosen with it.
   */
  requireIndexed(attribute: string, value: unknown, source: string): void {
    const [name, sourceName, wanted] = [
      this.#name(attribute),
      this.#name(source),
      this.#value(value),
    ];
    const isFirst = `(attribute_not_exists(${sourceName}) AND attribute_not_exists(${name}))`;
    const isSecond = `(attribute_exists(${sourceName}) AND attribute_exists(${name}))`;
    this.#conditions.push(`(${name} = ${wanted} OR ${isFirst} OR ${isSecond})`);
  }

  /** An attribute is absent, or another one says by whom it was set. */
  requireAbsentOrMarked(attribute: string, mark: string): void {
    const [name, markName] = [this.#name(attribute), this.#name(mark)];
    this.#conditions.push(`(attribute_not_exists(${name}) OR attribute_exists(${markName}))`);
  }

  /** The stored register is absent, or has a smaller stamp. */
  requireOlder(attribute: string, stamp: string): void {
    const name = this.#name(attribute);
    const wanted = this.#value(stamp);
    this.#conditions.push(`(attribute_not_exists(${name}) OR ${name}.stamp < ${wanted})`);
  }

  /** The stored register is absent, has a smaller stamp, or is this one: of one stamp there may be two. */
  requireOlderOrSame(attribute: string, register: { readonly stamp: string }): void {
    const name = this.#name(attribute);
    const [stamp, whole] = [this.#value(register.stamp), this.#value(register)];
    const [absent, older] = [`attribute_not_exists(${name})`, `${name}.stamp < ${stamp}`];
    this.#conditions.push(`(${absent} OR ${older} OR ${name} = ${whole})`);
  }

  /** The stored register is absent, or has a smaller stamp than the register in another attribute. */
  requireAbsentOrOlderThan(attribute: string, other: string): void {
    const [name, otherName] = [this.#name(attribute), this.#name(other)];
    this.#conditions.push(`(attribute_not_exists(${name}) OR ${name}.stamp < ${otherName}.stamp)`);
  }

  /** The stored register has this stamp. */
  requireStamp(attribute: string, stamp: string): void {
    this.#conditions.push(`${this.#name(attribute)}.stamp = ${this.#value(stamp)}`);
  }

  /** Whether it changes nothing. */
  get isEmpty(): boolean {
    return this.#sets.length + this.#removes.length === 0;
  }

  /** The part of an `UpdateItem` request that this is. */
  expression() {
    const clause = (keyword: string, parts: readonly string[]) =>
      parts.length > 0 ? [`${keyword} ${parts.join(", ")}`] : [];
    return {
      UpdateExpression: [...clause("SET", this.#sets), ...clause("REMOVE", this.#removes)].join(
        " ",
      ),
      // DynamoDB refuses an empty expression, and an empty map.
      ...(this.#conditions.length > 0 && { ConditionExpression: this.#conditions.join(" AND ") }),
      ExpressionAttributeNames: this.#names,
      ...(Object.keys(this.#values).length > 0 && {
        ExpressionAttributeValues: marshall(this.#values),
      }),
    };
  }

  /** Placeholders are numbered: one that spells the attribute would fill the expression, which has a limit. */
  #name(attribute: string): string {
    const known = this.#keys.get(attribute);
    if (known !== undefined) return known;
    const key = `#n${this.#keys.size}`;
    this.#keys.set(attribute, key);
    this.#names[key] = attribute;
    return key;
  }

  #value(value: unknown): string {
    const key = `:v${Object.keys(this.#values).length}`;
    this.#values[key] = value;
    return key;
  }
}

import { marshall } from "@aws-sdk/util-dynamodb";

/** One conditional DynamoDB update under construction; it names every attribute by a placeholder. */
export class DynamoUpdate {
  readonly #sets: string[] = [];
  readonly #removes: string[] = [];
  readonly #conditions: string[] = [];
  readonly #names: Record<string, string> = {};
  readonly #values: Record<string, unknown> = {};

  set(attribute: string, value: unknown): void {
    this.#sets.push(`${this.#name(attribute)} = ${this.#value(attribute, value)}`);
  }

  /** Keeps what is stored. */
  setIfAbsent(attribute: string, value: unknown): void {
    const name = this.#name(attribute);
    this.#sets.push(`${name} = if_not_exists(${name}, ${this.#value(attribute, value)})`);
  }

  increment(attribute: string): void {
    const name = this.#name(attribute);
    const zero = this.#value(`${attribute}Zero`, 0);
    const one = this.#value(`${attribute}One`, 1);
    this.#sets.push(`${name} = if_not_exists(${name}, ${zero}) + ${one}`);
  }

  remove(attribute: string): void {
    this.#removes.push(this.#name(attribute));
  }

  requireAbsent(attribute: string): void {
    this.#conditions.push(`attribute_not_exists(${this.#name(attribute)})`);
  }

  requireEqual(attribute: string, value: unknown): void {
    this.#conditions.push(`${this.#name(attribute)} = ${this.#value(`${attribute}Wanted`, value)}`);
  }

  /** The stored value is absent, or stands in this relation to `value`. */
  requireAbsentOr(attribute: string, relation: "=" | "<" | "<=" | ">=", value: unknown): void {
    const name = this.#name(attribute);
    const wanted = this.#value(`${attribute}Wanted`, value);
    this.#conditions.push(`(attribute_not_exists(${name}) OR ${name} ${relation} ${wanted})`);
  }

  /** The stored register is absent, or has a smaller stamp. */
  requireOlder(attribute: string, stamp: string): void {
    const name = this.#name(attribute);
    const wanted = this.#value(`${attribute}Stamp`, stamp);
    this.#conditions.push(`(attribute_not_exists(${name}) OR ${name}.stamp < ${wanted})`);
  }

  /** The stored register is absent, or has a smaller stamp than the one that another attribute is. */
  requireAbsentOrOlder(attribute: string, stampAttribute: string): void {
    const [name, stamp] = [this.#name(attribute), this.#name(stampAttribute)];
    this.#conditions.push(`(attribute_not_exists(${name}) OR ${name}.stamp < ${stamp})`);
  }

  /** The part of an `UpdateItem` request that this is. */
  expression() {
    const clause = (keyword: string, parts: readonly string[]) =>
      parts.length > 0 ? [`${keyword} ${parts.join(", ")}`] : [];
    return {
      UpdateExpression: [...clause("SET", this.#sets), ...clause("REMOVE", this.#removes)].join(
        " ",
      ),
      ConditionExpression: this.#conditions.join(" AND "),
      ExpressionAttributeNames: this.#names,
      // DynamoDB refuses an empty map.
      ...(Object.keys(this.#values).length > 0 && {
        ExpressionAttributeValues: marshall(this.#values),
      }),
    };
  }

  #name(attribute: string): string {
    const key = `#${placeholder(attribute)}`;
    this.#names[key] = attribute;
    return key;
  }

  #value(name: string, value: unknown): string {
    const key = `:${placeholder(name)}`;
    this.#values[key] = value;
    return key;
  }
}

/** Attribute names may hold `#` and `-` (entity tokens), placeholders may not. */
function placeholder(name: string): string {
  return name.replace(/[^A-Za-z0-9]/g, (character) => `_${character.charCodeAt(0)}_`);
}

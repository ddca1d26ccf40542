import * as v from "valibot";

/** What a schema gives, which nobody changes. */
export type Settings<Schema extends v.GenericSchema> = Immutable<v.InferOutput<Schema>>;

type Immutable<T> = T extends object ? { readonly [K in keyof T]: Immutable<T[K]> } : T;

/**
 * @param settings - the JSON of a function's settings file.
 * @throws Error that names what is wrong.
 */
export function parseSettings<Schema extends v.GenericSchema>(
  schema: Schema,
  settings: unknown,
): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, settings);
  if (parsed.success) return parsed.output;
  const where = parsed.issues.map((issue) => v.getDotPath(issue) ?? "the whole").join(", ");
  throw new Error(`The settings are wrong at: ${where}. The stack sets them; deploy again.`);
}

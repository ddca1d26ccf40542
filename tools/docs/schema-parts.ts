import * as v from "valibot";

/** What the schemas of the events on the bus have in common. */
export const text = v.nullable(v.string());
/** ISO 8601, UTC. */
export const instant = v.pipe(v.string(), v.isoTimestamp());

/** A field, and what its name does not say. */
export function about<Schema extends v.GenericSchema>(description: string, schema: Schema) {
  return v.pipe(schema, v.description(description));
}
